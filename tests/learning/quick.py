"""What tests of training share: little of it, and what it does to the weights."""

from __future__ import annotations

import torch

from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.network.char_net import CharNet

CPU = torch.device("cpu")
QUICK = TrainSettings(epochs=1)
LEVEL = "kerf.classifier.learning.pseudo_labels.LEAST_CONFIDENCE"


def first_weights(network: CharNet) -> torch.Tensor:
    """Weights of the first convolution."""
    weights: torch.Tensor = network.state_dict()["trunk.0.0.weight"]
    return weights
