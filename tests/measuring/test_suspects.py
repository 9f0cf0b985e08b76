"""Which labels look wrong."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kerf.classifier.measuring.suspects import LEAST_CONFIDENCE, MOST_PROBABILITY, find_contradicted
from kerf.segmenter.errors import KerfError, UnreadableImageError


@dataclass(frozen=True)
class Said:
    """A text, how sure it is, and the next best."""

    text: str
    confidence: float = 0.95
    alternatives: tuple[tuple[str, float], ...] = (("zz", 0.005), ("z", 0.001))


def test_a_sure_answer_contradicts_another_label_and_the_surest_comes_first() -> None:
    labels = ["ab", "cd", "ef", "gh", "ij", "kl"]
    answers: list[Said | KerfError] = [
        Said("ab", 1.0),
        Said("cx", LEAST_CONFIDENCE),
        Said("ex", LEAST_CONFIDENCE - 0.001),
        UnreadableImageError("gh is broken"),
        Said("", 0.99),
        Said("kx", 0.9),
    ]
    assert find_contradicted(labels, answers, "abcdefghijklx") == [4, 5, 1]


@pytest.mark.parametrize(
    ("alternatives", "contradicted"),
    [
        ((("ab", MOST_PROBABILITY), ("b", 0.001)), True),
        ((("ab", MOST_PROBABILITY + 0.0001), ("b", 0.001)), False),
        ((("b", 0.3), ("a", MOST_PROBABILITY)), True),  # the label is not among them, and so no more probable
        ((("b", 0.3), ("a", MOST_PROBABILITY + 0.0001)), False),
        ((("b", 0.04), ("ab", 0.001)), True),
        ((), False),  # nothing is known of what comes next
    ],
)
def test_a_label_that_is_as_good_as_impossible_is_contradicted(
    alternatives: tuple[tuple[str, float], ...], contradicted: bool
) -> None:
    found = find_contradicted(["ab"], [Said("xb", 0.6, alternatives)], "abx")
    assert found == ([0] if contradicted else [])


def test_a_label_with_a_character_that_is_never_read_is_not_judged() -> None:
    assert find_contradicted(["a1", "ab"], [Said("xx"), Said("xx")], "abx") == [1]


def test_case_may_not_matter() -> None:
    labels = ["Ab", "aB", "AC", "Ax"]
    answers = [Said("ab"), Said("xb"), Said("ab"), Said("ab", 0.9, (("AX", 0.006), ("aX", 0.006), ("y", 0.001)))]
    assert find_contradicted(labels, answers, "abcx", ignore_case=True) == [1, 2]
    assert find_contradicted(labels[:3], answers[:3], "abcx") == []
