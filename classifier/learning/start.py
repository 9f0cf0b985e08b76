"""The network that training starts from."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.model_file import Model
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.crops import MARGIN_SAMPLES

STEM = "trunk.0.0.weight"


def start_network(alphabet: Alphabet, settings: SegmenterSettings, start: Model | None) -> CharNet:
    """Make a network for an alphabet; with ``start``, take over its weights.

    A character starts from its own class, from that of its other case if it has none, and else from nothing.
    """
    config = start.network.config if start else NetworkConfig(1)
    samples = settings.crop.samples + 2 * MARGIN_SAMPLES
    crop = settings.crop
    config = replace(config, classes=len(alphabet), in_channels=crop.channels, height=crop.height, samples=samples)
    network = CharNet(config)
    if start:
        weights = {k: v for k, v in start.network.state_dict().items() if not k.startswith("output.")}
        missing = config.in_channels - start.network.config.in_channels  # channels that the start had not add nothing
        weights[STEM] = functional.pad(weights[STEM], (0, 0, 0, 0, 0, missing))
        network.load_state_dict(weights, strict=False)
        known = start.network.output
        with torch.no_grad():
            for row, character in enumerate(alphabet.characters):
                for same in (character.swapcase(), character):
                    if (at := start.alphabet.characters.find(same)) >= 0:
                        network.output.weight[row] = known.weight[at]
                        network.output.bias[row] = known.bias[at]
    return network
