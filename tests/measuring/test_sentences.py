"""What is said of an evaluation, word for word."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kerf.classifier.measuring import sentences
from kerf.classifier.measuring.metrics import Confusion, Evaluation, evaluate
from kerf.segmenter.errors import KerfError, UnreadableImageError


@dataclass(frozen=True)
class Read:
    text: str
    confidence: float


def of(*groups: tuple[str, str | None, float, int]) -> Evaluation:
    """Evaluate groups of truth, text, confidence and how many there are; without a text, unreadable."""
    truths = [truth for truth, _, _, n in groups for _ in range(n)]
    readings: list[Read | KerfError] = []
    for _, text, confidence, n in groups:
        readings += [UnreadableImageError("x") if text is None else Read(text, confidence)] * n
    return evaluate(truths, readings)


def test_how_many_are_right() -> None:
    assert sentences.to_accuracy_sentence(of(("AB", "AB", 0.9, 28), ("AB", "A", 0.5, 1))) == (
        "28 of 29 texts are read right; that is too few images for a rate."
    )
    assert sentences.to_accuracy_sentence(of(("AB", "AB", 0.9, 27), ("AB", "A", 0.5, 3))) == (
        "27 of 30 texts are read right, 90.0 %; over all such images it is 74.4 % to 96.5 %."
    )


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([("AB", "AB", 0.9, 5)], "Nothing goes wrong among these images."),
        (
            [("AB", "A8", 0.9, 3), ("AB", "B", 0.9, 2), ("AB", None, 0, 1)],
            "What goes wrong most is a character taken for another, in 3 of the 6 wrong texts; "
            "the commonest mistake is B read as 8.",
        ),
        (
            [("AB", "A8", 0.9, 1), ("AB", "B", 0.9, 2)],
            "What goes wrong most is a wrong number of characters, by the cutting, in 2 of the 3 wrong texts; "
            "the commonest mistake is A left out.",
        ),
        (
            [("AB", None, 0, 2), ("AB", "AB", 0.9, 9)],
            "What goes wrong most is an image that cannot be opened, in all 2 wrong texts.",
        ),
    ],
)
def test_what_goes_wrong_most(groups: list[tuple[str, str | None, float, int]], said: str) -> None:
    assert sentences.to_fault_sentence(of(*groups)) == said


@pytest.mark.parametrize(
    ("confidence", "verdict"),
    [(0.95, "is too high"), (0.8, "can be taken at its word"), (0.5, "is too low")],
)
def test_how_far_to_trust_the_confidence(confidence: float, verdict: str) -> None:
    said = sentences.to_trust_sentence(of(("A", "A", confidence, 40), ("A", "B", confidence, 10)))
    assert said == (
        f"The confidence {verdict}: it claims {100 * confidence:.1f} % on average and 80.0 % are right. "
        "No threshold on it makes 99 % of the answers right."
    )


def test_few_images_say_nothing_of_the_confidence() -> None:
    few = of(("A", "A", 0.9, 29), ("A", None, 0, 5))
    assert sentences.to_trust_sentence(few) == "How far to trust the confidence cannot be told from so few images."
    assert sentences.to_trust_sentence(of(("A", "A", 0.9, 30))) != sentences.to_trust_sentence(few)


def test_what_answering_less_brings() -> None:
    assert sentences.to_risk_sentence(of(("A", "A", 0.9, 10), ("A", "B", 0.5, 10), ("A", "A", 0.4, 5))) == (
        "From 0.9000 on, 10 of 25 images are answered, and at least 99 % of the answers are right."
    )
    assert sentences.to_risk_sentence(of(("A", "A", 0.9, 9))) == (
        "No threshold is needed for 99 % of the answers to be right."
    )


def test_where_the_claim_is_furthest_off() -> None:
    held = of(("A", "A", 0.9, 45), ("A", "B", 0.9, 5))
    assert sentences.to_calibration_sentence(held) == (
        "Every group of images is right as often as it claims, within what so many images can tell."
    )
    assert sentences.to_calibration_sentence(of(("A", "A", 0.9, 20), ("A", "B", 0.9, 30), ("A", "A", 0.3, 9))) == (
        "It is furthest off where it claims 90.0 %: 40.0 % of these 50 are right, less than claimed."
    )
    assert sentences.to_calibration_sentence(of(("A", "A", 0.3, 50))).endswith(
        "100.0 % of these 50 are right, more than claimed."
    )
    assert sentences.to_calibration_sentence(of(("A", None, 0, 2))) == "No image was read."


def test_the_commonest_confusions() -> None:
    groups = [("A", "B", 0.5, 4), ("AA", "A", 0.5, 3), ("A", "AC", 0.5, 2), ("A", "D", 0.5, 1)]
    assert sentences.to_confusion_sentence(of(*groups)) == (
        "9 of 10 mistakes are A read as B (4), A left out (3), C added (2)."
    )
    assert sentences.to_confusion_sentence(of(("A", "A", 0.5, 1))) == (
        "No character is taken for another, lost or added."
    )
    assert sentences.to_mistake(Confusion("", "C", 2)) == "C added"


def test_the_weakest_place_and_length_are_named_only_beyond_chance() -> None:
    weak = of(("AB", "AB", 0.5, 60), ("AB", "AX", 0.5, 40))
    assert sentences.to_position_sentence(weak) == (
        "Worst read: character 2, 60.0 % right, against 100.0 % of the others."
    )
    assert sentences.to_length_sentence(weak) == "All texts have 2 characters."
    even = of(("AB", "AB", 0.5, 9), ("AB", "AX", 0.5, 1), ("ABC", "ABC", 0.5, 10))
    assert sentences.to_position_sentence(even) == (
        "No place in the text stands out: the differences are within what so many images can tell."
    )
    assert sentences.to_length_sentence(even) == (
        "No length stands out: the differences are within what so many images can tell."
    )
    lengths = of(("AB", "AX", 0.5, 30), ("ABC", "ABC", 0.5, 50))
    assert sentences.to_length_sentence(lengths) == (
        "Worst read: texts of 2 characters, 0.0 % right, against 100.0 % of the others."
    )
