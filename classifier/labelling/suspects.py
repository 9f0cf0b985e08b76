"""Labels of a folder that are probably wrong, by models that did not learn them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kerf.classifier.folders.dataset import Sample, split_samples
from kerf.classifier.labelling.learner import Lesson, to_seconds, train_gently
from kerf.classifier.measuring.suspects import BEST, find_contradicted
from kerf.classifier.recognizer import Reading, Recognizer


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
    (cross-fitting); what contradicts a label is ``find_contradicted``'s rule.

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
        recognizer = Recognizer(train_gently(Lesson(learnt, start=start, seconds=to_seconds(len(learnt)))))
        readings = list(recognizer.read_many([sample.path for sample in judged], best=BEST))
        wrong = find_contradicted([sample.text for sample in judged], readings, recognizer.model.alphabet.characters)
        found += [(judged[index], readings[index]) for index in wrong]
    suspects = [Suspect(sample, r.text, r.confidence) for sample, r in found if isinstance(r, Reading)]
    return sorted(suspects, key=lambda suspect: -suspect.confidence)
