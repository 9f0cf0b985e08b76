"""Labels that are probably wrong: a model is sure of something else, and finds the label itself next to impossible.

How sure it is says less than the label's own probability: where a model takes a badly drawn character for another, the
right one is nearly always among its next best texts. The rule is that of confident learning (Northcutt, Jiang, Chuang
2021) at its simplest, for texts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from kerf.classifier.measuring.metrics import Answer
from kerf.segmenter.errors import KerfError

LEAST_CONFIDENCE = 0.5
"""Probability of another text from which a label is contradicted."""
MOST_PROBABILITY = 0.01
"""Probability of the label itself up to which it is."""
BEST = 10
"""Texts that are to be found of each image: the one read and the next best."""


class Answers(Answer, Protocol):
    """A text, and the next best."""

    @property
    def alternatives(self) -> Sequence[tuple[str, float]]:
        """The next most probable texts and their probabilities, ``BEST - 1`` of them."""


def find_contradicted(
    labels: Sequence[str], answers: Sequence[Answers | KerfError], known: Collection[str], *, ignore_case: bool = False
) -> list[int]:
    """Find labels that are probably wrong.

    Parameters
    ----------
    labels
        The texts that the images are said to have.
    answers
        What a model reads of them, or why it cannot. It must not have learnt these labels: it would repeat them.
    known
        Characters that it may read; a label with another one is not judged.
    ignore_case
        Whether upper and lower are one.

    Returns
    -------
    list of int
        Indices of the labels, the surest contradiction first.
    """

    def fold(text: str) -> str:
        return text.casefold() if ignore_case else text

    characters = set(map(fold, known))
    sure = {
        index: answer.confidence
        for index, (label, answer) in enumerate(zip(map(fold, labels), answers, strict=True))
        if not isinstance(answer, KerfError)
        and characters.issuperset(label)
        and answer.confidence >= LEAST_CONFIDENCE
        and label_to_bound(label, [(fold(text), p) for text, p in to_ranked(answer)]) <= MOST_PROBABILITY
    }
    return sorted(sure, key=lambda index: -sure[index])


def to_ranked(answer: Answers) -> list[tuple[str, float]]:
    """List the texts of an answer with their probabilities, the most probable first."""
    return [(answer.text, answer.confidence), *answer.alternatives]


def label_to_bound(label: str, ranked: Sequence[tuple[str, float]]) -> float:
    """Return the probability of a label; where it is not among the most probable texts, that of the last of these."""
    same = [probability for text, probability in ranked if text == label]
    return sum(same) if same else ranked[-1][1]
