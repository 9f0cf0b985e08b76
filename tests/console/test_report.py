"""What people are told of an evaluation, of training and of adapting."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kerf.classifier.console.report import (
    adaptation_to_text,
    epoch_to_text,
    evaluation_to_json,
    evaluation_to_text,
    pass_to_text,
    training_to_text,
)
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.adapting import Adaptation
from kerf.classifier.learning.observer import EpochReport, PassReport
from kerf.classifier.learning.training import AdaptResult, TrainResult
from kerf.classifier.measuring.metrics import Evaluation, evaluate, proportion
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance
from kerf.classifier.recognizer import Reading
from kerf.segmenter.errors import KerfError, UnreadableImageError


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
    plain = json.loads(evaluation_to_json(evaluate(["A7"], [Reading("A7", 0.98765, ())])))
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
    copies = (Sample(Path("a.png"), "A7"), Sample(Path("d.png"), "A7"))
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
