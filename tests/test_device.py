"""On a device of its own, reading and training mix nothing and wait for nothing but the scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.learning.calibration import TEMPERATURES, fit_temperature
from kerf.classifier.learning.deadline import NO_DEADLINE
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import Observer
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import NetworkConfig
from kerf.classifier.network.examples import segmentation_to_example
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter import segment
from tests.emulated_device import DEVICE, DeviceTensor, emulated, move
from tests.tiny import tiny_image, tiny_model

PICTURES = [np.dstack([tiny_image(pieces)] * 3) for pieces in (2, 3, 4, 3)]
EXAMPLES = [
    LabelledExample(segmentation_to_example(segment(picture)), text)
    for picture, text in zip(PICTURES, ("ab", "ab1", "ab12", "21b"), strict=True)
]
SCORES = 2  # copies: of the candidates' scores and of the gaps'


def device_fitter() -> Fitter:
    torch.manual_seed(0)
    network = CharNet(NetworkConfig(4, channels=(2, 2, 2), reduced=2, hidden=4))
    move(network)
    return Fitter(network, Alphabet("ab12"), (2, 4), TrainSettings(batch_size=2))


def test_the_device_is_one_apart() -> None:
    with emulated() as device:
        there = torch.ones(3, device=DEVICE)
        assert isinstance(there * 2, DeviceTensor)
        with pytest.raises(RuntimeError, match="same device"):
            there + torch.ones(3)
        assert (there * 2).cpu().tolist() == [2, 2, 2]
        assert device.counts == {"down": 1}
        assert there.sum().item() == 3
        assert bool(there[0] == 1)
        assert there[there > 0].shape == (3,)
        assert device.counts == {"down": 1, "read": 3}


def test_reading_waits_for_the_scores_alone() -> None:
    model = tiny_model()
    space = to_text_space(model.alphabet, model.lengths, Constraint())
    examples = [labelled.example for labelled in EXAMPLES]
    expected = Recognizer(model).read_examples(examples, space, 1)
    with emulated() as device:
        move(model.network)
        recognizer = Recognizer(model)
        device.counts.clear()
        read = recognizer.read_examples(examples, space, 1)
    assert read == expected
    assert device.counts == {"down": SCORES, "up": 3}


def test_a_step_waits_for_the_scores_alone() -> None:
    with emulated() as device:
        fitter = device_fitter()
        device.counts.clear()
        for taken in range(1, 4):
            fitter.step(EXAMPLES, 0.5)
            assert device.counts["down"] == SCORES * taken
        assert device.counts["read"] == 0


def test_an_epoch_reads_its_loss_once() -> None:
    with emulated() as device:
        fitter = device_fitter()
        device.counts.clear()
        fitter.run_epoch(EXAMPLES, Schedule(2, NO_DEADLINE), Observer())
        assert (device.counts["down"], device.counts["read"]) == (SCORES * 2, 1)
        assert fitter.has_learnt


def test_temperatures_are_tried_without_the_device() -> None:
    with emulated() as device:
        fitter = device_fitter()
        fitter.network.eval()
        device.counts.clear()
        assert fit_temperature(fitter, EXAMPLES) in TEMPERATURES
        assert (device.counts["down"], device.counts["read"]) == (SCORES, 0)
