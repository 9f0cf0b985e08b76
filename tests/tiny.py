"""A model and an image that are small and always the same, whatever random numbers PyTorch draws."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter import SegmenterSettings


def tiny_model(temperature: float = 0.5, scores: float = 1.0) -> Model:
    """A network of random weights, all of whose scores are multiplied by ``scores``."""
    network = CharNet(NetworkConfig(4, channels=(4, 4, 8), reduced=4, hidden=8)).eval()
    rng = np.random.default_rng(118)
    for name, tensor in network.state_dict().items():
        if tensor.dtype == torch.float32:
            values = rng.normal(0.0, 3.0 if name == "output.weight" else 0.5, tuple(tensor.shape))
            values = np.abs(values) + 0.5 if name.endswith(("running_var", "norm.weight")) else values
            tensor.copy_(torch.from_numpy(np.asarray(values, np.float32)))
    with torch.no_grad():
        network.skip.weight.mul_(0.1 * scores)
        network.skip.bias.fill_(-4.0 * scores)
        network.output.weight.mul_(scores)
        network.output.bias.mul_(scores)
    provenance = Provenance(1, 1, 0, "", 1, 0.0, 1.0, "2026-01-02", "0")
    return Model(network, Alphabet("ab12"), (2, 4), temperature, SegmenterSettings(), provenance)


def tiny_image(pieces: int = 3) -> NDArray[np.uint8]:
    """Grey rings, a smaller and wider one after the other; three of them make a strip that needs no padding."""
    image = np.full((60, 40 * pieces + 40), 255, np.uint8)
    left = 20
    for index in range(pieces):
        width = 13 + 4 * index
        image[16 + 3 * index : 46 - 2 * index, left : left + width] = 0
        image[24:30, left + 4 : left + width - 4] = 255
        left += width + 17
    return image
