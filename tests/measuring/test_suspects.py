"""Which labels look wrong."""

from __future__ import annotations

from dataclasses import dataclass

from kerf.classifier.measuring.suspects import LEAST_CONFIDENCE, find_contradicted
from kerf.segmenter.errors import UnreadableImageError


@dataclass(frozen=True)
class Said:
    """A text, and how sure it is."""

    text: str
    confidence: float = 0.95


def test_a_sure_answer_contradicts_another_label_and_the_surest_comes_first() -> None:
    labels = ["ab", "cd", "ef", "gh", "ij", "kl"]
    answers = [
        Said("ab", 1.0),
        Said("cx", LEAST_CONFIDENCE),
        Said("ex", LEAST_CONFIDENCE - 0.001),
        UnreadableImageError("gh is broken"),
        Said("", 0.99),
        Said("kx", 0.9),
    ]
    assert find_contradicted(labels, answers, "abcdefghijklx") == [4, 5, 1]


def test_a_label_with_a_character_that_is_never_read_is_not_judged() -> None:
    assert find_contradicted(["a1", "ab"], [Said("xx"), Said("xx")], "abx") == [1]


def test_case_may_not_matter() -> None:
    labels, answers = ["Ab", "aB", "AC"], [Said("ab"), Said("xb"), Said("ab")]
    assert find_contradicted(labels, answers, "abcx", ignore_case=True) == [1, 2]
    assert find_contradicted(labels, answers, "abcx") == []
