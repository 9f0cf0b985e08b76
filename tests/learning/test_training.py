"""Training: that it learns from whole texts, repeats, says what it came to, and keeps what it learnt when stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.folders.dataset import Sample, split_samples
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.learning import course, training
from kerf.classifier.learning.adapting import FIRST_SHARE, Adaptation, Adapter
from kerf.classifier.learning.cutting import Cutter
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import EpochReport, Observer, PassReport
from kerf.classifier.learning.start import start_network
from kerf.classifier.learning.training import TrainResult, adapt, known_texts, train
from kerf.classifier.measuring.metrics import evaluate, proportion
from kerf.classifier.model_file import Model, save_model
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.recognizer import Reading, Recognizer
from kerf.segmenter import CropSettings, SegmenterSettings
from kerf.segmenter.errors import (
    KerfError,
    LabelFitError,
    NoImagesError,
    NoLabelsError,
    SettingsError,
    UnreadableImageError,
)
from kerf.segmenter.load import path_to_image
from tests.learning.clock import Clock

CPU = torch.device("cpu")
QUICK = TrainSettings(epochs=1)


def first_weights(network: CharNet) -> torch.Tensor:
    """Weights of the first convolution."""
    weights: torch.Tensor = network.state_dict()["trunk.0.0.weight"]
    return weights


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


def test_a_model_knows_its_images_and_what_they_look_like(samples: list[Sample], result: TrainResult) -> None:
    hashes = [path_to_hash(sample.path) for sample in samples]
    assert result.model.provenance.count_learnt(hashes) == 45
    assert result.model.provenance.count_learnt(hashes[45:]) == 0
    readings = list(Recognizer(result.model).read_many(sample.path for sample in samples))
    assert sum(isinstance(reading, Reading) and not reading.unlike for reading in readings) >= 50
    assert "height" in Recognizer(result.model).read(np.full((200, 300), 255, np.uint8)).unlike


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


# --- images without labels ---------------------------------------------------------------------------------


def watch_adapting(monkeypatch: pytest.MonkeyPatch) -> list[Adapter]:
    """The adapters that are made, from now on; each takes one step."""
    made: list[Adapter] = []

    def pretend(self: Adapter, observer: Observer, deadline: Deadline) -> Adaptation:
        made.append(self)
        self.fitter.step(self.anchors[:1] or self.to_lesson(1.0)[:1], 0.0)
        self.fitter.keep_average()
        return Adaptation((), 7, False, 1.0, (0.5, 0.4, 0.6))

    monkeypatch.setattr(Adapter, "adapt", pretend)
    monkeypatch.setattr("kerf.classifier.learning.unlabelled.near_duplicates", lambda split: [])
    return made


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


# --- time and interruptions --------------------------------------------------------------------------------


def test_time_is_divided(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MIN_SAMPLES", 1)
    made = watch_adapting(monkeypatch)
    clock = Clock(monkeypatch)
    ends: list[float] = []
    fit = Fitter.fit

    def watch(self: Fitter, train: Sequence[LabelledExample], *others: Any) -> EpochReport:
        ends.append(others[-1].end - 1000)
        report = fit(self, train[:1], *others)
        clock.now = max(clock.now, others[-1].end)
        return report

    monkeypatch.setattr(Fitter, "fit", watch)
    observer = Observer(on_image=lambda *_: clock.pass_by(1))
    result = train(
        samples[:45], QUICK, CPU, None, observer, [s.path for s in samples[45:]], deadline=Deadline.after(60)
    )
    # 30 s for cutting: 3 for validation, 27 for the others. Then 0.4 of 30 s for the first model, and a quarter of
    # 18 s for cutting what has no labels: a fifth of that for the two held out.
    assert result.not_cut == 15
    assert ends == [42]
    assert (result.model.provenance.validated, result.model.provenance.trained) == (3, 27)
    (adapter,) = made
    assert (len(adapter.unlabelled.held_out), len(adapter.unlabelled.learnt)) == (1, 4)


def test_time_for_nothing_leaves_a_model(samples: list[Sample]) -> None:
    result = train(samples, TrainSettings(epochs=50, batch_size=4), CPU, deadline=Deadline.after(0))
    assert result.short
    assert result.not_cut == 60 - 10 - 6
    assert result.model.provenance.trained == 10


def interrupting(at: int) -> tuple[Observer, list[Model]]:
    """An observer that is interrupted after so many passes, and what it is given then."""
    passes: Iterator[int] = iter(range(1, 100))
    given: list[Model] = []

    def on_epoch(_: EpochReport) -> None:
        if next(passes) == at:
            raise KeyboardInterrupt

    return Observer(on_epoch=on_epoch, on_interrupt=given.append), given


def test_an_interruption_gives_the_averages_so_far(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    observer, given = interrupting(2)
    with pytest.raises(KeyboardInterrupt):
        train(samples[:20], TrainSettings(epochs=50), CPU, None, observer)
    (model,) = given
    assert (model.temperature, model.provenance.trained, model.provenance.validated) == (1.0, 17, 0)
    assert not model.network.training
    averages: list[torch.Tensor] = []
    score = Fitter.score

    def watch(self: Fitter, network: torch.nn.Module, *others: Any) -> Any:
        averages.append(network.state_dict()["trunk.0.0.weight"].clone())
        return score(self, network, *others)

    monkeypatch.setattr(Fitter, "score", watch)
    observer, _ = interrupting(2)
    with pytest.raises(KeyboardInterrupt):
        train(samples[:20], TrainSettings(epochs=50), CPU, None, observer)
    assert torch.equal(first_weights(model.network), averages[-1])
    assert not torch.equal(averages[0], averages[-1])


def test_an_interruption_of_the_second_model_gives_the_first(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerf.classifier.learning.unlabelled.near_duplicates", lambda split: [])
    given: list[Model] = []

    def stop(_: PassReport) -> None:
        raise KeyboardInterrupt

    observer = Observer(on_pass=stop, on_interrupt=given.append)
    with pytest.raises(KeyboardInterrupt):
        train(samples[:20], QUICK, CPU, None, observer, [sample.path for sample in samples[20:25]])
    (model,) = given
    assert (model.provenance.pseudo_labelled, model.provenance.validated) == (0, 3)


def test_an_interruption_of_adapting_gives_what_was_learnt_so_far(samples: list[Sample], result: TrainResult) -> None:
    given: list[Model] = []

    def stop(_: PassReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt(
            [sample.path for sample in samples[:25]],
            TrainSettings(epochs=50),
            CPU,
            result.model,
            observer=Observer(on_pass=stop, on_interrupt=given.append),
        )
    (model,) = given
    assert model.provenance.pseudo_labelled == round(FIRST_SHARE * 22)
    assert not torch.equal(first_weights(model.network), first_weights(result.model.network))


def test_an_interruption_before_anything_was_learnt_gives_nothing(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    given: list[Model] = []
    with pytest.raises(KeyboardInterrupt):
        train(samples[:20], QUICK, CPU, None, Observer(on_image=stop, on_interrupt=given.append))
    monkeypatch.setattr(Fitter, "step", stop)
    with pytest.raises(KeyboardInterrupt):
        train(samples[:20], QUICK, CPU, None, Observer(on_interrupt=given.append))
    assert given == []


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
