"""What tests of training share: little of it, and what it does to the weights."""

from __future__ import annotations

import pytest
import torch

from kerf.classifier.learning.adapting import Adaptation, Adapter
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.learning.observer import Observer
from kerf.classifier.network.char_net import CharNet

CPU = torch.device("cpu")
QUICK = TrainSettings(epochs=1)


def first_weights(network: CharNet) -> torch.Tensor:
    """Weights of the first convolution."""
    weights: torch.Tensor = network.state_dict()["trunk.0.0.weight"]
    return weights


def watch_adapting(monkeypatch: pytest.MonkeyPatch) -> list[Adapter]:
    """The adapters that are made, from now on; each takes one step."""
    made: list[Adapter] = []

    def pretend(self: Adapter, observer: Observer, deadline: Deadline) -> Adaptation:
        made.append(self)
        self.fitter.step(self.anchors[:1] or self.to_lesson(1.0)[:1], 0.0)
        self.fitter.keep_average()
        return Adaptation((), 7, False, 1.0, (0.5, 0.4, 0.6))

    monkeypatch.setattr(Adapter, "adapt", pretend)
    monkeypatch.setattr("kerf.classifier.learning.unlabelled.near_duplicates", lambda split: [])
    return made
