"""Answers to ``labels.csv``: every one is on the disk before the next image is shown."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from itertools import chain, count
from pathlib import Path
from threading import Lock

from kerf.classifier.folders.claims import Claim, file_to_claims, sidecars_to_claims
from kerf.classifier.folders.labels import find_label_files, read_text
from kerf.classifier.folders.texts import to_label
from kerf.segmenter.errors import KerfError, OutputError

COLUMNS = ("file", "label", "status", "reading", "confidence")
"""Of `labels.csv`. As in what `solve` writes, a row without a label is none to `folder_to_samples`."""


class Status(StrEnum):
    """What became of an image."""

    LABELLED = "labelled"
    SKIPPED = "skipped"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Answer:
    """What a person said of one image.

    Attributes
    ----------
    status
        What became of it.
    label
        Its text; empty unless it is labelled.
    reading, confidence
        What a model that did not know the answer had read, and how sure it was; empty and 0 where none had.
    """

    status: Status
    label: str = ""
    reading: str = ""
    confidence: float = 0.0

    @property
    def state(self) -> str:
        """What tells this answer from another one to the same image; see ``LabelStore.put``."""
        return f"{self.status}:{self.label}"


class ChangedError(Exception):
    """An image was answered elsewhere meanwhile; nothing was written."""


class LabelStore:
    """The answers of a folder, in the order in which they were first given.

    It may be used from several threads at once.

    Parameters
    ----------
    folder
        Has the images. Labels that are there are taken over: of its label file, or else of files beside the images.
    images
        Its images.

    Attributes
    ----------
    path
        ``labels.csv``. One that had other columns is kept beside it as ``labels.csv.before``.
    problems
        What of the labels that were there cannot be used.

    Raises
    ------
    NoLabelsError
        A label file is there and cannot be understood.
    """

    def __init__(self, folder: Path, images: Iterable[Path]) -> None:
        self.folder = folder
        self.path = folder / "labels.csv"
        self.problems: list[KerfError] = []
        self._lock = Lock()
        files = find_label_files(folder)
        if files and files[0].name.lower() == self.path.name:
            self.path = files[0]
        own = bool(files) and is_own(files[0])
        self._foreign = self.path.exists() and not own
        self._stamp = path_to_stamp(self.path)
        self._answers = dict(file_to_answers(files[0])) if own else self._take_over(files, images)

    def __getitem__(self, name: str) -> Answer | None:
        """Return the answer to an image, by its path below the folder; None if there is none."""
        return self._answers.get(name)

    def __len__(self) -> int:
        return len(self._answers)

    def take_over(self, labels: Mapping[str, str]) -> None:
        """Take labels over from elsewhere, of images that have no answer; they are written with the next answer."""
        with self._lock:
            further = {name: Answer(Status.LABELLED, label) for name, label in labels.items()}
            self._answers = {**further, **self._answers}

    def names(self) -> list[str]:
        """List the images that were answered, the first one first."""
        with self._lock:
            return list(self._answers)

    def answers(self) -> dict[str, Answer]:
        """Return all answers, by their images' names."""
        with self._lock:
            return dict(self._answers)

    def labels(self) -> dict[str, str]:
        """Return the texts of the images that are labelled, by their names."""
        with self._lock:
            return {name: a.label for name, a in self._answers.items() if a.status is Status.LABELLED}

    def put(self, name: str, answer: Answer, seen: str) -> None:
        """Write one answer; when this returns it is on the disk.

        Parameters
        ----------
        name
            The image.
        answer
            What is said of it.
        seen
            ``state`` of the answer that was there when the image was shown, empty for none.

        Raises
        ------
        ChangedError
            That is not the answer that is there now.
        OutputError
            It cannot be written, or another program has; nothing has changed.
        """
        with self._lock:
            there = self._answers.get(name)
            if (there.state if there else "") != seen:
                raise ChangedError(name)
            answers = {**self._answers, name: answer}
            self._write(answers)
            self._answers = answers

    def _take_over(self, files: list[Path], images: Iterable[Path]) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        for claim in file_to_claims(files[0]) if files else sidecars_to_claims(list(images)):
            if isinstance(claim, KerfError):
                self.problems.append(claim)
            elif isinstance(claim, Claim) and claim.image.is_relative_to(self.folder):  # PaddleOCR names others too
                name = claim.image.relative_to(self.folder).as_posix()
                if label := to_label(claim.text):
                    answers.setdefault(name, Answer(Status.LABELLED, label))
        return answers

    def _write(self, answers: dict[str, Answer]) -> None:
        try:
            if path_to_stamp(self.path) != self._stamp:
                raise OutputError(f"{self.path}: was changed by another program; end this one, and start it again")
            if self._foreign:
                shutil.copy2(self.path, to_free(self.path))
                self._foreign = False
            write_durably(self.path, answers_to_text(answers).encode())
            self._stamp = path_to_stamp(self.path)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}; check its rights") from error


def is_own(path: Path) -> bool:
    """Return whether a label file was written by a ``LabelStore``."""
    return path.name.lower() == "labels.csv" and read_text(path).partition("\n")[0] == ",".join(COLUMNS)


def file_to_answers(path: Path) -> Iterable[tuple[str, Answer]]:
    """Read what ``answers_to_text`` wrote, perhaps changed by hand: a row that makes no sense is left out."""
    for row in csv.DictReader(StringIO(read_text(path), newline="")):
        label, status = to_label(row["label"] or ""), row["status"]
        if row["file"] and (label or status in {Status.SKIPPED, Status.UNREADABLE}):
            kind = Status.LABELLED if label else Status(status)
            yield row["file"], Answer(kind, label, row["reading"] or "", to_share(row["confidence"]))


def to_share(text: str | None) -> float:
    """Read a confidence; 0 if it is none."""
    with suppress(ValueError, TypeError):
        return min(max(float(text or 0), 0.0), 1.0)
    return 0.0


def answers_to_text(answers: dict[str, Answer]) -> str:
    """Render answers as CSV."""
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((name, a.label, a.status, a.reading, f"{a.confidence:.4f}") for name, a in answers.items())
    return stream.getvalue()


def path_to_stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes whenever a file does; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def to_free(path: Path) -> Path:
    """Return the name under which a file that is replaced is kept; no other file has it."""
    names = (path.with_name(f"{path.name}.before{number or ''}") for number in chain([0], count(2)))
    return next(name for name in names if not name.exists())


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, old or new, even if the power fails at any moment."""
    target = path.resolve()
    partial = target.with_name(f"{target.name}.partial")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(target)
    if hasattr(os, "O_DIRECTORY"):  # where a folder can be opened, its entries are flushed too
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
