"""Where labels come from: label files, of every form that is understood, and file names.

Whether the images exist is not asked here.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from kerf.segmenter.errors import NoLabelsError, SettingsError

CSV_COLUMNS = {"labels.csv": ("file", "label"), "metadata.csv": ("file_name", "text")}
JSON_LINES = "metadata.jsonl"
TAB_SEPARATED = ("Label.txt", "label.txt", "labels.txt", "rec_gt.txt", "rec_gt_train.txt")
GROUND_TRUTH = re.compile(r"(.*_)?gt(_.*)?\.txt", re.IGNORECASE)
NAME_PATTERN = r"^(?P<text>[^_\s]+)(_\d+)?$"
"""File names without suffix that are understood: ``AB12`` and ``AB12_0007``."""


@dataclass(frozen=True)
class Row:
    """What one line of a label file says.

    Attributes
    ----------
    line
        Its number, from 1.
    file
        The image, as the line names it.
    text
        The label, as the line has it.
    """

    line: int
    file: str
    text: str


def find_label_file(folder: Path) -> Path | None:
    """Return a folder's label file, the first in the order of ``folder_to_samples``; None if it has none."""
    names = (*CSV_COLUMNS, JSON_LINES, *TAB_SEPARATED)
    others = sorted(path for path in folder.glob("*.txt") if GROUND_TRUTH.fullmatch(path.name))
    return next((path for path in [*(folder / name for name in names), *others] if path.is_file()), None)


def path_to_rows(path: Path) -> Iterator[Row | NoLabelsError]:
    """Read a label file that ``find_label_file`` returned.

    Yields
    ------
    Row or NoLabelsError
        What each line says, or why it says nothing.

    Raises
    ------
    NoLabelsError
        If the file as a whole cannot be understood.
    """
    if path.name in CSV_COLUMNS:
        return csv_to_rows(path, *CSV_COLUMNS[path.name])
    return json_lines_to_rows(path) if path.name == JSON_LINES else tab_separated_to_rows(path)


def csv_to_rows(path: Path, file_column: str, text_column: str) -> Iterator[Row | NoLabelsError]:
    """Read two columns of a CSV file, as ``path_to_rows``."""
    reader = csv.reader(StringIO(read_text(path)), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if file_column not in names or text_column not in names:
            raise NoLabelsError(
                f"{path}: its first line is {','.join(names)!r}; it must be {file_column},{text_column}"
            )
        file_at, text_at = names.index(file_column), names.index(text_column)
        for row in filter(None, reader):
            if len(row) > max(file_at, text_at):
                yield Row(reader.line_num, row[file_at], row[text_at])
            else:
                yield to_problem(path, reader.line_num, f"has {len(row)} of {len(names)} columns")
    except csv.Error as error:
        raise to_problem(path, reader.line_num, f"is not CSV ({error})") from error


def json_lines_to_rows(path: Path) -> Iterator[Row | NoLabelsError]:
    """Read objects with ``file_name`` and ``text``, one a line, as ``path_to_rows``."""
    for number, line in numbered_lines(path):
        try:
            entry: object = json.loads(line)
        except ValueError:
            entry = None
        file, text = (entry.get("file_name"), entry.get("text")) if isinstance(entry, dict) else (None, None)
        if isinstance(file, str) and isinstance(text, str):
            yield Row(number, file, text)
        else:
            yield to_problem(path, number, "is not an object with file_name and text, both strings")


def tab_separated_to_rows(path: Path) -> Iterator[Row | NoLabelsError]:
    """Read image, tab, text, one a line, as ``path_to_rows``."""
    for number, line in numbered_lines(path):
        file, tab, text = line.partition("\t")
        yield Row(number, file, boxes_to_text(text)) if tab else to_problem(path, number, "has no tab")


def boxes_to_text(text: str) -> str:
    """Join the boxes that PPOCRLabel writes for a text, left to right; return any other text as it is."""
    if not text.startswith("[{"):
        return text
    try:
        boxes = sorted(json.loads(text), key=lambda box: min(point[0] for point in box["points"]))
        return "".join(box["transcription"] for box in boxes)
    except (ValueError, KeyError, TypeError, IndexError):
        return text


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    return ((n, line) for n, line in enumerate(read_text(path).split("\n"), start=1) if line.strip())


def read_text(path: Path) -> str:
    """Read a UTF-8 file, without its byte order mark if it has one."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoLabelsError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise NoLabelsError(f"{path}: cannot be read: {error.strerror}; check its rights") from error


def to_problem(path: Path, line: int, what: str) -> NoLabelsError:
    """Say what is wrong with a line."""
    return NoLabelsError(f"{path}: line {line} {what}; correct the line")


def compile_pattern(pattern: str | None) -> re.Pattern[str]:
    """Compile a label pattern; None is ``NAME_PATTERN``.

    Raises
    ------
    SettingsError
        If it is not a regular expression with a group.
    """
    try:
        compiled = re.compile(NAME_PATTERN if pattern is None else pattern)
    except (re.error, OverflowError) as error:
        raise SettingsError(f"label pattern {pattern!r} is no regular expression: {error}; correct it") from error
    if not compiled.groups:
        raise SettingsError(f"label pattern {pattern!r} has no group; put the label's part in parentheses")
    return compiled


def name_to_label(stem: str, pattern: re.Pattern[str]) -> str:
    """Read a label off a file name without suffix; empty if the pattern does not find one."""
    match = pattern.search(stem)
    return to_label(match["text" if "text" in pattern.groupindex else 1] or "") if match else ""


def to_label(text: str) -> str:
    """Strip a text and compose its accents, which some file systems store apart from their letters."""
    return unicodedata.normalize("NFC", text.strip())
