from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest

from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.labelling.learner import Lesson, Worker, complete, learn
from kerf.classifier.model_file import load_model
from tests.labelling.making import draw_images
from tests.learning.quick import CPU
from tests.running import ROOT


@pytest.mark.process
def test_a_process_of_its_own_says_why_there_is_no_model(tmp_path: Path) -> None:
    samples = [Sample(path, "ab") for path in draw_images(tmp_path, 3)]
    worker, said, out = Worker(), Queue[Path | str](), tmp_path / "new.safetensors"
    worker.begin(learn, (Lesson(samples), out), said.put)
    assert worker.busy
    assert said.get(timeout=60) == "3 labelled images can be used, training needs 10; label more"
    assert not worker.busy
    worker.begin(learn, (Lesson(samples), out), said.put)
    worker.stop()
    assert said.get(timeout=60) == "the process ended before it was done"
    assert not out.exists()


def test_labels_become_a_model_that_knows_what_it_learnt(tmp_path: Path) -> None:
    samples = folder_to_samples(ROOT / "data" / "samples").samples[:10]
    images = [sample.path for sample in folder_to_samples(ROOT / "data" / "samples").samples[10:30]]
    model = load_model(
        learn(Lesson(samples, images, Constraint("A-Z0-9"), None, 0.1), tmp_path / "new.safetensors"), CPU
    )
    assert len(model.provenance.learnt) == 16 * len(samples)
    assert model.provenance.trained + model.provenance.validated == 10
    assert set(model.alphabet.characters) == set("".join(sample.text for sample in samples)) | set(
        string.ascii_uppercase + string.digits
    )


@pytest.mark.parametrize(
    ("texts", "told", "charset"),
    [
        (["a1", "b2"], Constraint(), "0123456789abcdefghijklmnopqrstuvwxyz"),
        (["A"], Constraint(length="1"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (["1"] * 50 + ["2"], Constraint(), None),  # a fiftieth of the texts is not much
        (["1"] * 49 + ["2"], Constraint(), "0123456789"),
        (["a+"], Constraint(), None),  # what goes with other characters is not known
        (["a1"], Constraint("a1"), "a1"),
        (["a1"], Constraint(pattern="[ab]1"), None),
        ([], Constraint(), None),
    ],
)
def test_few_labels_stand_for_the_characters_that_go_with_theirs(
    texts: list[str], told: Constraint, charset: str | None
) -> None:
    assert complete(texts, told) == replace(told, charset=charset)
