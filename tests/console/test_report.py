import csv
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kerf.classifier.console.option_groups import RowSettings
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.report import (
    adaptation_to_text,
    epoch_to_text,
    evaluation_to_json,
    evaluation_to_text,
    pass_to_text,
    training_to_text,
)
from kerf.classifier.console.rows import Row, Tally, readings_to_rows, write_rows
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.adapting import Adaptation
from kerf.classifier.learning.observer import EpochReport, PassReport
from kerf.classifier.learning.training import AdaptResult, TrainResult
from kerf.classifier.measuring.metrics import Evaluation, evaluate, proportion
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance
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


def test_evaluation_as_text_names_every_figure_and_its_n() -> None:
    """Of forty images, the surest ten are right, twenty are confused, five cut short and five unreadable."""
    readings: list[Reading | KerfError] = [UnreadableImageError("x.png: not an image")] * 5
    for text, confidence, count in (("AB", 0.9, 10), ("A8", 0.8, 20), ("A", 0.7, 5)):
        readings += [Reading(text, confidence, ())] * count
    assert evaluation_to_text(evaluate(["AB"] * 40, readings)).splitlines() == [
        "10 of 40 texts are read right, 25.0 %; over all such images it is 14.2 % to",
        "40.2 %.",
        "What goes wrong most is a character taken for another, in 20 of the 30 wrong",
        "texts; the commonest mistake is B read as 8.",
        "The confidence is too high: it claims 81.4 % on average and 28.6 % are right.",
        "From 0.9000 on, 10 of 40 images are answered, and at least 99 % of the answers",
        "are right.",
        "",
        "whole-text accuracy          25.0 % (10 of 40; 95 % interval 14.2 to 40.2)",
        "wrong number of characters   12.5 % (5 of 40; 95 % interval 5.5 to 26.1):",
        " " * 28 + "segmentation",
        "right number, wrong ones     50.0 % (20 of 40; 95 % interval 35.2 to 64.8):",
        " " * 28 + "classification",
        "unreadable images            12.5 % (5 of 40; 95 % interval 5.5 to 26.1):",
        " " * 28 + "counted as wrong",
        "character error rate         43.8 % (35 edits, 80 characters)",
        "calibration error            58.6 % (expected, 35 texts,",
        " " * 28 + "at most 10 bins of equal mass)",
        "coverage at 99 % precision   25.0 % (10 of 40)",
        "risk and coverage: from a confidence on, images answered, and of those the wrong",
        "  0.9000   25.0 % answered (10 of 40), too few to tell of them wrong (0 of 10)",
        "  0.8000   75.0 % answered (30 of 40),  66.7 % of them wrong (20 of 30)",
        "  0.7000   87.5 % answered (35 of 40),  71.4 % of them wrong (25 of 35)",
        "accuracy by position, of texts read with the right length, and below of all",
        "  1   100.0 % (30 of 30; 95 % interval 88.6 to 100.0)",
        "       87.5 % (35 of 40; 95 % interval 73.9 to 94.5)",
        "  2    33.3 % (10 of 30; 95 % interval 19.2 to 51.2)",
        "       25.0 % (10 of 40; 95 % interval 14.2 to 40.2)",
        "whole-text accuracy by length",
        "  2    25.0 % (10 of 40; 95 % interval 14.2 to 40.2)",
        "most confused, true > read  B > 8 (20), B > nothing (5)",
    ]


@pytest.mark.parametrize("n", [1, 29])
def test_too_few_images_have_no_percentage(n: int) -> None:
    text = evaluation_to_text(evaluate(["A"] * n, [Reading("A", 0.9, ())] * n))
    assert text.count("95 % interval") == text.count(f"too few to tell ({n} of {n};") + text.count("tell (0 of") == 7
    assert "%" not in text.replace("95 % interval", "").replace("99 % precision", "")
    assert max(map(len, text.splitlines())) <= 80
    assert "calibration error           too few to tell (expected" in text
    assert f"coverage at 99 % precision  too few to tell ({n} of {n})" in text
    assert "character error rate        too few to tell (0 edits" in text
    assert f"  0.9000  too few to tell answered ({n} of {n})," in text
    assert f"too few to tell of them wrong (0 of {n})" in text


def test_of_many_thresholds_every_tenth_of_coverage_is_shown() -> None:
    readings: list[Reading | KerfError] = [Reading("A", 1 - i / 1000, ()) for i in range(100)]
    text = evaluation_to_text(evaluate(["A"] * 100, readings))
    assert re.findall(r"answered \((\d+) of 100\)", text) == [str(tenth) for tenth in range(10, 101, 10)]


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


def trained(correct: int, validated: int, pseudo: int = 0) -> TrainResult:
    """A training that came to so many right."""
    provenance = Provenance(90, validated, pseudo, "", correct, 0.0, 1.0, "2026-01-01", "0")
    return TrainResult(cast(Model, SimpleNamespace(provenance=provenance)), (), (), ())


def epoch(training: tuple[int, int], validation: tuple[int, int], *, whole: bool = True) -> EpochReport:
    """A pass that read so many rightly."""
    return EpochReport(1, 20, whole, 0.5, 1.0, proportion(*training), proportion(*validation), 12.0)


@pytest.mark.parametrize(
    ("correct", "validated", "said"),
    [
        (27, 30, "90.0 % (27 of 30; 95 % interval 74.4 to 96.5)"),
        (28, 29, "too few to tell (28 of 29; 95 % interval 82.8 to 99.4)"),
        (3, 3, "too few to tell (3 of 3; 95 % interval 43.9 to 100.0)"),
        (0, 0, "none (0 of 0)"),
    ],
)
def test_training_says_its_accuracy_with_n(correct: int, validated: int, said: str) -> None:
    start = "trained on 90 labelled images; whole-text accuracy on images held back for validation: "
    assert training_to_text(trained(correct, validated)) == start + said


def test_training_says_what_had_no_labels_and_what_chose_the_model() -> None:
    told = training_to_text(replace(trained(30, 40, 35), models=2))
    assert told.startswith("trained on 90 labelled images and 35 without labels; ")
    assert told.endswith("75.0 % (30 of 40; 95 % interval 59.8 to 85.8); these also chose it among two models")


def test_training_warns_of_what_makes_it_less_than_it_seems() -> None:
    copies = (Sample(IMAGES[0], "A7"), Sample(IMAGES[2], "A7"))
    sure, unsure = epoch((100, 100), (70, 100)), epoch((100, 100), (8, 10))
    result = replace(trained(8, 10), epochs=(sure,), duplicates=(copies,), not_cut=7)
    warned = training_to_text(result).splitlines()
    assert warned[1].startswith("warning: 1 of the validation images look like one trained on, such as d.png like ")
    assert "it overfits" in warned[2]
    assert "by 21 points or more" in warned[2]
    assert warned[3].startswith("warning: there was no time for 7 of the labelled images")
    assert len(warned) == 4
    assert len(training_to_text(replace(trained(8, 10), epochs=(unsure,))).splitlines()) == 1


def test_training_warns_where_there_was_no_time_for_one_pass() -> None:
    short = replace(trained(8, 10), epochs=(epoch((5, 9), (1, 3), whole=False),))
    assert training_to_text(short).splitlines()[1].startswith("warning: there was no time for one pass over the images")


def test_epoch_names_its_figures_with_their_n() -> None:
    assert epoch_to_text(epoch((90, 100), (40, 50))) == (
        "epoch   1 of 20: loss   0.500, whole-text accuracy in training 90.0 % (90 of 100), "
        "in validation 80.0 % (40 of 50), train-validation gap +10.0 points, 12 s"
    )
    assert epoch_to_text(epoch((90, 100), (8, 10))) == (
        "epoch   1 of 20: loss   0.500, whole-text accuracy in training 90.0 % (90 of 100), "
        "in validation too few to tell (8 of 10), 12 s"
    )
    assert "in training too few to tell (9 of 9), in validation 80.0 % (40 of 50), 12 s" in epoch_to_text(
        epoch((9, 9), (40, 50))
    )


def test_adapting_says_what_it_came_to_with_its_doubt() -> None:
    result = AdaptResult(trained(0, 0, 35).model, Adaptation((), 35, False, 1.0, (0.714, 0.512, 0.868)), ())
    told = adaptation_to_text(result)
    assert told == (
        "learnt from 35 images without labels; as far as can be told without labels, it reads about 71 % of whole "
        "texts rightly (between 51 and 87)"
    )
    drifted = replace(result, adaptation=replace(result.adaptation, drifted=True))
    assert adaptation_to_text(drifted).startswith(f"{told}\nwarning: it began to drift")


def test_a_pass_without_labels_is_told() -> None:
    report = PassReport(3, 0.254, 8, 27, 2.5, 0.7, 0.612, 12.4)
    assert pass_to_text(report) == (
        "pass   3,  25 % of the run: learnt from 8 of 27 images, loss   2.500; of those never learnt from: "
        "mean confidence 70.0 %, the same text when changed 61.2 %, 12 s"
    )
