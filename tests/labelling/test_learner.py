from __future__ import annotations

from pathlib import Path
from queue import Queue

import pytest

from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.labelling import learner as module
from kerf.classifier.labelling.learner import Worker, learn
from kerf.classifier.model_file import load_model
from tests.labelling.making import draw_images
from tests.learning.quick import CPU
from tests.running import ROOT


@pytest.mark.process
def test_a_process_of_its_own_says_why_there_is_no_model(tmp_path: Path) -> None:
    samples = [Sample(path, "ab") for path in draw_images(tmp_path, 3)]
    worker, said, out = Worker(), Queue[Path | str](), tmp_path / "new.safetensors"
    worker.begin(learn, (samples, None, out), said.put)
    assert worker.busy
    assert said.get(timeout=60) == "3 labelled images can be used, training needs 10; label more"
    assert not worker.busy
    worker.begin(learn, (samples, None, out), said.put)
    worker.stop()
    assert said.get(timeout=60) == "the process ended before it was done"
    assert not out.exists()


def test_labels_become_a_model_that_knows_what_it_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "to_seconds", lambda labels: 0.01 * labels)
    samples = folder_to_samples(ROOT / "data" / "samples").samples[:10]
    model = load_model(learn(samples, None, tmp_path / "new.safetensors"), CPU)
    assert len(model.provenance.learnt) == 16 * len(samples)
    assert set(model.alphabet.characters) == set("".join(sample.text for sample in samples))
