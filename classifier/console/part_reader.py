"""What reads one part after the other: an actor of Ray, or any process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from kerf.classifier.console.kind import ENOUGH
from kerf.classifier.console.option_groups import ReadingOptions
from kerf.classifier.console.parts import Parts
from kerf.classifier.console.rows import Row, Tally, reading_to_row
from kerf.classifier.folders.remote import fetch, to_uri
from kerf.classifier.recognizer import Reading, Recognizer
from kerf.classifier.streams import map_in_order
from kerf.segmenter.errors import KerfError, OutputError
from kerf.segmenter.sources import Source

if TYPE_CHECKING:
    import pyarrow as pa

    from kerf.classifier.engines.scorer import Engine

FETCHING = 16
"""Threads that fetch files of an object store, where a file takes far longer to come than to read."""


@dataclass(frozen=True)
class PartDone:
    """What came of a part.

    Attributes
    ----------
    name
        Of the part.
    tally
        Of its rows.
    problems
        Of images, in their order.
    first
        Readings of its first images that could be read.
    unwritten
        Why it could not be written, if it could not.
    """

    name: str
    tally: Tally
    problems: list[KerfError]
    first: list[Reading]
    unwritten: OutputError | None


@dataclass(frozen=True)
class Reads:
    """What a reader of parts needs to begin, wherever it is.

    Attributes
    ----------
    reading
        What is known of the images and of their texts.
    engine
        What runs the network.
    model
        The content of the model file; None for the bundled model, which every machine has.
    parts
        Where the rows go.
    folder
        What relative paths are relative to.
    """

    reading: ReadingOptions
    engine: Engine
    model: bytes | None
    parts: Parts
    folder: str


class PartReader:
    """Reads the images of a part and writes its rows.

    Parameters
    ----------
    reads
        What and how.
    """

    def __init__(self, reads: Reads) -> None:
        with suppress(OSError):  # a machine without that folder has no file in it either, which every row then says
            os.chdir(reads.folder)
        self._parts = reads.parts
        self._constraint = reads.reading.constraint
        self._recognizer = self._load(reads)
        self._recognizer.scorer.begin_thread()

    def _load(self, reads: Reads) -> Recognizer:
        """Load the recognizer, of a model file that was sent."""
        reading = reads.reading
        with TemporaryDirectory() as folder:
            path = None
            if reads.model is not None:
                path = Path(folder) / "model"
                path.write_bytes(reads.model)
            return Recognizer.load(path, "cpu", reading.frames, reads.engine, reading.ink_colour)

    def __call__(self, block: pa.Table) -> dict[str, Any]:
        """Read a block, with the columns ``part``, its name, ``file``, a path or URI as bytes, ``label`` or null."""
        files = [os.fsdecode(file) for file in block["file"].to_pylist()]
        name = block["part"][0].as_py()
        return {"done": np.array([self.read_part(name, files, block["label"].to_pylist())], object)}

    def read_part(self, name: str, files: Sequence[str], labels: Sequence[str | None]) -> PartDone:
        """Read images and write the part of this name."""
        settings = self._parts.settings
        tally, rows, problems = Tally(), list[Row](), list[KerfError]()
        first: list[Reading] = []
        readings = self._recognizer.read_many(to_sources(files), self._constraint, best=settings.best)
        for file, label, reading in zip(files, labels, readings, strict=True):
            rows.append(reading_to_row(file, reading, label, settings))
            if isinstance(reading, KerfError):
                problems.append(reading)
            elif len(first) < ENOUGH:
                first.append(reading)
        for _ in tally.watch(rows):
            pass
        try:
            self._parts.write(name, rows)
        except OutputError as error:
            return PartDone(name, Tally(), [], [], error)
        return PartDone(name, tally, problems, first, None)


def to_sources(files: Sequence[str]) -> Iterator[Source]:
    """Yield paths as they are, and URIs as what is behind them, fetched ahead."""
    if any(to_uri(Path(file)) for file in files):
        return map_in_order(to_source, files, FETCHING)
    return iter(files)


def to_source(file: str) -> Source:
    """Return a path, or what is behind a URI."""
    return cast("Source", fetch(file)) if to_uri(Path(file)) else file
