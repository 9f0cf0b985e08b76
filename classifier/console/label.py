"""``kerf label``: a page on which a folder is labelled."""

from __future__ import annotations

import shlex
import webbrowser
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from kerf.classifier.console.arguments import load_recognizer, to_images, to_samples
from kerf.classifier.console.option_groups import LabelOptions
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.folders.images import is_folder
from kerf.segmenter.errors import NoLabelsError, NotFoundError, SettingsError, extra_to_command

if TYPE_CHECKING:
    from kerf.classifier.labelling.review import Review
    from kerf.classifier.labelling.session import Session
    from kerf.classifier.labelling.store import LabelStore
    from kerf.classifier.labelling.tools import Tool

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def label_folder(terminal: Terminal, folder: Path, chosen: LabelOptions) -> None:
    """Serve the page until it is stopped, or write the labels for another tool; the parameters are the command's."""
    if not is_folder(folder):
        raise NotFoundError(f"{folder}: is not a folder; name the folder that has the images")
    if chosen.export:
        export_labels(terminal, folder, chosen.export)
    else:
        serve_page(terminal, folder, chosen)


def export_labels(terminal: Terminal, folder: Path, tool: Tool) -> None:
    """Write the labels that there are as the files of another tool."""
    from kerf.classifier.labelling.exports import export_answers

    _, store = open_store(terminal, folder, names_too=True)
    written = export_answers(folder, store.answers(), tool)
    where = f"{len(written)} files like {written[0]}" if len(written) > 1 else written[0]
    terminal.say(f"{len(store.labels())} labels are in {where}, for {tool}")


def serve_page(terminal: Terminal, folder: Path, chosen: LabelOptions) -> None:
    """Serve the page until it is stopped.

    Raises
    ------
    SettingsError
        What serves the page is not installed.
    """
    try:
        from kerf.classifier.labelling.server import open_socket, serve
    except ModuleNotFoundError as error:
        raise SettingsError(f"label needs {error.name}; {extra_to_command('label')}") from error

    out = chosen.out or folder / "labels.safetensors"
    check_output_file(out)
    with open_socket(chosen.host, chosen.port) as listener:
        session = open_session(terminal, folder, out, chosen)
        review = open_review(terminal, session) if chosen.review else None

        def on_ready(address: str) -> None:
            say_address(terminal, address, session, chosen)

        with suppress(KeyboardInterrupt):
            serve(session, review, listener, on_ready)
    say_end(terminal, session, out)


def say_address(terminal: Terminal, address: str, session: Session, chosen: LabelOptions) -> None:
    """Print the page's address, as data, and open it."""
    with terminal.output(None) as stream:
        stream.write(f"{address}\n")
    if chosen.host not in LOOPBACK:
        terminal.say(f"warning: whoever can reach {chosen.host} and learns this address can read and label")
    terminal.say(f"{len(session.store)} of {len(session.images)} images are answered; Ctrl-C ends")
    if not chosen.no_browser:
        Thread(target=webbrowser.open, args=[address], daemon=True).start()


def say_end(terminal: Terminal, session: Session, out: Path) -> None:
    """Say where the labels are, and what reads the rest."""
    terminal.say(f"{len(session.store.labels())} labels are in {session.store.path}")
    if out.exists():
        rest = shlex.join(["kerf", "solve", str(session.store.folder), "--model", str(out)])
        terminal.say(f"the model is {out}; it reads the rest: {rest}")


def open_session(terminal: Terminal, folder: Path, out: Path, chosen: LabelOptions) -> Session:
    """Read the answers that there are, and load the model to begin with."""
    from kerf.classifier.labelling.session import Session

    images, store = open_store(terminal, folder, names_too=chosen.review)
    model = chosen.model or (out if out.exists() else None)
    recognizer = load_recognizer(terminal, model, "cpu", chosen.reading)
    learns = None if chosen.review else out
    return Session(images, store, recognizer, chosen.reading.constraint, out=learns, start=chosen.model)


def open_store(terminal: Terminal, folder: Path, *, names_too: bool) -> tuple[dict[str, Path], LabelStore]:
    """Name the images, and read the answers that there are; ``names_too``, or else labels from names."""
    from kerf.classifier.labelling.session import name_images
    from kerf.classifier.labelling.store import LabelStore

    images, problems = name_images(folder, to_images([folder], terminal))
    store = LabelStore(folder, images.values())
    for problem in (*problems, *store.problems):
        terminal.problem(problem)
    if names_too and not len(store):
        with suppress(NoLabelsError):
            samples = to_samples(folder, None, terminal)
            store.take_over({s.path.relative_to(folder).as_posix(): s.text for s in samples})
    return images, store


def open_review(terminal: Terminal, session: Session) -> Review:
    """Read the images, and put them in order."""
    from kerf.classifier.labelling.learner import Worker
    from kerf.classifier.labelling.review import Review

    if len(session.store) < len(session.images):
        for _ in terminal.track(session.readings.read_all(), len(session.images), "reading"):
            pass
    return Review(session, Worker())
