"""Coverage-guided fuzzing of what strangers write: image files, label files, model files, patterns, requests.

    python -m benchmarks.fuzz {images,labels,models,patterns,requests} [--seconds 600] [--corpus FOLDER]

Each is allowed a ``KerfError`` (of the server: a status below 500), at most 10 seconds and 2 GB. Anything else ends
the run, says what it was, and leaves the input in FOLDER (build/fuzz/NAME), which the next run begins with. Needs
atheris: pip install -e '.[fuzz]'.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import atheris

with atheris.instrument_imports(include=["kerf", "PIL"]):
    from benchmarks.odd_images import mutated
    from kerf.classifier.alphabet import Alphabet, Constraint
    from kerf.classifier.folders.claims import file_to_claims
    from kerf.classifier.labelling.server import to_app
    from kerf.classifier.labelling.store import LabelStore
    from kerf.classifier.lattice.text_space import to_text_space
    from kerf.classifier.model_file import load_model, save_model
    from kerf.segmenter import segment
    from kerf.segmenter.errors import KerfError
    from kerf.segmenter.load import LoadSettings, bytes_to_picture

import torch

from tests.labelling.making import Reader, draw_images, to_session
from tests.tiny import tiny_model

Target = Callable[[bytes], None]
LABEL_FILES = ("labels.csv", "labels.tsv", "metadata.jsonl", "label.txt", "gt.txt", "metadata.csv")
HOST = b"127.0.0.1:8123"
LABELS = (
    *("file,label\na.png,ab12\n", "file\tlabel\na.png\tab12\n", '{"file_name": "a.png", "text": "ab"}\n'),
    *('a.png\t[{"transcription": "ab", "points": [[1, 2]]}]\n', "file,label,status,reading,confidence\na.png,a,,,1\n"),
)
REQUESTS = (
    *("GET /t0ken/", "GET /t0ken/items?having=1,2", "GET /t0ken/previous?image=1", "GET /t0ken/progress"),
    'POST /t0ken/answers\n{"image": 1, "status": "labelled", "text": "ab", "seen": ""}',
)


def images(folder: Path) -> Target:
    """Decode and cut."""
    return lambda data: discard(segment(bytes_to_picture(data, "fuzz", LoadSettings()).pixels))


def labels(folder: Path) -> Target:
    """Read a label file; its first byte says of which kind it is."""

    def read(data: bytes) -> None:
        path = folder / LABEL_FILES[data[0] % len(LABEL_FILES) if data else 0]
        path.write_bytes(data[1:])
        try:
            discard(list(file_to_claims(path)))
            LabelStore(folder, [])
        finally:
            path.unlink()

    return read


def models(folder: Path) -> Target:
    """Load a model file."""

    def load(data: bytes) -> None:
        (folder / "m.safetensors").write_bytes(data)
        load_model(folder / "m.safetensors", torch.device("cpu"))

    return load


def patterns(folder: Path) -> Target:
    """Read what is known of texts: charset, length and pattern, one a line, and look for texts that fit."""

    def read(data: bytes) -> None:
        charset, length, pattern = (*data.decode(errors="surrogateescape").split("\n", 2), "", "")[:3]
        to_text_space(Alphabet("ab12"), (2, 4), Constraint(charset or None, length or None, pattern or None))

    return read


def requests(folder: Path) -> Target:
    """Ask the label server; the first line is method and address, the rest the body."""
    draw_images(folder, 4)
    session = to_session(folder, Reader({f"{index:02}.png": (f"r{index}", 0.9) for index in range(4)}))
    app = to_app(session, None, "t0ken", "127.0.0.1", 8123)

    def ask(data: bytes) -> None:
        line, _, body = data.partition(b"\n")
        method, _, address = line.decode("latin-1").partition(" ")
        path, _, query = address.partition("?")
        scope = {
            **{"type": "http", "http_version": "1.1", "scheme": "http", "method": method, "path": unquote(path)},
            **{"raw_path": path.encode("latin-1"), "query_string": query.encode("latin-1"), "root_path": ""},
            "headers": [(b"host", HOST), (b"origin", b"http://" + HOST), (b"content-length", b"%d" % len(body))],
        }
        status = asyncio.run(to_status(app, scope, body))
        if status >= 500:
            raise AssertionError(f"status {status}")

    return ask


async def to_status(app: Any, scope: dict[str, Any], body: bytes) -> int:
    """Ask an ASGI application: the status of its answer; what it raises goes on."""
    found = [0]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        found[0] = message.get("status", found[0])

    await app(scope, receive, send)
    return found[0]


def discard(_: object) -> None:
    """Take what a target made."""


def write_seeds(name: str, corpus: Path) -> None:
    """Write what to begin with."""
    match name:
        case "images":
            seeds = [data for _, data in islice(mutated(0), 200) if len(data) < 8000]
        case "labels":
            seeds = [bytes([kind]) + text.encode() for kind in range(len(LABEL_FILES)) for text in LABELS]
        case "models":
            save_model(tiny_model(), corpus / "seed")
            return
        case "patterns":
            seeds = [b"a-z0-9\n4-6\n", b"\n\n[A-Z]{2}\\d{4}", b"\\d+=?\n4\n.{1,3}[^a]?", b"\n2,4\n\\w?a"]
        case _:
            seeds = [request.encode() for request in REQUESTS]
    for number, seed in enumerate(seeds):
        (corpus / f"seed{number}").write_bytes(seed)


TARGETS = {target.__name__: target for target in (images, labels, models, patterns, requests)}


def main() -> None:
    """Fuzz one target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path)
    given = parser.parse_args()
    corpus = given.corpus or Path("build/fuzz") / given.target
    corpus.mkdir(parents=True, exist_ok=True)
    write_seeds(given.target, corpus)
    with TemporaryDirectory() as folder:
        target = TARGETS[given.target](Path(folder))

        def run(data: bytes) -> None:
            with suppress(KerfError):
                target(data)

        options = [f"-max_total_time={given.seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=40000"]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={corpus}/", "-print_final_stats=1", str(corpus)], run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
