"""A labelling whose readings are what the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np

from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.labelling.learner import Lesson, Worker, learn
from kerf.classifier.labelling.session import Session, name_images
from kerf.classifier.labelling.store import LabelStore
from kerf.classifier.model_header import Provenance, hashes_to_learnt
from kerf.classifier.recognizer import CharReading, Reading, Recognizer
from kerf.segmenter.errors import KerfError, UnreadableImageError


def draw_images(folder: Path, count: int) -> list[Path]:
    """Images of noise, no two alike, named ``00.png`` and so on."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(5)
    paths = [folder / f"{index:02}.png" for index in range(count)]
    for path in paths:
        cv2.imwrite(str(path), rng.integers(0, 256, (20, 50), np.uint8))
    return paths


class Reader:
    """Stands in for a recognizer: reads what it is told to, by the name of the file.

    Parameters
    ----------
    texts
        Text and confidence of each image; an image that has none cannot be read.
    learnt
        Images that its model learnt from.
    """

    def __init__(self, texts: Mapping[str, tuple[str, float]], learnt: Iterable[Path] = ()) -> None:
        self.texts = texts
        self.scorer = SimpleNamespace(begin_thread=lambda: None)
        known = hashes_to_learnt(map(path_to_hash, learnt))
        self.model = SimpleNamespace(provenance=Provenance(1, 1, 0, "", 1, 0.0, 1.0, "2026-01-02", "0", known))

    def read_many(self, images: Iterable[Path], *_: object, best: int = 1) -> Iterator[Reading | KerfError]:
        for image in images:
            text, confidence = self.texts.get(image.name, ("", 0.0))
            characters = tuple(CharReading(char, confidence, (0, 0, 1, 1), 0) for char in text)
            others = tuple((f"{text}{rank}", 0.1 / rank) for rank in range(1, best))
            reading = Reading(text, confidence, characters, others)
            yield reading if image.name in self.texts else UnreadableImageError(f"{image}: is broken")


class Pupil:
    """Stands in for a worker: keeps what it was given, until the test says that it ended."""

    def __init__(self) -> None:
        self.busy, self.lessons = False, list[Lesson]()
        self.on_end: Callable[[Path | str], None] = lambda _: None

    def begin(self, work: object, arguments: tuple[Any, ...], on_end: Callable[[Path | str], None]) -> None:
        assert not self.busy
        assert work is learn
        self.busy, self.on_end = True, on_end
        self.lessons.append(arguments[0])

    def end(self, result: Path | str) -> None:
        self.busy = False
        self.on_end(result)

    def stop(self) -> None:
        self.busy = False


def to_session(folder: Path, reader: Reader, pupil: Pupil | None = None) -> Session:
    """Begin to label a folder, as after each start of the program."""
    images, problems = name_images(folder, sorted(folder.glob("*.png")))
    assert not problems
    store = LabelStore(folder, images.values())
    worker = cast(Worker, pupil or Pupil())
    return Session(
        images, store, cast(Recognizer, reader), Constraint("0-9"), out=folder / "model.safetensors", worker=worker
    )
