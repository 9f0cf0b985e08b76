"""What readings come to, as an attack: exact, of readings made up."""

from __future__ import annotations

import pytest

from kerf.classifier.auditing.attack import (
    Cost,
    Means,
    confidences_to_coverage,
    readings_to_attack,
    readings_to_estimate,
    text_to_place,
)
from kerf.classifier.measuring.rates import count_to_rate
from kerf.classifier.recognizer import Reading
from kerf.segmenter.errors import KerfError, UnreadableImageError

BROKEN = UnreadableImageError("a.png: broken")
START = Cost(Means.START)


def tell(text: str, confidence: float, *others: tuple[str, float]) -> Reading:
    """A reading with its next best texts."""
    return Reading(text, confidence, (), others)


def test_tries_count_the_place_at_which_a_text_is_right() -> None:
    answers: list[Reading | KerfError] = [
        tell("ab", 0.9),
        tell("aa", 0.5, ("ab", 0.3), ("bb", 0.1)),
        tell("aa", 0.5, ("bb", 0.3), ("ab", 0.1)),
        tell("aa", 0.5, ("bb", 0.3), ("ba", 0.1)),
        BROKEN,
    ]
    attack = readings_to_attack(START, ["ab"] * 5, answers, 0.25)
    assert attack.tries == tuple(count_to_rate(count, 5) for count in (1, 2, 3))
    assert attack.success == count_to_rate(1, 5)
    assert attack.coverage == count_to_rate(1, 5)  # the surest alone is right
    assert attack.read_seconds == 0.25


def test_texts_that_differ_by_case_alone_take_one_try_where_case_is_none() -> None:
    reading = tell("AB", 0.5, ("ab", 0.3), ("cd", 0.2))
    assert text_to_place("cd", reading, ignore_case=False) == 3
    assert text_to_place("cd", reading, ignore_case=True) == 2
    attack = readings_to_attack(START, ["Cd"], [reading], 1.0, ignore_case=True)
    assert [rate.count for rate in attack.tries] == [0, 1, 1]


def test_an_estimate_adds_what_further_texts_hold_and_never_claims_a_count() -> None:
    answers: list[Reading | KerfError] = [
        tell("a", 0.6, ("b", 0.2), ("c", 0.1)),
        tell("a", 1.0),
        BROKEN,
        tell("a", 0.4, ("b", 0.2)),
    ]
    attack = readings_to_estimate(Cost(Means.IMAGES), (0.7, 0.5, 0.95), answers, 0.1)
    told = [(rate.value, rate.low, rate.high) for rate in attack.tries]
    expected = [(0.7, 0.5, 0.95), (0.8, 0.6, 1.0), (0.825, 0.625, 1.0)]
    assert [pytest.approx(one) for one in expected] == told
    assert {rate.count for rate in (*attack.tries, attack.coverage)} == {None}
    assert {rate.n for rate in attack.tries} == {4}
    assert attack.coverage.value == 0.25


def test_what_is_answered_is_the_most_whose_mean_confidence_is_enough() -> None:
    assert confidences_to_coverage([0.5, 1.0, 0.985, 0.99]) == 0.75
    assert confidences_to_coverage([0.98]) == 0.0
    assert confidences_to_coverage([]) == 0.0


def test_a_person_types_25_labels_a_minute() -> None:
    assert Cost(Means.LABELS, 200).labelling_minutes == 8
    assert [Cost(means, labels).name for means, labels in zip(Means, (0, 0, 50), strict=True)] == [
        "as it comes",
        "adapted",
        "50 labels",
    ]
