"""Pretraining: what is drawn depends on the seed alone, each image is seen about as often as asked, and it resumes."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from kerf.classifier.learning import drawing, pretraining
from kerf.classifier.learning.drawing import DrawnChunks, Pool, draw_chunks
from kerf.classifier.learning.fitting import LabelledExample, TrainSettings
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.pretraining import PretrainSettings, pretrain
from kerf.classifier.synthesis import BUILT_IN_FONT
from kerf.segmenter import SegmenterSettings

CPU = torch.device("cpu")
SETTINGS = PretrainSettings(images=32, visits=2, pool=10, workers=0, fitting=TrainSettings(batch_size=4))


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "CHUNK", 4)
    monkeypatch.setattr(drawing, "installed", list)
    for name, value in (("CHUNK", 4), ("ROUND", 2), ("HELD_BACK", 1), ("KEPT", 2)):
        monkeypatch.setattr(pretraining, name, value)


def chunks(seed: int = 3, first: int = 0) -> DrawnChunks:
    return DrawnChunks(seed, first, [BUILT_IN_FONT], SegmenterSettings())


def texts(drawn: list[LabelledExample]) -> list[str]:
    return [labelled.text for labelled in drawn]


def test_chunks_depend_on_seed_and_number_alone() -> None:
    four = list(islice(chunks(), 4))
    assert [texts(chunk) for chunk in islice(chunks(first=2), 2)] == [texts(chunk) for chunk in four[2:]]
    assert len({text for chunk in four for text in texts(chunk)}) > 10
    assert texts(next(iter(chunks(seed=4)))) != texts(four[0])
    for one, other in zip(four[1], chunks().draw(1), strict=True):
        assert np.array_equal(one.example.pixels, other.example.pixels)


def test_workers_draw_the_same_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # workers are processes of their own, with chunks of the usual size
    alone, shared = (list(islice(draw_chunks(chunks(), workers), 3)) for workers in (0, 2))
    assert [texts(chunk) for chunk in shared] == [texts(chunk) for chunk in alone]


def test_a_full_pool_forgets_at_random() -> None:
    examples = chunks().draw(0) + chunks().draw(1)
    pool = Pool(4, seed=0)
    pool.add(examples[:3])
    assert pool.examples == examples[:3]
    pool.add(examples[3:])
    assert len(pool.examples) == 4
    assert pool.examples[-1] is not pool.examples[0]
    kept = {id(example) for example in pool.examples}
    assert kept < {id(example) for example in examples}
    assert {id(example) for example in pool.take(200)} == kept


def test_it_takes_the_steps_that_visits_ask_for_and_measures_on_others(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    observer = Observer(on_step=lambda done, total: steps.append((done, total)))
    model = pretrain(SETTINGS, [BUILT_IN_FONT], tmp_path / "c", CPU, None, observer)
    assert steps[-1] == (16, 16)
    assert model.provenance.trained == 32
    assert model.provenance.validated == 4
    assert model.lengths == pretraining.LENGTHS
    assert not model.network.training


def test_stopped_and_begun_again_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c"

    def stop(report: EpochReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(SETTINGS, [BUILT_IN_FONT], path, CPU, None, Observer(on_epoch=stop))
    firsts: list[int] = []
    inner = DrawnChunks.__init__

    def watch(self: DrawnChunks, seed: int, first: int, *others: object) -> None:
        firsts.append(first)
        inner(self, seed, first, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(DrawnChunks, "__init__", watch)
    steps: list[int] = []
    pretrain(SETTINGS, [BUILT_IN_FONT], path, CPU, None, Observer(on_step=lambda done, _: steps.append(done)))
    assert steps == list(range(9, 17))
    assert sorted(firsts) == [0, 4]  # what is held back is drawn anew, what was learnt from is not
