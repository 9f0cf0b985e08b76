"""``kerf label``: a page on which a folder is labelled."""

from __future__ import annotations

import webbrowser
from contextlib import suppress
from pathlib import Path
from threading import Thread

from kerf.classifier.console.arguments import load_recognizer, to_images
from kerf.classifier.console.option_groups import LabelOptions
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.folders.images import is_folder
from kerf.segmenter.errors import NotFoundError, SettingsError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def label_folder(terminal: Terminal, folder: Path, chosen: LabelOptions) -> None:
    """Serve the page until it is stopped; the parameters are the command's.

    Raises
    ------
    SettingsError
        What serves the page is not installed.
    """
    try:
        from kerf.classifier.labelling.server import open_socket, serve
    except ModuleNotFoundError as error:
        raise SettingsError(f"label needs {error.name}; pip install 'kerf-captcha[label]'") from error
    from kerf.classifier.labelling.learner import Learner
    from kerf.classifier.labelling.session import Session, name_images
    from kerf.classifier.labelling.store import LabelStore

    if not is_folder(folder):
        raise NotFoundError(f"{folder}: is not a folder; name the folder that has the images")
    out = chosen.out or folder / "labels.safetensors"
    check_output_file(out)
    images, problems = name_images(folder, to_images([folder], terminal))
    store = LabelStore(folder, images.values())
    for problem in (*problems, *store.problems):
        terminal.problem(problem)
    listener = open_socket(chosen.host, chosen.port)
    model = chosen.model or (out if out.exists() else None)
    recognizer = load_recognizer(terminal, model, "cpu", chosen.reading)
    session = Session(images, store, recognizer, Learner(out, chosen.model), chosen.reading.constraint)

    def on_ready(address: str) -> None:
        terminal.stream()
        with terminal.output(None) as stream:
            stream.write(f"{address}\n")
        if chosen.host not in LOOPBACK:
            terminal.say(f"warning: whoever can reach {chosen.host} and learns this address can read and label")
        terminal.say(f"{len(store)} of {len(images)} images are answered; Ctrl-C ends")
        if not chosen.no_browser:
            Thread(target=webbrowser.open, args=[address], daemon=True).start()

    with suppress(KeyboardInterrupt):
        serve(session, out, listener, on_ready)
    terminal.say(f"{len(store.labels())} labels are in {store.path}")
    if out.exists():
        terminal.say(f"the model is {out}; it reads the rest: kerf solve {folder} --model {out}")
