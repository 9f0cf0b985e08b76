"""A process that serves the label page of a folder, without PyTorch: it starts quickly, and can be killed."""

from __future__ import annotations

import sys
from pathlib import Path

from kerf.classifier.labelling.learner import Worker
from kerf.classifier.labelling.review import Review
from kerf.classifier.labelling.server import open_socket, serve
from tests.labelling.making import Reader, to_session


def main() -> None:
    """Serve a folder, every image of which is read as ``r`` and its name; print the address."""
    folder = Path(sys.argv[1])
    reader = Reader({path.name: (f"r{path.stem}", 0.7) for path in folder.glob("*.png")})
    session = to_session(folder, reader)
    for _ in session.readings.read_all():
        pass
    review = Review(session, Worker()) if "--review" in sys.argv else None
    serve(session, review, open_socket("127.0.0.1", 0), lambda address: print(address, flush=True))


if __name__ == "__main__":
    main()
