import csv
import io
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kerf.classifier.console.report import epoch_to_text, evaluation_to_json, evaluation_to_text, training_to_text
from kerf.classifier.console.rows import Row, RowFormat, RowSettings, Tally, readings_to_rows, write_rows
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.observer import EpochReport
from kerf.classifier.learning.training import TrainResult
from kerf.classifier.measuring.metrics import Evaluation, evaluate
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance
from kerf.classifier.recognizer import CharReading, Reading
from kerf.segmenter.errors import KerfError, UnreadableImageError

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


def test_jsonl_has_the_keys_of_the_csv() -> None:
    settings = RowSettings(characters=True, check=True)
    lines = written(settings, RowFormat.JSONL).splitlines()
    assert [list(json.loads(line)) for line in lines] == [list(settings.columns)] * 3
    assert json.loads(lines[0])["characters"] == [0.99, 0.995]
    assert json.loads(lines[1])["confidence"] is None
    assert [json.loads(line)["right"] for line in lines] == [True, None, False]
    assert "Ö" in lines[2]


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


@pytest.mark.parametrize("row_format", list(RowFormat))
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
        "3 images: 1 read, 1 unsure, 1 unreadable; whole text right: 100.0 % (1 of 1; 95 % interval 20.7 to 100.0)"
    )


def test_evaluation_as_text_names_every_figure() -> None:
    text = evaluation_to_text(evaluate(["A7", "B8", "C9", "D"], [*READINGS, Reading("D", 0.9, ())]))
    assert text.splitlines()[:4] == [
        "whole-text accuracy          50.0 % (2 of 4; 95 % interval 15.0 to 85.0)",
        "wrong number of characters   25.0 % (1 of 4; 95 % interval 4.6 to 69.9): segmentation",
        "right number, wrong ones      0.0 % (0 of 4; 95 % interval 0.0 to 49.0): classification",
        "unreadable images            25.0 % (1 of 4; 95 % interval 4.6 to 69.9): counted as wrong",
    ]
    assert "C > nothing (1)" in text
    assert "9 > Ö (1)" in text


def test_evaluation_as_json_has_every_field() -> None:
    plain = json.loads(evaluation_to_json(evaluate(["A7"], READINGS[:1])))
    assert list(plain) == [field.name for field in fields(Evaluation)]
    assert plain["whole_text"] == {
        "count": 1,
        "n": 1,
        "value": 1.0,
        "low_95": pytest.approx(0.2065, abs=1e-4),
        "high_95": 1.0,
    }


def test_training_warns_of_what_flatters_it() -> None:
    provenance = Provenance(90, 10, 0, "", 8, 0.49, 0.94, "2026-01-01", "0")
    model = cast(Model, SimpleNamespace(provenance=provenance))
    epoch = EpochReport(3, 3, 0.5, 1.0, 1.0, 0.8, 12.0)
    copies = (Sample(IMAGES[0], "A7"), Sample(IMAGES[2], "A7"))
    plain = training_to_text(TrainResult(model, (replace(epoch, train_accuracy=0.81),), (), ()))
    assert plain == (
        "trained on 90 labelled images; validation whole-text accuracy 80.0 % (8 of 10; 95 % interval 49.0 to 94.3)"
    )
    warned = training_to_text(TrainResult(model, (epoch,), (), (copies,))).splitlines()
    assert warned[0] == plain
    assert warned[1].startswith("warning: 1 of the validation images look like one trained on, such as d.png")
    assert "overfits" in warned[2]
    assert "by 20 points" in warned[2]


def test_training_says_what_it_labelled_itself() -> None:
    provenance = Provenance(90, 10, 35, "", 8, 0.49, 0.94, "2026-01-01", "0")
    result = TrainResult(cast(Model, SimpleNamespace(provenance=provenance)), (), (), ())
    assert training_to_text(result).startswith("trained on 90 labelled images and 35 that it labelled itself; ")


def test_epoch_names_its_figures() -> None:
    assert epoch_to_text(EpochReport(3, 20, 0.5, 1.0, 0.9, 0.8, 12.0)) == (
        "epoch   3 of 20: loss   0.500, validation whole-text accuracy  80.0 %, train-validation gap +10.0 points, 12 s"
    )
