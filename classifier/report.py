"""What the commands print: rows of readings as CSV, JSON Lines or a table, and an evaluation as text."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from classifier.metrics import Confusion, Evaluation, Proportion, proportion
from segmenter.errors import KerfError

if TYPE_CHECKING:
    from classifier.observer import EpochReport
    from classifier.recognizer import Reading
    from classifier.training import TrainResult

MOST_CONFUSED = 10

Alternatives = list[tuple[str, float]]
Cell = str | float | bool | list[float] | Alternatives | None


class RowFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"
    TABLE = "table"


class Status(StrEnum):
    """What became of one image."""

    READ = "read"
    UNSURE = "unsure"  # read, but below the confidence asked for: the text is left empty
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class RowSettings:
    """What is in a row beyond the columns that are always there.

    Parameters
    ----------
    min_confidence
        Below it the text is left empty and the status is ``unsure``.
    characters
        Add ``characters``: the confidence of each character.
    best
        Of how many texts to tell: above 1, add ``alternatives``, the next most probable and their confidences.
    check
        Add ``label`` and ``right``, from the labels beside the images.
    """

    min_confidence: float = 0.0
    characters: bool = False
    best: int = 1
    check: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        always = ("file", "text", "confidence", "status", "error")
        return (
            *always,
            *(("characters",) if self.characters else ()),
            *(("alternatives",) if self.best > 1 else ()),
            *(("label", "right") if self.check else ()),
        )


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
            "label": self.label,
            "right": self.right,
        }
        return {name: every[name] for name in columns}


def readings_to_rows(
    images: Iterable[Path],
    readings: Iterable[Reading | KerfError],
    labels: Mapping[Path, str],
    settings: RowSettings,
) -> Iterator[Row]:
    """Make one row for each image, from what the recognizer yielded for it and its label if there is one."""
    for image, reading in zip(images, readings, strict=True):
        yield reading_to_row(image, reading, labels.get(image), settings)


def reading_to_row(image: Path, reading: Reading | KerfError, label: str | None, settings: RowSettings) -> Row:
    """Make one row; see `readings_to_rows`."""
    if isinstance(reading, KerfError):
        return Row(str(image), "", None, Status.UNREADABLE, str(reading), (), (), label or "", None)
    sure = reading.confidence >= settings.min_confidence
    return Row(
        file=str(image),
        text=reading.text if sure else "",
        confidence=reading.confidence,
        status=Status.READ if sure else Status.UNSURE,
        error="",
        characters=tuple(c.confidence for c in reading.characters),
        alternatives=reading.alternatives if sure else (),
        label=label or "",
        right=reading.text == label if sure and label is not None else None,
    )


class Tally:
    """Counts rows as they pass."""

    def __init__(self) -> None:
        self._status: Counter[Status] = Counter()
        self._right: Counter[bool | None] = Counter()

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows, counting them."""
        for row in rows:
            self._status[row.status] += 1
            self._right[row.right] += 1
            yield row

    def summary(self) -> str:
        """Return one line such as ``36 images: 35 read, 1 unreadable; whole text right: ...``."""
        counts = ", ".join(f"{self._status[s]} {s}" for s in Status if self._status[s])
        line = f"{self._status.total()} images: {counts}"
        checked = self._right[True] + self._right[False]
        if checked:
            line += f"; whole text right: {proportion_to_text(proportion(self._right[True], checked)).strip()}"
        return line


def write_rows(rows: Iterable[Row], settings: RowSettings, row_format: RowFormat, stream: TextIO) -> None:
    """Write rows as they come; a table, whose widths need them all, at the end or when interrupted."""
    writers = {RowFormat.CSV: rows_to_csv, RowFormat.JSONL: rows_to_jsonl, RowFormat.TABLE: rows_to_table}
    writers[row_format](rows, settings.columns, stream)


def rows_to_csv(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> None:
    """Write a header and one line a row."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    stream.flush()
    for row in rows:
        writer.writerow([cell_to_text(cell) for cell in row.cells(columns).values()])
        stream.flush()


def rows_to_jsonl(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> None:
    """Write one JSON object a line, with the columns as keys."""
    for row in rows:
        stream.write(json.dumps(row.cells(columns), ensure_ascii=False) + "\n")
        stream.flush()


def rows_to_table(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> None:
    """Write a table for people; as wide as it needs where the stream is no terminal."""
    from rich.console import Console
    from rich.table import Table

    width = None if stream.isatty() else 10_000
    console = Console(file=stream, width=width, markup=False, emoji=False, highlight=False)
    table = Table(*columns)
    try:
        for row in rows:
            style = "" if row.status is Status.READ and row.right is not False else "bold"
            table.add_row(*map(cell_to_text, row.cells(columns).values()), style=style)
    finally:
        console.print(table)


def cell_to_text(cell: Cell) -> str:
    """Render one cell: numbers with four decimals, nothing as the empty text, lists as ``0.9000 0.8000``.

    A list of texts with confidences is ``AB12=0.9000 AB1Z=0.0500``.
    """
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float():
            return f"{cell:.4f}"
        case list():
            return " ".join(f"{item[0]}={item[1]:.4f}" if isinstance(item, tuple) else f"{item:.4f}" for item in cell)
        case _:
            return cell


def evaluation_to_json(evaluation: Evaluation) -> str:
    """Render an evaluation as one line of JSON, with the names that `Evaluation` gives its figures."""
    return json.dumps(asdict(evaluation), ensure_ascii=False) + "\n"


def evaluation_to_text(evaluation: Evaluation) -> str:
    """Render an evaluation for people, every figure under its own name."""
    e = evaluation
    confused = ", ".join(map(confusion_to_text, e.confusions[:MOST_CONFUSED]))
    lines = [
        f"whole-text accuracy         {proportion_to_text(e.whole_text)}",
        f"wrong number of characters  {proportion_to_text(e.wrong_length)}: segmentation",
        f"right number, wrong ones    {proportion_to_text(e.wrong_characters)}: classification",
        f"unreadable images           {proportion_to_text(e.unreadable)}: counted as wrong",
        f"character error rate        {percent(e.character_error_rate)} "
        f"({e.character_edits} edits, {e.characters} characters)",
        f"calibration error           {percent(e.expected_calibration_error)} (expected, 10 bins of equal mass)",
        f"coverage at 99 % precision  {percent(e.coverage_at_99_precision)}",
        "risk and coverage: answering only from a confidence on, images answered, and of those the wrong",
        *(
            f"  {p.min_confidence:.4f}  {percent(p.coverage)} answered, {percent(p.risk)} of them wrong"
            for p in e.risk_coverage[1::2]  # every tenth of coverage
        ),
        "accuracy by position, of texts read with the right length | of all texts",
        *(
            f"  {p.position + 1:<3} {proportion_to_text(p.of_right_length)} | {proportion_to_text(p.of_all)}"
            for p in e.by_position
        ),
        "whole-text accuracy by length",
        *(f"  {group.length:<3} {proportion_to_text(group.whole_text)}" for group in e.by_length),
        f"most confused, true > read  {confused or 'none'}",
    ]
    return "\n".join(lines) + "\n"


def proportion_to_text(share: Proportion) -> str:
    """Render a proportion with its n and interval, like ``97.2 % (35 of 36; 95 % interval 85.8 to 99.5)``."""
    if share.value is None:
        return "    none (0 of 0)"
    interval = f"95 % interval {100 * share.low_95:.1f} to {100 * share.high_95:.1f}"
    return f"{percent(share.value)} ({share.count} of {share.n}; {interval})"


def percent(share: float) -> str:
    """Render a share as a percentage, five places wide."""
    return f"{100 * share:5.1f} %"


def confusion_to_text(confusion: Confusion) -> str:
    """Render a confusion such as ``8 > B (12)``; a character lost or added is paired with nothing."""
    return f"{confusion.truth or 'nothing'} > {confusion.read or 'nothing'} ({confusion.count})"


def epoch_to_text(report: EpochReport) -> str:
    """Render one pass over the training images."""
    return (
        f"epoch {report.epoch:>3} of {report.epochs}: loss {report.loss:7.3f}, "
        f"validation whole-text accuracy {percent(report.validation_accuracy)}, "
        f"train-validation gap {100 * report.gap:+5.1f} points, {report.seconds:.0f} s"
    )


def training_to_text(result: TrainResult) -> str:
    """Render what training came to, with a warning of whatever makes its figures less than they seem."""
    p = result.model.provenance
    accuracy = proportion_to_text(proportion(p.validation_correct, p.validated)).strip()
    pseudo = f" and {p.pseudo_labelled} that it labelled itself" if p.pseudo_labelled else ""
    lines = [f"trained on {p.trained} labelled images{pseudo}; validation whole-text accuracy {accuracy}"]
    if result.duplicates:
        train, validation = result.duplicates[0]
        lines.append(
            f"warning: {len(result.duplicates)} of the validation images look like one trained on, such as "
            f"{validation.path} like {train.path}: this accuracy is too good. Remove the copies."
        )
    if result.overfitted:
        lines.append(
            "warning: it overfits: it reads the images that it was trained on better than others, "
            f"by {100 * result.epochs[-1].gap:.0f} points. "
            "Label more images; or keep augmentation on; or train for fewer epochs."
        )
    return "\n".join(lines)
