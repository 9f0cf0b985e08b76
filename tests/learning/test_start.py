"""Where training starts: from another model's weights, which a wider network reads the same with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from kerf.classifier.learning.start import start_network, widen
from kerf.classifier.network.batch import examples_to_batch
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import SIZES
from kerf.classifier.network.examples import segmentation_to_example
from kerf.segmenter import segment
from kerf.segmenter.errors import SettingsError
from tests.tiny import tiny_image, tiny_model

CPU = torch.device("cpu")
MODEL = tiny_model()
CONFIG = MODEL.network.config


def scores(network: CharNet) -> tuple[torch.Tensor, torch.Tensor]:
    images = [np.dstack([tiny_image(count)] * 3) for count in (3, 4)]
    batch = examples_to_batch([segmentation_to_example(segment(image)) for image in images], CPU)
    with torch.no_grad():
        logits, skips = network.eval()(batch.strips, batch.crops)
    return logits, skips


def test_a_wider_network_reads_the_same_and_no_two_of_its_units_are_read_alike() -> None:
    shape = replace(CONFIG, channels=(8, 12, 16), reduced=12, hidden=16)
    torch.manual_seed(1)
    wider = widen(MODEL.network, shape)
    assert wider.config == shape
    for wide, narrow in zip(scores(wider), scores(MODEL.network), strict=True):
        assert torch.allclose(wide, narrow, atol=1e-4)
        assert float(narrow.std()) > 1e-3
    weights = wider.state_dict()
    for name, axis in (("trunk.1.0.weight", 1), ("trunk.3.0.weight", 1), ("output.weight", 1), ("skip.weight", 1)):
        units = weights[name].transpose(0, axis).flatten(1)
        assert len(torch.unique(units, dim=0)) == len(units), name
    assert torch.equal(weights["trunk.0.0.weight"][:4], weights["trunk.0.0.weight"][4:])


def test_widths_that_are_no_multiple_are_refused_in_one_line() -> None:
    with pytest.raises(SettingsError, match=r"\(4, 4, 8, 4, 8\) units cannot be widened to \(4, 4, 8, 6, 8\)"):
        widen(MODEL.network, replace(CONFIG, reduced=6))


def test_a_network_that_is_as_wide_is_the_same() -> None:
    assert widen(MODEL.network, replace(CONFIG, classes=9, dropout=0.5)) is MODEL.network


def test_the_size_is_the_starts_unless_another_is_asked_for() -> None:
    def widths(network: CharNet) -> tuple[int, ...]:
        return (*network.config.channels, network.config.reduced, network.config.hidden)

    assert widths(start_network(MODEL.alphabet, MODEL.segmenter, MODEL)) == (4, 4, 8, 4, 8)
    assert widths(start_network(MODEL.alphabet, MODEL.segmenter, MODEL, "fast")) == (16, 16, 32, 16, 96)
    assert widths(start_network(MODEL.alphabet, MODEL.segmenter, None)) == (16, 16, 32, 16, 96)
    assert widths(start_network(MODEL.alphabet, MODEL.segmenter, None, "accurate")) == (32, 32, 64, 32, 192)
    wider = start_network(MODEL.alphabet, MODEL.segmenter, MODEL, "fast")
    assert torch.allclose(scores(wider)[0], scores(MODEL.network)[0], atol=1e-4)
    assert wider.config.dropout == SIZES["fast"].dropout
