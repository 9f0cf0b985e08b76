from __future__ import annotations

import multiprocessing
from pathlib import Path
from queue import Queue

import pytest

from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.labelling import learner as module
from kerf.classifier.labelling.learner import Learner, learn
from kerf.classifier.model_file import load_model
from tests.labelling.making import draw_images
from tests.learning.quick import CPU
from tests.running import ROOT


@pytest.mark.process
def test_a_process_of_its_own_says_why_there_is_no_model(tmp_path: Path) -> None:
    samples = [Sample(path, "ab") for path in draw_images(tmp_path, 3)]
    learner, said = Learner(tmp_path / "new.safetensors", None), Queue[str]()
    learner.begin(samples, said.put)
    assert learner.busy
    assert said.get(timeout=60) == "3 labelled images can be used, training needs 10; label more"
    assert not learner.busy
    learner.begin(samples, said.put)
    learner.stop()
    assert said.get(timeout=60) == "training ended without a model"
    assert not learner.out.exists()


def test_labels_become_a_model_that_knows_what_it_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "to_seconds", lambda labels: 0.01 * labels)
    monkeypatch.setattr(module.os, "nice", lambda _: 0)
    samples = folder_to_samples(ROOT / "data" / "samples").samples[:10]
    receiver, sender = multiprocessing.Pipe(duplex=False)
    with receiver, sender:
        learn(samples, None, tmp_path / "new.safetensors", sender)
        assert receiver.recv() == ""
    model = load_model(tmp_path / "new.safetensors", CPU)
    assert len(model.provenance.learnt) == 16 * len(samples)
    assert set(model.alphabet.characters) == set("".join(sample.text for sample in samples))
