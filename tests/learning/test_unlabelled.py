"""Training from images without labels, with a few labels and with none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.fitting import Fitter, TrainSettings
from kerf.classifier.learning.observer import EpochReport
from kerf.classifier.learning.training import TrainResult, adapt, known_texts, train
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import (
    NoImagesError,
    SettingsError,
    UnreadableImageError,
)
from tests.learning.quick import CPU, QUICK, first_weights, watch_adapting


def test_a_second_model_learns_from_unlabelled_images_too(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = watch_adapting(monkeypatch)
    unlabelled = [sample.path for sample in samples[15:25]]
    result = train(samples[:20], QUICK, CPU, unlabelled=unlabelled)
    (adapter,) = made  # five of the ten images are labelled already
    assert (len(adapter.unlabelled.learnt), len(adapter.unlabelled.held_out)) == (4, 1)
    assert len(adapter.anchors) == result.model.provenance.trained == 17
    assert adapter.fitter.settings.prior == 0.0
    assert result.model.provenance.pseudo_labelled in (0, 7)
    assert len(result.epochs) == 1
    assert result.models == 2


def test_no_held_out_image_is_learnt(samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = watch_adapting(monkeypatch)
    copies = []
    for index, sample in enumerate(samples[20:40]):
        copies.append(tmp_path / f"{index}.png")
        copies[-1].write_bytes(sample.path.read_bytes())
    result = train(samples[:20], QUICK, CPU, unlabelled=copies, held_out=samples[20:40])
    assert made == []
    assert (result.models, result.model.provenance.pseudo_labelled) == (1, 0)


@pytest.mark.parametrize(("first", "second", "kept"), [(2, 3, 7), (2, 2, 7), (3, 2, 0)])
def test_the_second_model_is_kept_unless_it_reads_fewer(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch, first: int, second: int, kept: int
) -> None:
    watch_adapting(monkeypatch)
    fit = Fitter.fit

    def pretend(self: Fitter, *others: Any) -> EpochReport:
        return replace(fit(self, *others), validation=proportion(first, 3))

    monkeypatch.setattr(Fitter, "fit", pretend)
    score = Fitter.score
    monkeypatch.setattr(
        Fitter,
        "score",
        lambda self, network, examples: (
            (proportion(second, 3), 0.0) if self.settings.prior == 0 else score(self, network, examples)
        ),
    )
    result = train(samples[:20], QUICK, CPU, unlabelled=[sample.path for sample in samples[20:25]])
    provenance = result.model.provenance
    assert (provenance.pseudo_labelled, provenance.validation_correct) == (kept, max(first, second))


def test_what_is_known_of_the_texts_widens_what_the_labels_show(result: TrainResult) -> None:
    start = result.model  # of 2357, two or three of them
    assert known_texts(("23", "2"), Constraint(), start) == (Alphabet("23"), (1, 2))
    assert known_texts(("a",), Constraint("5x", 3), start) == (Alphabet("5a"), (1, 3))
    assert known_texts(("a",), Constraint(pattern="[35]{2}"), start) == (Alphabet("35a"), (1, 2))
    assert known_texts(("23", "2"), Constraint("57", 3), None) == (Alphabet("23"), (1, 2))
    assert known_texts((), Constraint(), start) == (Alphabet("2357"), (2, 3))
    assert known_texts((), Constraint("375", "1-2"), start) == (Alphabet("357"), (1, 2))
    with pytest.raises(SettingsError, match="knows none of the characters"):
        known_texts((), Constraint("xyz"), start)


def test_a_model_adapts_without_any_label(samples: list[Sample], result: TrainResult, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    images = [*(sample.path for sample in samples[:25]), samples[0].path, broken]
    found = adapt(images, TrainSettings(epochs=1), CPU, result.model, Constraint("235", 3))
    provenance = found.model.provenance
    assert (found.model.alphabet, found.model.lengths) == (Alphabet("235"), (3, 3))
    assert (provenance.trained, provenance.validated) == (0, 0)
    assert provenance.pseudo_labelled == found.adaptation.learnt == found.adaptation.passes[-1].learnt
    assert found.adaptation.passes[-1].images == 22  # of 25 that differ, the tenth part is held out
    assert [type(problem) for problem in found.problems] == [UnreadableImageError]
    assert not Recognizer(found.model).read(samples[0].path).unlike
    again = adapt(images, TrainSettings(epochs=1), CPU, result.model, Constraint("235", 3)).model.network
    assert torch.equal(first_weights(found.model.network), first_weights(again))


def test_too_few_images_without_labels_are_refused(samples: list[Sample], result: TrainResult) -> None:
    with pytest.raises(NoImagesError, match="19 images that differ can be read, adapting needs 20"):
        adapt([sample.path for sample in samples[:19]], QUICK, CPU, result.model)
