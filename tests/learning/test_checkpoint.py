"""Checkpoints: a training that goes on from one ends as one that was never stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kerf.classifier.learning.checkpoint import load_checkpoint, save_checkpoint
from kerf.classifier.learning.fitting import Fitter, LabelledExample
from kerf.classifier.learning.observer import Observer
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.network.char_net import CharNet
from kerf.segmenter.errors import ModelUnreadableError
from tests.learning.test_fitting import TINY, equal, tiny_fitter, weights


def learn(fitter: Fitter, examples: list[LabelledExample], taken: int, until: int) -> None:
    """Passes over eight examples, two steps each."""
    schedule = Schedule(10)
    schedule.taken = taken
    while schedule.taken < until:
        fitter.run_epoch(examples[:8], schedule, Observer())


def test_going_on_ends_as_never_stopped(examples: list[LabelledExample], tmp_path: Path) -> None:
    path = tmp_path / "a.checkpoint"
    whole = tiny_fitter()
    learn(whole, examples, 0, 4)
    save_checkpoint(whole, 4, path)
    learn(whole, examples, 4, 10)
    stopped = tiny_fitter(seed=0)
    torch.manual_seed(5)  # what is random otherwise is stored too
    assert load_checkpoint(stopped, path) == 4
    learn(stopped, examples, 4, 10)
    assert equal(weights(whole), weights(stopped))
    whole.keep_average()
    stopped.keep_average()
    assert equal(weights(whole), weights(stopped))


def test_what_is_no_checkpoint_of_this_training_is_told(examples: list[LabelledExample], tmp_path: Path) -> None:
    path = tmp_path / "a.checkpoint"
    fitter = tiny_fitter()
    learn(fitter, examples, 0, 2)
    save_checkpoint(fitter, 2, path)
    content = path.read_bytes()
    wider = CharNet(replace(TINY, channels=(2, 2, 4)))
    other = Fitter(wider, fitter.alphabet, fitter.lengths, fitter.settings)
    with pytest.raises(ModelUnreadableError, match=r"a\.checkpoint is no checkpoint of this training; remove it"):
        load_checkpoint(other, path)
    for broken in (content[:-10], b"", content.replace(b"kerf-checkpoint", b"kerf-whatever-x")):
        path.write_bytes(broken)
        with pytest.raises(ModelUnreadableError):
            load_checkpoint(tiny_fitter(), path)
