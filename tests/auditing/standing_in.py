"""Trainings and readers that stand in for real ones: what a model reads rightly is its temperature, as a share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kerf.classifier.alphabet import Constraint
from kerf.classifier.auditing.attacker import Target
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.adapting import Adaptation
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.observer import EpochReport, PassReport
from kerf.classifier.learning.training import AdaptResult, TrainResult
from kerf.classifier.measuring.metrics import Proportion
from kerf.classifier.model_file import Model
from kerf.classifier.recognizer import Reading
from tests.tiny import tiny_model

HALF = Proportion(1, 2, 0.5, 0.1, 0.9)
ADAPTED = Adaptation((PassReport(1, 1.0, 18, 20, 0.1, 0.5, 0.6, 1.0),), 18, False, 1.0, (0.6, 0.4, 0.8))


def to_model(share: float) -> Model:
    """A model that reads so much."""
    return replace(tiny_model(), temperature=share)


def to_name(number: int) -> Path:
    """The path of an image that need not be there."""
    return Path(f"{number:03}.png")


def to_label(path: Path) -> str:
    """What an image says."""
    return f"t{path.stem}"


class Reader:
    """Reads the first ``share`` of a hundred rightly, the others at the second try, and is unsure of these."""

    def __init__(self, model: Model) -> None:
        self.share = model.temperature

    def read_many(self, paths: Sequence[Path], constraint: Constraint, best: int) -> Iterator[Reading]:
        """Read."""
        assert best == 3
        for path in paths:
            text = to_label(path)
            right = int(path.stem) % 100 < 100 * self.share
            yield Reading(text, 0.995, ()) if right else Reading("no", 0.6, (), ((text, 0.3),))


def stand_in(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Put the stand-ins in place; returned is what was learnt from: numbers of labels and of images."""
    learnt: list[tuple[int, int]] = []

    def train(samples: Sequence[Sample], *others: object) -> TrainResult:
        learnt.append((len(samples), 0))
        assert isinstance(others[-1], Deadline)
        model = to_model(min(0.9, 0.5 + len(samples) / 500))
        epochs = 1200 if len(samples) == 100 else 3
        return TrainResult(model, (EpochReport(epochs, epochs, True, 0.1, 0.1, HALF, HALF, 1.0),), (), ())

    def adapt(images: Sequence[Path], *_: object) -> AdaptResult:
        learnt.append((0, len(images)))
        return AdaptResult(to_model(0.4), ADAPTED, ())

    monkeypatch.setattr("kerf.classifier.auditing.attacker.train", train)
    monkeypatch.setattr("kerf.classifier.auditing.attacker.adapt", adapt)
    monkeypatch.setattr("kerf.classifier.auditing.attacker.Recognizer", Reader)
    return learnt


def to_labelled_target() -> Target:
    """Two hundred images with labels, a hundred of them held back."""
    samples = [Sample(to_name(number), to_label(to_name(number))) for number in range(200)]
    return Target(samples[100:], samples[:100], [sample.path for sample in samples[100:]], Constraint())
