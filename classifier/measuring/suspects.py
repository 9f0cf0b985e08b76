"""Labels that are probably wrong: what reads the image reads something else, and is sure of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kerf.classifier.measuring.metrics import Answer
from kerf.segmenter.errors import KerfError

LEAST_CONFIDENCE = 0.8
"""Confidence from which an answer contradicts a label."""


def find_contradicted(
    labels: Sequence[str], answers: Sequence[Answer | KerfError], known: Collection[str], *, ignore_case: bool = False
) -> list[int]:
    """Find labels that are probably wrong.

    Parameters
    ----------
    labels
        The texts that the images are said to have.
    answers
        What a model reads of them, or why it cannot. It should not have learnt these labels: one that has says less.
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
        for index, (label, answer) in enumerate(zip(labels, answers, strict=True))
        if not isinstance(answer, KerfError)
        and fold(answer.text) != fold(label)
        and answer.confidence >= LEAST_CONFIDENCE
        and characters.issuperset(fold(label))
    }
    return sorted(sure, key=lambda index: -sure[index])
