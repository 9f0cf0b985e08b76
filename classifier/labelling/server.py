"""The page's server: its addresses, and how it runs."""

from __future__ import annotations

import base64
import json
import secrets
import shlex
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from kerf.classifier.labelling.guard import Guard
from kerf.classifier.labelling.items import Item
from kerf.classifier.labelling.review import Review
from kerf.classifier.labelling.session import Session
from kerf.classifier.labelling.store import ChangedError, Status
from kerf.classifier.pages.rendering import render
from kerf.segmenter.errors import KerfError, OutputError
from kerf.segmenter.kinds import MAGIC_BYTES, bytes_to_kind
from kerf.segmenter.load import path_to_image

TEMPLATES = Path(__file__).parent / "templates"
AHEAD = 3
"""Images that a page has ahead of the one that it shows, so that the next is there at once."""
LONGEST_BODY = 4096
SWITCH_SECONDS = 0.0005
"""After so long a thread that reads in the background gives way to an answer; Python's default is ten times that."""
SHOWN_AS_IT_IS = frozenset({"PNG", "JPEG", "GIF", "BMP", "WebP"})
"""Kinds of images that every browser shows."""


def to_app(session: Session, review: Review | None, token: str, host: str, port: int) -> Guard:
    """Return the application of one session, or of its review; its page is at ``http://host:port/token/``."""
    pages = Pages(session, review)
    routes = [
        Route("/", pages.review if review else pages.label),
        Route("/suspects", pages.suspects) if review else Route("/items", pages.items),
        Route("/previous", pages.previous),
        Route("/progress", pages.progress),
        Route("/answers", pages.answer, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), token, host, port)


class Pages:
    """What is at each address. Images are named by their numbers alone, never by a path."""

    def __init__(self, session: Session, review: Review | None) -> None:
        self.session, self._review = session, review

    def label(self, _: Request) -> Response:
        """Return the page on which images come one by one."""
        folder = self.session.store.folder
        solve = shlex.join(["kerf", "solve", str(folder), "--model", str(self.session.out)])
        return HTMLResponse(render("label.html", folder=TEMPLATES, name=folder.resolve().name, solve=solve))

    def review(self, request: Request) -> Response:
        """Return a page of many images: ``?page=2``; the first is 1."""
        review = self._review
        number = request.query_params.get("page", "1")
        if review is None or not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise HTTPException(404)
        page = int(number)
        if not 1 <= page <= review.pages:
            raise HTTPException(404)
        cards = [(card, path_to_data(self.session.images[card.image])) for card in review.cards(page - 1)]
        name = self.session.store.folder.resolve().name
        return HTMLResponse(
            render("review.html", folder=TEMPLATES, name=name, cards=cards, page=page, pages=review.pages)
        )

    def suspects(self, _: Request) -> Response:
        """Return how far the search for labels is that are probably wrong."""
        review = self._review
        assert review is not None
        return JSONResponse({"busy": review.worker.busy, "count": review.suspects, "problem": review.problem})

    def items(self, request: Request) -> Response:
        """Return the next images, beside those that the page has: ``?having=3,17``."""
        having = [self.to_image(part) for part in request.query_params.get("having", "").split(",") if part]
        count = max(AHEAD - len(having), 0)
        return JSONResponse({"items": [self.show(item) for item in self.session.items(having, count)]})

    def previous(self, request: Request) -> Response:
        """Return the image that was answered before ``?image=3``, or as the last one."""
        image = request.query_params.get("image")
        item = self.session.previous(self.to_image(image) if image else None)
        return JSONResponse({"item": self.show(item) if item else None})

    def progress(self, _: Request) -> Response:
        """Return how far it is."""
        return JSONResponse(asdict(self.session.progress()))

    async def answer(self, request: Request) -> Response:
        """Keep one answer; what is returned was written."""
        if int(request.headers.get("content-length", LONGEST_BODY + 1)) > LONGEST_BODY:
            raise HTTPException(413)
        try:
            said = json.loads(await request.body())
            image, status = self.to_image(str(said["image"])), Status(said["status"])
            text, seen = str(said["text"]), str(said["seen"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise HTTPException(400) from error
        return await run_in_threadpool(self.keep, image, status, text, seen)

    def keep(self, image: int, status: Status, text: str, seen: str) -> Response:
        """Keep one answer, or say why not."""
        try:
            return JSONResponse({"item": asdict(self.session.answer(image, status, text, seen))})
        except ChangedError:
            item = self.show(self.session.item(image))
            return JSONResponse({"problem": "this image was answered in another window", "item": item}, 409)
        except OutputError as error:
            return JSONResponse({"problem": str(error)}, 500)
        except KerfError as error:
            return JSONResponse({"problem": str(error)}, 422)

    def to_image(self, text: str) -> int:
        """Read the number of an image."""
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < len(self.session.images)):
            raise HTTPException(404)
        return int(text)

    def show(self, item: Item) -> dict[str, Any]:
        """Add the picture to what is told of an image."""
        return {**asdict(item), "picture": path_to_data(self.session.images[item.image])}


def path_to_data(path: Path) -> str:
    """Return an image as a ``data:`` address; of a kind that browsers do not show, as PNG; empty if it cannot be."""
    try:
        content = path.read_bytes()
        kind = bytes_to_kind(content[:MAGIC_BYTES])
        if kind not in SHOWN_AS_IT_IS:
            kind, content = "PNG", cv2.imencode(".png", path_to_image(path))[1].tobytes()
    except (OSError, KerfError):
        return ""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(content).decode()}"


def open_socket(host: str, port: int) -> socket.socket:
    """Open what the server listens on; port 0 takes a free one.

    Raises
    ------
    OutputError
        It cannot be had.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise OutputError(f"{host}:{port}: cannot be listened on: {error.strerror}; choose another --port") from error


def serve(session: Session, review: Review | None, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C or SIGTERM; ``on_ready`` is told its address."""
    host, port = listener.getsockname()[:2]
    token = secrets.token_urlsafe(16)
    app = to_app(session, review, token, host, port)
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
    running = review or session
    sys.setswitchinterval(SWITCH_SECONDS)
    running.start()
    try:
        on_ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/{token}/")
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        running.stop()
