"""Label files: finding a folder's, and what each of its lines says. Whether the images exist is not asked here."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from kerf.classifier.folders import label_studio
from kerf.segmenter.errors import NoLabelsError

TABLES = ("labels.csv", "labels.tsv", "metadata.csv")
JSON_LINES = ("metadata.jsonl", "labels.jsonl")
TAB_SEPARATED = ("label.txt", "labels.txt", "rec_gt.txt", "rec_gt_train.txt")
GROUND_TRUTH = re.compile(r"(.*_)?gt(_.*)?\.txt")
DELIMITERS = ",;\t|"
FILE_COLUMNS = ("file", "filename", "image", "path")
TEXT_COLUMNS = ("label", "text", "transcription")
"""Names of columns, in any case and however their words are joined; ``file_name`` is ``filename``."""
USUAL_COLUMNS = (("file", "label"), ("filename", "text"))
"""These two count where a table has more that could be meant; `solve --check` writes the former."""
LONGEST_HEAD = 1000
"""Characters of the first line that are looked at."""
SOLVED = frozenset({"confidence", "status"})
"""Columns by which a table is one that `solve` or `label` wrote: where there is no text, there is no label."""


@dataclass(frozen=True)
class Row:
    """What one line of a label file says.

    Attributes
    ----------
    line
        Its number, from 1; of Label Studio's, that of the task.
    file
        The image, as the line names it.
    text
        The label, as the line has it.
    """

    line: int
    file: str
    text: str


@dataclass(frozen=True)
class Note:
    """What was done with a label that is no problem, like ``NO_TEXT``; equal ones are counted."""

    what: str


NO_TEXT = Note("rows without a text, left out")


@dataclass(frozen=True)
class Columns:
    """Where a table has what, counted from 0."""

    file: int
    text: int
    solved: bool


def find_label_files(folder: Path) -> list[Path]:
    """List a folder's label files in the order of ``folder_to_samples``; their names may be in any case."""
    usual = (*TABLES, *JSON_LINES, *TAB_SEPARATED)

    def rank(path: Path) -> tuple[int, str]:
        name = path.name.lower()
        return usual.index(name) if name in usual else len(usual), path.name

    def is_one(name: str) -> bool:
        return name in usual or any(pattern.fullmatch(name) for pattern in (GROUND_TRUTH, label_studio.NAME))

    return sorted((path for path in folder.glob("*") if is_one(path.name.lower()) and path.is_file()), key=rank)


def path_to_rows(path: Path) -> Iterator[Row | Note | NoLabelsError]:
    """Read a label file that ``find_label_files`` returned.

    Yields
    ------
    Row, Note or NoLabelsError
        What each line says, that it has nothing to say, or why it cannot be understood.

    Raises
    ------
    NoLabelsError
        If the file as a whole cannot be understood.
    """
    text = read_text(path)
    if path.suffix.lower() == ".jsonl":
        return json_lines_to_rows(path, text)
    if path.suffix.lower() == ".json":
        return tasks_to_rows(path, text)
    head = next((line for line in text.split("\n") if line.strip()), "")[:LONGEST_HEAD]
    for delimiter in DELIMITERS:
        if columns := names_to_columns(next(csv.reader([head], delimiter=delimiter))):
            return table_to_rows(path, text, delimiter, columns)
    if path.suffix.lower() == ".txt":
        return tab_separated_to_rows(path, text)
    raise NoLabelsError(
        f"{path}: its first line is {head!r}; it must name one column for the image and one for its text, "
        "such as file,label"
    )


def names_to_columns(names: Sequence[str]) -> Columns | None:
    """Find the column of the image and the column of the text; None if there is none, or more than one."""
    plain = [re.sub(r"[\W_]", "", name).lower() for name in names]
    for usual in (*USUAL_COLUMNS, None):
        files = [n for n in plain if n in (usual[:1] if usual else FILE_COLUMNS)]
        texts = [n for n in plain if n in (usual[1:] if usual else TEXT_COLUMNS)]
        if len(files) == len(texts) == 1:
            return Columns(plain.index(files[0]), plain.index(texts[0]), SOLVED.issubset(plain))
    return None


def table_to_rows(path: Path, text: str, delimiter: str, columns: Columns) -> Iterator[Row | Note | NoLabelsError]:
    """Read two columns of a delimited table with a header, as ``path_to_rows``."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(filter(None, reader))
        for row in filter(None, reader):
            if len(row) <= max(columns.file, columns.text):
                yield to_problem(path, reader.line_num, f"has {len(row)} of {len(header)} columns")
            elif columns.solved and not row[columns.text].strip():
                yield NO_TEXT
            else:
                yield Row(reader.line_num, row[columns.file], row[columns.text])
    except csv.Error as error:
        raise to_problem(path, reader.line_num, f"is not CSV ({error})") from error


def json_lines_to_rows(path: Path, text: str) -> Iterator[Row | Note | NoLabelsError]:
    """Read objects, one a line, with the keys that a table has as columns; as ``path_to_rows``."""
    for number, line in numbered_lines(text):
        try:
            entry: object = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        columns = names_to_columns(list(entry)) if isinstance(entry, dict) else None
        values: Sequence[object] = list(entry.values()) if isinstance(entry, dict) else ()
        file, said = (values[columns.file], values[columns.text]) if columns else (None, None)
        if not (isinstance(file, str) and isinstance(said, str)):
            yield to_problem(path, number, "is not an object with file_name and text, both strings")
        elif columns and columns.solved and not said.strip():
            yield NO_TEXT
        else:
            yield Row(number, file, said)


def tasks_to_rows(path: Path, text: str) -> Iterator[Row | Note | NoLabelsError]:
    """Read Label Studio's tasks, counted from 1, as ``path_to_rows``; those without a text are left out."""
    tasks = label_studio.text_to_tasks(text)
    if tasks is None:
        raise NoLabelsError(f"{path}: is not a list of Label Studio's tasks; export them as JSON or JSON-MIN")
    for number, task in enumerate(tasks, start=1):
        if (image := label_studio.task_to_image(task)) is None:
            yield to_problem(path, number, "names no image")
        elif (said := label_studio.task_to_text(task)) is None:
            yield NO_TEXT
        else:
            yield Row(number, image, said)


def tab_separated_to_rows(path: Path, text: str) -> Iterator[Row | NoLabelsError]:
    """Read image, tab, text, one a line, as ``path_to_rows``."""
    for number, line in numbered_lines(text):
        file, tab, said = line.partition("\t")
        if not tab:
            yield to_problem(path, number, "has no tab")
        elif (joined := boxes_to_text(said)) is None:
            yield to_problem(path, number, "has a list of boxes that cannot be read")
        else:
            yield Row(number, file, joined)


def boxes_to_text(text: str) -> str | None:
    """Join the boxes that PPOCRLabel writes for a text, left to right; None if they are malformed.

    Any other text is returned as it is.
    """
    if not text.startswith("[{"):
        return text
    try:
        boxes = sorted(json.loads(text), key=lambda box: min(point[0] for point in box["points"]))
        return "".join(box["transcription"] for box in boxes)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    return ((n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())


def read_text(path: Path) -> str:
    """Read a text file: UTF-16 with a byte order mark, or UTF-8 with or without one."""
    try:
        content = path.read_bytes()
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if wide else "utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        name = error.encoding.upper()
        raise NoLabelsError(f"{path}: is not {name} at byte {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise NoLabelsError(f"{path}: cannot be read: {error.strerror}; check its rights") from error


def to_unit(path: Path) -> str:
    """Name what a label file has for each image."""
    return "task" if path.suffix.lower() == ".json" else "line"


def to_problem(path: Path, line: int, what: str) -> NoLabelsError:
    """Say what is wrong with a line."""
    return NoLabelsError(f"{path}: {to_unit(path)} {line} {what}; correct the {to_unit(path)}")
