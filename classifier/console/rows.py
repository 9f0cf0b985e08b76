"""What `solve` prints: a row an image, as CSV, JSON Lines or a table."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kerf.classifier.console.option_groups import RowSettings
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.report import proportion_to_text
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.texts.arithmetic import text_to_result
from kerf.segmenter.errors import KerfError, UnforeseenError

if TYPE_CHECKING:
    from kerf.classifier.recognizer import Reading

Alternatives = list[tuple[str, float]]
Cell = str | int | float | bool | list[float] | Alternatives | None


class Status(StrEnum):
    """What became of one image."""

    READ = "read"
    EMPTY = "empty"  # no text was found in it
    UNSURE = "unsure"  # read, but below the confidence asked for: the text is left empty
    UNREADABLE = "unreadable"
    FAILED = "failed"  # it met a fault of Kerf's own


@dataclass(frozen=True)
class Row:
    """One image's answer; ``right`` is None where there is no answer or no label."""

    file: str
    text: str
    confidence: float | None
    status: Status
    error: str
    characters: tuple[float, ...]
    alternatives: tuple[tuple[str, float], ...]
    label: str
    right: bool | None
    frames: str = ""

    def cells(self, columns: Sequence[str]) -> dict[str, Cell]:
        """Return the named columns, ready for JSON."""
        confidence = None if self.confidence is None else round(self.confidence, 4)
        every: dict[str, Cell] = {
            "file": self.file,
            "text": self.text,
            "confidence": confidence,
            "status": self.status.value,
            "error": self.error,
            "characters": [round(c, 4) for c in self.characters],
            "alternatives": [(text, round(confidence, 4)) for text, confidence in self.alternatives],
            "result": text_to_result(self.text),
            "label": self.label,
            "right": self.right,
            "frames": self.frames,
        }
        return {name: every[name] for name in columns}


def readings_to_rows(
    images: Iterable[Path],
    readings: Iterable[Reading | KerfError],
    labels: Mapping[Path, str],
    settings: RowSettings,
) -> Iterator[Row]:
    """Make one row for each image, from what the recognizer yielded for it and its label if there is one.

    The image is asked for after its reading, so that no row waits for the next image to be named.
    """
    for reading, image in zip(readings, images, strict=True):
        yield reading_to_row(image, reading, labels.get(image), settings)


def reading_to_row(image: Path | str, reading: Reading | KerfError, label: str | None, settings: RowSettings) -> Row:
    """Make one row; see `readings_to_rows`."""
    if isinstance(reading, KerfError):
        status = Status.FAILED if isinstance(reading, UnforeseenError) else Status.UNREADABLE
        return Row(str(image), "", None, status, str(reading), (), (), label or "", None)
    sure = reading.confidence >= settings.min_confidence
    return Row(
        file=str(image),
        text=reading.text if sure else "",
        confidence=reading.confidence,
        status=reading_to_status(reading, settings),
        error="",
        characters=tuple(c.confidence for c in reading.characters),
        alternatives=reading.alternatives if sure else (),
        label=label or "",
        right=reading.text == label if sure and label is not None else None,
        frames=reading.frames,
    )


def reading_to_status(reading: Reading, settings: RowSettings) -> Status:
    """Say what became of an image that could be read."""
    if not reading.text:
        return Status.EMPTY
    return Status.READ if reading.confidence >= settings.min_confidence else Status.UNSURE


class Tally:
    """Counts rows as they pass, or as they passed elsewhere."""

    def __init__(self) -> None:
        self._status: Counter[Status] = Counter()
        self._right: Counter[bool | None] = Counter()

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows, counting them."""
        for row in rows:
            self._status[row.status] += 1
            self._right[row.right] += 1
            yield row

    def add(self, other: Tally) -> None:
        """Add what another counted."""
        self._status += other._status
        self._right += other._right

    def summary(self) -> str:
        """Return one line such as ``36 images: 35 read, 1 unreadable; whole text right: ...``."""
        counts = ", ".join(f"{self._status[s]} {s}" for s in Status if self._status[s])
        line = f"{self._status.total()} images{counts and f': {counts}'}"
        checked = self._right[True] + self._right[False]
        if checked:
            line += f"; whole text right: {proportion_to_text(proportion(self._right[True], checked)).strip()}"
        return line


def write_rows(
    rows: Iterable[Row], settings: RowSettings, row_format: RowFormat, stream: TextIO, *, header: bool = True
) -> None:
    """Write rows as they come; a table, whose widths need them all, at the end or when interrupted.

    CSV has a header, unless the stream has it already.
    """
    if row_format is RowFormat.CSV and header:
        stream.write(",".join(settings.columns) + "\n")
        stream.flush()
    writers = {RowFormat.CSV: rows_to_csv, RowFormat.JSONL: rows_to_jsonl, RowFormat.TABLE: rows_to_table}
    writers[row_format](rows, settings.columns, stream)


def rows_to_csv(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> None:
    """Write one line a row, without a header."""
    writer = csv.writer(stream, lineterminator="\n")
    quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [cell_to_text(cell) for cell in row.cells(columns).values()]
        (quoting if "\r" in "".join(cells) else writer).writerow(cells)  # readers would take it for the end of a row
        stream.flush()


def rows_to_jsonl(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> None:
    """Write one JSON object a line, with the columns as keys, and ``frames``: which of an animation were read."""
    for row in rows:
        line = json.dumps(row.cells([*columns, "frames"]), ensure_ascii=False)
        if not line.isprintable():  # a name that is not UTF-8, say: JSON's escapes keep the line valid
            line = json.dumps(row.cells([*columns, "frames"]))
        stream.write(line + "\n")
        stream.flush()


def rows_to_table(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> None:
    """Write a table for people, once all rows are there; as wide as it needs where the stream is no terminal."""
    from kerf.classifier.console.table import write_table

    cells, styles = [], []
    try:
        for row in rows:
            short = replace(row, error=row.error.removeprefix(f"{row.file}: "))
            cells.append([cell_to_text(cell) for cell in short.cells(columns).values()])
            styles.append("red" if row.right is False else "" if row.status is Status.READ else "yellow")
    finally:
        write_table(columns, cells, styles, stream)


def cell_to_text(cell: Cell) -> str:
    """Render one cell: numbers with four decimals, nothing as the empty text, lists as ``0.9000 0.8000``.

    A list of texts with confidences is ``AB12=0.9000 AB1Z=0.0500``.
    """
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case int():
            return str(cell)
        case float():
            return f"{cell:.4f}"
        case list():
            return " ".join(f"{item[0]}={item[1]:.4f}" if isinstance(item, tuple) else f"{item:.4f}" for item in cell)
        case _:
            return cell
