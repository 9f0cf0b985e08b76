"""Rows of readings, in each of the forms that they are written in."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerf.classifier.console.option_groups import RowSettings
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.rows import Row, Tally, readings_to_rows, write_rows
from kerf.classifier.recognizer import CharReading, Reading
from kerf.segmenter.errors import KerfError, UnforeseenError, UnreadableImageError

IMAGES = [Path("a.png"), Path("b, c.png"), Path("d.png")]
READINGS: list[Reading | KerfError] = [
    Reading("A7", 0.98765, (CharReading("A", 0.99, (0, 0, 5, 9), 0), CharReading("7", 0.995, (5, 0, 9, 9), 4))),
    UnreadableImageError('b, c.png: "not" an image'),
    Reading("Ö", 0.5, (CharReading("Ö", 0.5, (0, 0, 5, 9), 0),)),
]
LABELS = {Path("a.png"): "A7", Path("d.png"): "O"}


def rows(settings: RowSettings) -> Iterator[Row]:
    return readings_to_rows(IMAGES, READINGS, LABELS, settings)


def written(settings: RowSettings, row_format: RowFormat) -> str:
    stream = io.StringIO()
    write_rows(rows(settings), settings, row_format, stream)
    return stream.getvalue()


def test_csv() -> None:
    assert written(RowSettings(), RowFormat.CSV) == (
        "file,text,confidence,status,error\n"
        "a.png,A7,0.9877,read,\n"
        '"b, c.png",,,unreadable,"b, c.png: ""not"" an image"\n'
        "d.png,Ö,0.5000,read,\n"
    )


def test_csv_with_every_column_and_a_threshold() -> None:
    settings = RowSettings(min_confidence=0.9, characters=True, check=True)
    assert list(csv.DictReader(io.StringIO(written(settings, RowFormat.CSV))))[0::2] == [
        {
            "file": "a.png",
            "text": "A7",
            "confidence": "0.9877",
            "status": "read",
            "error": "",
            "characters": "0.9900 0.9950",
            "label": "A7",
            "right": "yes",
        },
        {
            "file": "d.png",
            "text": "",
            "confidence": "0.5000",
            "status": "unsure",
            "error": "",
            "characters": "0.5000",
            "label": "O",
            "right": "",
        },
    ]


def test_results_of_texts_that_are_sums() -> None:
    settings = RowSettings(min_confidence=0.9, arithmetic=True, check=True)
    answers = [("12+7=?", 0.95), ("12+7=?", 0.5), ("AB12", 0.95), ("3×4", 1.0)]
    readings = [Reading(text, confidence, ()) for text, confidence in answers]
    given = list(
        readings_to_rows(map(Path, "abcde"), [*readings, UnreadableImageError("x")], {Path("a"): "12+7=?"}, settings)
    )
    stream = io.StringIO()
    write_rows(given, settings, RowFormat.CSV, stream)
    assert stream.getvalue().splitlines() == [
        "file,text,confidence,status,error,result,label,right",
        "a,12+7=?,0.9500,read,,19,12+7=?,yes",
        "b,,0.5000,unsure,,,,",
        "c,AB12,0.9500,read,,,,",
        "d,3×4,1.0000,read,,12,,",
        "e,,,unreadable,x,,,",
    ]
    lines = io.StringIO()
    write_rows(given, settings, RowFormat.JSONL, lines)
    assert [json.loads(line)["result"] for line in lines.getvalue().splitlines()] == [19, None, None, 12, None]


def test_jsonl_has_the_keys_of_the_csv_and_the_frames_read() -> None:
    settings = RowSettings(characters=True, check=True)
    lines = written(settings, RowFormat.JSONL).splitlines()
    assert [list(json.loads(line)) for line in lines] == [[*settings.columns, "frames"]] * 3
    assert json.loads(lines[0])["characters"] == [0.99, 0.995]
    assert json.loads(lines[1])["confidence"] is None
    assert [json.loads(line)["right"] for line in lines] == [True, None, False]
    assert "Ö" in lines[2]


def test_names_that_are_not_utf8_are_escaped_in_jsonl() -> None:
    stream = io.StringIO()
    settings = RowSettings()
    image = Path(os.fsdecode(b"a\xff.png"))
    write_rows(readings_to_rows([image], READINGS[:1], {}, settings), settings, RowFormat.JSONL, stream)
    assert r"a\udcff.png" in stream.getvalue()
    stream.getvalue().encode("utf-8")
    assert json.loads(stream.getvalue())["file"] == str(image)


@pytest.mark.parametrize(
    ("reading", "status"),
    [
        (Reading("A7", 0.5, ()), "read"),
        (Reading("A7", 0.49, ()), "unsure"),
        (Reading("", 0.9, ()), "empty"),
        (UnreadableImageError("x"), "unreadable"),
        (UnforeseenError("x"), "failed"),
    ],
)
def test_status_of_a_row(reading: Reading | KerfError, status: str) -> None:
    (row,) = readings_to_rows([Path("a")], [reading], {Path("a"): "A7"}, RowSettings(min_confidence=0.5))
    assert row.status.value == status
    assert row.text == ("A7" if status == "read" else "")
    right = {"read": True, "empty": False}  # an empty text is an answer, and a wrong one
    assert row.right == right.get(status)


def test_table_holds_every_cell_and_no_markup() -> None:
    table = written(RowSettings(), RowFormat.TABLE)
    for cell in ("file", "a.png", "A7", "0.9877", '│ "not" an image'):
        assert cell in table
    assert "\x1b" not in table


def test_brackets_in_a_text_are_no_markup() -> None:
    stream, settings = io.StringIO(), RowSettings()
    readings = [Reading("[red]x[/red]", 1.0, ())]
    write_rows(readings_to_rows(IMAGES[:1], readings, {}, settings), settings, RowFormat.TABLE, stream)
    assert "[red]x[/red]" in stream.getvalue()


@pytest.mark.parametrize("row_format", [RowFormat.CSV, RowFormat.JSONL, RowFormat.TABLE])
def test_rows_before_an_interruption_are_written(row_format: RowFormat) -> None:
    def interrupted() -> Iterator[Row]:
        yield next(rows(RowSettings()))
        raise KeyboardInterrupt

    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        write_rows(interrupted(), RowSettings(), row_format, stream)
    assert "A7" in stream.getvalue()


@pytest.mark.parametrize("row_format", [RowFormat.CSV, RowFormat.JSONL])
def test_a_row_is_written_before_the_next_is_asked_for(row_format: RowFormat) -> None:
    seen: list[bool] = []
    stream = io.StringIO()

    def watched() -> Iterator[Row]:
        for row in rows(RowSettings()):
            yield row
            seen.append(row.file in stream.getvalue())

    write_rows(watched(), RowSettings(), row_format, stream)
    assert seen == [True] * 3


def test_tally() -> None:
    tally = Tally()
    assert len(list(tally.watch(rows(RowSettings(min_confidence=0.6))))) == 3
    assert tally.summary() == (
        "3 images: 1 read, 1 unsure, 1 unreadable; "
        "whole text right: too few to tell (1 of 1; 95 % interval 20.7 to 100.0)"
    )
