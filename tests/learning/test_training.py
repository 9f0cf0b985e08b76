"""Training: that it learns from whole texts, repeats, leaves out what it must, and starts from another model."""

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
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings, even_width_bias
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.pseudo_labels import pseudo_label
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.learning.training import TrainResult, alike_text_height, most_characters, start_network, train
from kerf.classifier.measuring.metrics import evaluate
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.recognizer import Recognizer
from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize, write_dataset
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.errors import LabelFitError, NoLabelsError, UnreadableImageError
from kerf.segmenter.lattice import Lattice

CPU = torch.device("cpu")
SETTINGS = TrainSettings(epochs=45)


def first_weights(network: CharNet) -> torch.Tensor:
    """Weights of the first convolution."""
    weights: torch.Tensor = network.state_dict()["trunk.0.0.weight"]
    return weights


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Sixty clean captchas of two or three of four digits."""
    folder = tmp_path_factory.mktemp("captchas")
    write_dataset(folder, synthesize(60, 5, "clean", "2357", (2, 3), [BUILT_IN_FONT]))
    return list(folder_to_samples(folder).samples)


@pytest.fixture(scope="module")
def result(samples: list[Sample]) -> TrainResult:
    """A model of the first forty-five, its alphabet and lengths taken from the labels."""
    return train(samples[:45], SETTINGS, CPU)


def test_it_reads_captchas_that_it_has_not_seen(samples: list[Sample], result: TrainResult) -> None:
    fresh = samples[45:]
    readings = list(Recognizer(result.model).read_many(s.path for s in fresh))
    evaluation = evaluate([s.text for s in fresh], readings)
    assert (evaluation.whole_text.value or 0) >= 0.8
    assert result.model.alphabet.characters == "2357"
    assert result.model.lengths == (2, 3)


def test_provenance_and_epochs_are_those_of_the_run(result: TrainResult) -> None:
    provenance = result.model.provenance
    assert (provenance.trained, provenance.validated) == (41, 4)
    assert 0 <= provenance.validation_correct <= 4
    assert [e.epoch for e in result.epochs] == list(range(1, len(result.epochs) + 1))
    assert result.epochs[-1].loss < result.epochs[0].loss / 3


def test_same_seed_same_model(samples: list[Sample]) -> None:
    short = replace(SETTINGS, epochs=2)
    first, second = (train(samples[:20], short, CPU).model.network.state_dict() for _ in range(2))
    other = train(samples[:20], replace(short, seed=1), CPU).model.network.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["output.weight"], other["output.weight"])


def test_what_cannot_be_used_is_told_and_left_out(samples: list[Sample], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    odd = [Sample(broken, "23"), Sample(samples[0].path, "2" * 60)]
    told: list[Exception] = []
    result = train([*samples[:12], *odd], replace(SETTINGS, epochs=1), CPU, None, Observer(on_problem=told.append))
    assert {type(problem) for problem in told} == {UnreadableImageError, LabelFitError}
    assert list(result.problems) == told
    assert result.model.provenance.trained + result.model.provenance.validated == 12
    assert result.model.lengths == (2, 3)


def test_pseudo_labels_are_the_sure_readings_of_fresh_images(
    samples: list[Sample], result: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, broken = tmp_path / "copy.png", tmp_path / "broken.png"
    copy.write_bytes(samples[50].path.read_bytes())
    broken.write_bytes(b"no image")
    fresh = [sample.path for sample in samples[45:]]
    readings = [Recognizer(result.model).read(path) for path in fresh]
    level = sorted(reading.confidence for reading in readings)[5] - 1e-6
    monkeypatch.setattr("kerf.classifier.learning.pseudo_labels.LEAST_CONFIDENCE", level)
    told: list[tuple[int, int]] = []
    observer = Observer(on_pseudo_labels=lambda labelled, total: told.append((labelled, total)))
    images = [*(sample.path for sample in samples[40:]), copy, broken]
    pseudo, problems = pseudo_label(result.model, images, samples[:45], observer)
    assert pseudo == [Sample(p, r.text) for p, r in zip(fresh, readings, strict=True) if r.confidence >= level]
    assert told == [(len(fresh) - 5, len(fresh) + 1)]
    assert [type(problem) for problem in problems] == [UnreadableImageError]


def test_unlabelled_images_are_learnt_from(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerf.classifier.learning.pseudo_labels.LEAST_CONFIDENCE", 0.0)
    fitted: list[int] = []
    fit = Fitter.fit

    def watch(self: Fitter, train: Sequence[LabelledExample], *others: Any) -> None:
        fitted.append(len(train))
        fit(self, train, *others)

    monkeypatch.setattr(Fitter, "fit", watch)
    unlabelled = [sample.path for sample in samples[15:25]]
    result = train(samples[:20], replace(SETTINGS, epochs=1), CPU, unlabelled=unlabelled)
    assert fitted == [17, 22]  # five of the ten images are labelled already
    assert result.model.provenance.trained == 17
    assert result.model.provenance.pseudo_labelled in (0, 5)
    assert len(result.epochs) == 2


def test_too_few_images_are_refused(samples: list[Sample]) -> None:
    with pytest.raises(NoLabelsError, match="9 labelled images"):
        train(samples[:9], SETTINGS, CPU)


def test_start_takes_over_the_weights_of_known_characters(result: TrainResult) -> None:
    network = start_network(Alphabet("37x"), result.model.segmenter, result.model)
    known = result.model.network
    assert torch.equal(first_weights(network), first_weights(known))
    assert torch.equal(network.output.weight[0], known.output.weight[1])
    assert torch.equal(network.output.bias[1], known.output.bias[3])
    assert not any(torch.equal(network.output.weight[2], row) for row in known.output.weight)
    fresh = start_network(Alphabet("37x"), SegmenterSettings(), None)
    assert not torch.equal(first_weights(fresh), first_weights(known))


def test_schedule_rises_falls_and_ends() -> None:
    schedule = Schedule(100, None)
    rates = []
    while not schedule.done:
        rates.append(schedule.rate())
        schedule.advance()
    assert len(rates) == 100
    assert rates[0] < 0.1
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates[-1] < 0.01
    assert int(np.argmax(rates)) == pytest.approx(15, abs=1)


def test_schedule_ends_in_time() -> None:
    schedule = Schedule(10**9, 0.01)
    start = schedule.start
    while not schedule.done:
        schedule.advance()
    assert schedule.taken < 10**9
    assert start == schedule.start


def test_text_height_is_taken_where_case_matters_and_it_is_alike(samples: list[Sample], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    heights = []
    for index in range(30):
        image = np.full((40, 60, 3), 255, np.uint8)
        heights.append(int(rng.integers(4, 36)))
        image[2 : 2 + heights[-1], 20:30] = 0
        cv2.imwrite(str(tmp_path / f"{index}.png"), image)
    differing = [Sample(tmp_path / f"{index}.png", "oO"[index % 2]) for index in range(30)]
    assert alike_text_height(differing, SegmenterSettings()) is None
    alike = [sample for sample, height in zip(differing, heights, strict=True) if 20 <= height <= 24]
    height = alike_text_height(alike, SegmenterSettings())
    assert height is not None
    assert 20 / 40 <= height <= 25 / 40
    assert alike_text_height([replace(sample, text="o") for sample in alike], SegmenterSettings()) is None
    assert alike_text_height([Sample(tmp_path / "none.png", "oO")], SegmenterSettings()) is None


def test_most_characters_side_by_side() -> None:
    spans = np.array([[0, 2], [1, 2], [1, 3], [3, 4]], np.int32)
    lattice = Lattice(np.arange(5, dtype=np.int32), spans, np.empty((0, 2), np.int32))
    assert most_characters(lattice) == 2
    assert most_characters(replace(lattice, spans=spans[:0])) == 0


def test_gap_is_training_less_validation() -> None:
    assert EpochReport(1, 1, 0.0, 0.0, 0.9, 0.7, 0.0).gap == pytest.approx(0.2)


def test_even_widths_are_preferred_at_the_start(result: TrainResult, samples: list[Sample]) -> None:
    from kerf.classifier.network.batch import segmentation_to_example
    from kerf.segmenter import segment
    from kerf.segmenter.load import path_to_image

    example = segmentation_to_example(segment(path_to_image(samples[0].path)))
    bias = even_width_bias([LabelledExample(example, samples[0].text)], CPU).numpy()
    cols = example.lattice.span_cols
    even = (cols.max() - cols.min()) / len(samples[0].text)
    assert abs(np.diff(cols[bias.argmax()])[0] - even) <= np.abs(np.diff(cols, axis=1)[:, 0] - even).min() + 1
    assert bias.max() <= 0
