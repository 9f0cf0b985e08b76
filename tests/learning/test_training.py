"""Training: that it learns from whole texts, repeats, says what it came to, and keeps what it learnt when stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.folders.dataset import Sample, split_samples
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.learning import checkpoint, course, training
from kerf.classifier.learning.checkpoint import Keeper
from kerf.classifier.learning.cutting import Cutter
from kerf.classifier.learning.fitting import Fitter, LabelledExample
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.start import start_network
from kerf.classifier.learning.training import TrainResult, train
from kerf.classifier.measuring.metrics import evaluate, proportion
from kerf.classifier.model_file import save_model
from kerf.classifier.recognizer import Reading, Recognizer
from kerf.segmenter import CropSettings, SegmenterSettings
from kerf.segmenter.errors import (
    KerfError,
    LabelFitError,
    ModelUnreadableError,
    NoLabelsError,
    UnreadableImageError,
)
from kerf.segmenter.load import path_to_image
from tests.learning.quick import CPU, QUICK, first_weights

# --- what it learns ----------------------------------------------------------------------------------------


def test_it_reads_captchas_that_it_has_not_seen(samples: list[Sample], result: TrainResult) -> None:
    fresh = samples[45:]
    readings = list(Recognizer(result.model).read_many(s.path for s in fresh))
    evaluation = evaluate([s.text for s in fresh], readings)
    assert (evaluation.whole_text.value or 0) >= 0.8
    assert result.model.alphabet.characters == "2357"
    assert result.model.lengths == (2, 3)


def test_provenance_and_epochs_are_those_of_the_run(samples: list[Sample], result: TrainResult) -> None:
    provenance = result.model.provenance
    validation = split_samples(samples[:45], training.VALIDATION_FRACTION).validation
    right = [
        isinstance(reading, KerfError) or reading.text == sample.text
        for sample, reading in zip(
            validation, Recognizer(result.model).read_many(s.path for s in validation), strict=True
        )
    ]
    assert (provenance.trained, provenance.validated, provenance.pseudo_labelled) == (41, 4, 0)
    assert provenance.validation_correct == sum(right)
    interval = proportion(sum(right), 4)
    assert (provenance.validation_low, provenance.validation_high) == (interval.low_95, interval.high_95)
    assert [e.epoch for e in result.epochs] == list(range(1, 31))
    assert result.epochs[-1].loss < result.epochs[0].loss / 3
    assert not result.short
    assert (result.not_cut, result.models) == (0, 1)
    assert result.measured_on == validation


def test_a_model_knows_its_images_and_what_they_look_like(samples: list[Sample], result: TrainResult) -> None:
    hashes = [path_to_hash(sample.path) for sample in samples]
    assert result.model.provenance.count_learnt(hashes) == 45
    assert result.model.provenance.count_learnt(hashes[45:]) == 0
    readings = list(Recognizer(result.model).read_many(sample.path for sample in samples))
    assert sum(isinstance(reading, Reading) and not reading.unlike for reading in readings) >= 50
    assert "height" in Recognizer(result.model).read(np.full((200, 300), 255, np.uint8)).unlike


class KilledError(Exception):
    """Ends a training as SIGKILL does: nobody is told."""


def test_a_training_that_was_killed_goes_on_to_the_same_file(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(report: EpochReport) -> None:
        if report.epoch == 4:  # after the checkpoint of the third
            raise KilledError

    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    settings, path = replace(QUICK, epochs=6, batch_size=8), tmp_path / "kept"
    save_model(train(samples[:20], settings, CPU).model, tmp_path / "whole")
    with pytest.raises(KilledError):
        train(samples[:20], settings, CPU, observer=Observer(on_epoch=kill), keeper=Keeper(path, resume=False))
    told: list[int] = []
    watch = Observer(on_epoch=lambda report: told.append(report.epoch))
    resumed = train(samples[:20], settings, CPU, observer=watch, keeper=Keeper(path, resume=True))
    save_model(resumed.model, tmp_path / "resumed")
    assert told == [4, 5, 6]
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()
    train(samples[:20], settings, CPU, observer=watch, keeper=Keeper(path, resume=False))
    assert told[3:] == [1, 2, 3, 4, 5, 6]
    for other, data in ((replace(settings, seed=1), samples[:20]), (settings, samples[1:21])):
        with pytest.raises(ModelUnreadableError, match="no checkpoint of this training; remove it to begin anew, or"):
            train(data, other, CPU, keeper=Keeper(path, resume=True))


def test_a_training_is_kept_now_and_then_and_goes_on_where_it_cannot_be(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[KerfError] = []
    settings, told = replace(QUICK, epochs=3), Observer(on_problem=problems.append)
    train(samples[:20], settings, CPU, observer=told, keeper=Keeper(tmp_path / "kept", resume=True))
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    made = train(samples[:20], settings, CPU, observer=told, keeper=Keeper(tmp_path, resume=False))
    assert [str(problem) for problem in problems] == [f"{tmp_path} is there and is no file; name another file"] * 2
    assert len(made.epochs) == 3


def test_same_seed_same_file(samples: list[Sample], tmp_path: Path) -> None:
    for name in "ab":
        save_model(train(samples[:20], replace(QUICK, seed=5), CPU).model, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_same_seed_same_model(samples: list[Sample]) -> None:
    first, second = (train(samples[:20], replace(QUICK, seed=5), CPU).model.network.state_dict() for _ in range(2))
    other = train(samples[:20], replace(QUICK, seed=6), CPU).model.network.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["output.weight"], other["output.weight"])


def test_the_temperature_is_fitted_on_the_validation_part(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []

    def fit_temperature(fitter: Fitter, validation: Sequence[LabelledExample]) -> float:
        given.append([example.text for example in validation])
        assert not fitter.network.training
        return 1.25

    monkeypatch.setattr(course, "fit_temperature", fit_temperature)
    assert train(samples[:20], QUICK, CPU).model.temperature == 1.25
    validation = split_samples(samples[:20], training.VALIDATION_FRACTION).validation
    assert given == [[sample.text for sample in validation]]


def test_one_text_height_is_used_in_all_images(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def settings(part: Sequence[Sample], *_: Any) -> CropSettings:
        asked.append(len(part))
        return CropSettings(text_height=0.625)

    monkeypatch.setattr(training, "samples_to_crop_settings", settings)
    cut: list[float | None] = []
    inner = Cutter.sample_to_example

    def watch(self: Cutter, sample: Sample) -> LabelledExample:
        cut.append(self.settings.crop.text_height)
        return inner(self, sample)

    monkeypatch.setattr(Cutter, "sample_to_example", watch)
    model = train(samples[:12], QUICK, CPU).model
    assert model.segmenter.crop.text_height == 0.625
    assert cut == [0.625] * 12
    assert asked == [9]  # the training part


def test_what_cannot_be_used_is_left_out(samples: list[Sample], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    odd = [Sample(broken, "23"), Sample(samples[0].path, "2" * 60)]
    told: list[Exception] = []
    result = train([*samples[:12], *odd], QUICK, CPU, None, Observer(on_problem=told.append))
    assert {type(problem) for problem in told} == {UnreadableImageError, LabelFitError}
    assert list(result.problems) == told
    assert result.model.provenance.trained + result.model.provenance.validated == 12
    assert result.model.lengths == (2, 3)
    assert result.not_cut == 0


def test_copies_in_both_parts_are_found(samples: list[Sample], tmp_path: Path) -> None:
    copies = []
    for sample in samples[:15]:
        path = tmp_path / f"{sample.path.stem}.jpg"
        cv2.imwrite(str(path), path_to_image(sample.path))
        copies.append(Sample(path, sample.text))
    both = [*samples[:15], *copies]
    split = split_samples(both, training.VALIDATION_FRACTION)
    result = train(both, QUICK, CPU)
    assert {validation for _, validation in result.duplicates} == {
        sample for sample in split.validation if sum(other.path.stem == sample.path.stem for other in split.train)
    }
    assert result.duplicates
    assert train(samples[:15], QUICK, CPU).duplicates == ()


def test_too_few_images_are_refused(samples: list[Sample]) -> None:
    with pytest.raises(NoLabelsError, match="9 labelled images can be used, training needs 10"):
        train(samples[:9], QUICK, CPU)


def test_one_label_and_one_character_are_learnt(samples: list[Sample]) -> None:
    model = train([replace(sample, text="2") for sample in samples[:12]], QUICK, CPU).model
    assert (model.alphabet.characters, model.lengths) == ("2", (1, 1))
    assert Recognizer(model).read(samples[0].path).text == "2"


def test_overfitting_is_said_where_its_interval_says_so(result: TrainResult) -> None:
    def last(validation: tuple[int, int]) -> TrainResult:
        report = replace(result.epochs[-1], training=proportion(100, 100), validation=proportion(*validation))
        return replace(result, epochs=(report,))

    assert last((70, 100)).overfitted
    assert not last((85, 100)).overfitted  # 15 points, 9 or more
    assert not last((8, 10)).overfitted  # 20 points, but of ten
    assert not last((0, 0)).overfitted
    assert not replace(result, epochs=()).overfitted


# --- where it starts ---------------------------------------------------------------------------------------


def test_start_takes_over_the_weights_of_known_characters(result: TrainResult) -> None:
    network = start_network(Alphabet("37x"), result.model.segmenter, result.model)
    known = result.model.network
    assert torch.equal(first_weights(network), first_weights(known))
    assert torch.equal(network.output.weight[0], known.output.weight[1])
    assert torch.equal(network.output.bias[1], known.output.bias[3])
    assert not any(torch.equal(network.output.weight[2], row) for row in known.output.weight)
    fresh = start_network(Alphabet("37x"), SegmenterSettings(), None)
    assert not torch.equal(first_weights(fresh), first_weights(known))


def test_a_start_without_colours_scores_alike_where_there_are_none(result: TrainResult) -> None:
    settings = replace(result.model.segmenter, crop=replace(result.model.segmenter.crop, colours=True))
    network = start_network(result.model.alphabet, settings, result.model).eval()
    stem, old = first_weights(network), first_weights(result.model.network)
    assert stem.shape[1] == 4
    assert torch.equal(stem[:, :2], old)
    assert not stem[:, 2:].any()


def test_the_ink_is_of_the_colour_that_is_told(samples: list[Sample]) -> None:
    model = train(samples[:12], replace(QUICK, ink_colour="red"), CPU).model
    assert model.segmenter.ink.colour == (0, 0, 255)
