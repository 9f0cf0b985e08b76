"""Labels that are probably wrong: a model that did not learn them reads something else, and is sure of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kerf.classifier.folders.dataset import Sample, split_samples
from kerf.classifier.labelling.learner import to_seconds, train_gently
from kerf.classifier.recognizer import Reading, Recognizer

LEAST_CONFIDENCE = 0.8
"""Confidence from which a reading contradicts a label."""


@dataclass(frozen=True)
class Suspect:
    """A label, and what was read in its place.

    Attributes
    ----------
    sample
        The image and its label.
    text, confidence
        What a model reads that learnt from the other half of the labels.
    """

    sample: Sample
    text: str
    confidence: float


def find_suspects(samples: Sequence[Sample], start: Path | None = None) -> list[Suspect]:
    """Find labels that are probably wrong, the surest first.

    Two models each learn from one half of the labels, by the hash of the images' content, and read the other half
    (cross-fitting; Northcutt, Jiang, Chuang 2021). A label with a character that a model did not learn is not judged.

    Parameters
    ----------
    samples
        Images and their labels.
    start
        The model file to start from; None for the bundled one.

    Raises
    ------
    NoLabelsError
        If a half has too few labels; see ``train``.
    """
    halves = split_samples(samples, 0.5)
    found = []
    for learnt, judged in ((halves.train, halves.validation), (halves.validation, halves.train)):
        recognizer = Recognizer(train_gently(learnt, start, to_seconds(len(learnt))))
        known = set(recognizer.model.alphabet.characters)
        readings = recognizer.read_many([sample.path for sample in judged])
        found += [
            Suspect(sample, reading.text, reading.confidence)
            for sample, reading in zip(judged, readings, strict=True)
            if isinstance(reading, Reading) and contradicts(reading, sample.text, known)
        ]
    return sorted(found, key=lambda suspect: -suspect.confidence)


def contradicts(reading: Reading, label: str, known: set[str]) -> bool:
    """Return whether a reading says that a label is wrong."""
    return reading.text != label and reading.confidence >= LEAST_CONFIDENCE and known.issuperset(label)
