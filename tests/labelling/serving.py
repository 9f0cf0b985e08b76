"""A process that serves the label page of a folder, without PyTorch: it starts quickly, and can be killed.

With ``--learn`` it is the bundled model that reads, and a model learns within seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.labelling import session as module
from kerf.classifier.labelling.learner import Worker
from kerf.classifier.labelling.review import Review
from kerf.classifier.labelling.server import open_socket, serve
from kerf.classifier.labelling.session import Session, name_images
from kerf.classifier.labelling.store import LabelStore
from tests.labelling.making import Reader, to_session


def to_told(folder: Path) -> Session:
    """Every image is read as ``r`` and its name."""
    session = to_session(folder, Reader({path.name: (f"r{path.stem}", 0.7) for path in folder.glob("*.png")}))
    for _ in session.readings.read_all():
        pass
    return session


def to_learning(folder: Path) -> Session:
    """Read, and learn quickly."""
    from kerf.classifier.recognizer import Recognizer

    vars(module)["to_seconds"] = lambda labels: 0.4 * labels
    images, _ = name_images(folder, sorted(folder.glob("*.png")))
    recognizer = Recognizer.load(None, "cpu")
    return Session(images, LabelStore(folder, ()), recognizer, Constraint("0-9"), out=folder / "labels.safetensors")


def main() -> None:
    """Serve a folder; print the address."""
    folder = Path(sys.argv[1])
    session = to_learning(folder) if "--learn" in sys.argv else to_told(folder)
    review = Review(session, Worker()) if "--review" in sys.argv else None
    serve(session, review, open_socket("127.0.0.1", 0), lambda address: print(address, flush=True))


if __name__ == "__main__":
    main()
