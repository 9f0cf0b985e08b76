"""The trials of labelling: labels are made wrong as they say, and the typist's clock."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from benchmarks.trials.typist import RandomQueue, Trainer
from benchmarks.trials.wrong_labels import spoil_some
from kerf.classifier.folders.dataset import Sample

SAMPLES = [Sample(Path(f"{index}.png"), f"{index % 10}ab") for index in range(200)]


def test_a_share_of_the_labels_is_made_wrong_and_the_same_ones_each_time() -> None:
    said, wrong = spoil_some(SAMPLES, 0.25, random.Random(3))
    changed = [(sample, truth) for sample, truth in zip(said, SAMPLES, strict=True) if sample != truth]
    assert {sample.path for sample, _ in changed} == wrong
    assert len(wrong) == 50
    assert all(sample.text and sample.path == truth.path for sample, truth in changed)
    assert {len(sample.text) for sample, _ in changed} == {2, 3, 4}
    assert spoil_some(SAMPLES, 0.25, random.Random(3)) == (said, wrong)
    assert spoil_some(SAMPLES, 0.25, random.Random(4))[1] != wrong


def test_what_a_training_came_to_is_known_when_its_time_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = iter([10.0, 15.0])
    monkeypatch.setattr(time, "process_time", lambda: next(spent))
    trainer, ended = Trainer(), list[int | str]()
    trainer.now = 100.0
    trainer.begin(lambda a: a + 1, (6,), ended.append)
    assert trainer.busy
    assert [trainer.pass_time(seconds) for seconds in (2.0, 2.9)] == [False, False]
    assert (trainer.busy, ended) == (True, [])
    assert trainer.pass_time(0.2)
    assert (trainer.busy, ended, round(trainer.now, 3)) == (False, [7], 105.1)
    assert not trainer.pass_time(60.0)


def test_a_random_queue_never_asks_for_the_least_sure() -> None:
    queue = RandomQueue([f"{index}.png" for index in range(50)])
    draw = queue.choose((), dict.fromkeys(range(50), 0.5), at_random=False)
    assert draw
    assert (draw.image, draw.random) == (queue.order[0], True)
