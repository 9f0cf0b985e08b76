"""Adapting: it learns from images without labels, never from those held out, with all labelled ones, and in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from kerf.classifier.alphabet import Constraint
from kerf.classifier.lattice.decoding import Decoded
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.learning.adapting import FIRST_SHARE, LAST_SHARE, Adapter, Best, Unlabelled
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import Observer, PassReport
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.learning.start import start_network
from kerf.classifier.learning.training import TrainResult
from kerf.classifier.measuring.metrics import wilson_interval
from kerf.segmenter.errors import SettingsError
from kerf.segmenter.ink import NEUTRAL
from tests.learning.clock import Clock

MakeAdapter = Callable[..., Adapter]
SETTINGS = TrainSettings(epochs=2, batch_size=4, prior=0.0)


@pytest.fixture
def make(result: TrainResult, examples: list[LabelledExample]) -> MakeAdapter:
    """An adapter of the model to twenty images: four held out, the last three labelled."""

    def make(settings: TrainSettings = SETTINGS, constraint: Constraint | None = None, anchors: int = 3) -> Adapter:
        torch.manual_seed(settings.seed)
        model = result.model
        fitter = Fitter(start_network(model.alphabet, model.segmenter, model), model.alphabet, model.lengths, settings)
        cut = [labelled.example for labelled in examples]
        space = to_text_space(model.alphabet, model.lengths, constraint or Constraint())
        return Adapter(fitter, space, Unlabelled(cut[4:17], cut[:4]), examples[20 - anchors :])

    return make


def lessons(monkeypatch: pytest.MonkeyPatch) -> list[list[LabelledExample]]:
    """What is learnt from in each pass, from now on."""
    seen: list[list[LabelledExample]] = []
    run = Fitter.run_epoch

    def watch(self: Fitter, train: Sequence[LabelledExample], schedule: Schedule, observer: Observer) -> float:
        seen.append(list(train))
        return run(self, train, schedule, observer)

    monkeypatch.setattr(Fitter, "run_epoch", watch)
    return seen


def test_what_is_held_out_is_never_learnt_from_and_what_is_labelled_always(
    make: MakeAdapter, examples: list[LabelledExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = lessons(monkeypatch)
    make().adapt(Observer(), NO_DEADLINE)
    assert len(seen) > 1
    held_out = {id(labelled.example) for labelled in examples[:4]}
    for lesson in seen:
        assert held_out.isdisjoint(id(labelled.example) for labelled in lesson)
        assert lesson[-3:] == examples[17:]
        assert len({id(labelled.example) for labelled in lesson}) == len(lesson)


def test_ever_more_is_learnt_from(make: MakeAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = lessons(monkeypatch)
    reports: list[PassReport] = []
    found = make(replace(SETTINGS, epochs=6)).adapt(Observer(on_pass=reports.append), NO_DEADLINE)
    assert [report.learnt for report in reports] == [len(lesson) - 3 for lesson in seen]
    assert reports[0].learnt == round(FIRST_SHARE * 13)
    assert found.learnt == reports[-1].learnt == round(LAST_SHARE * 13)
    assert sorted(report.learnt for report in reports) == [report.learnt for report in reports]
    assert [report.number for report in reports] == list(range(1, len(reports) + 1))
    assert reports[-1].progress == 1.0
    assert found.passes == tuple(reports)
    assert not found.drifted


def test_the_first_reading_is_not_taken_for_the_time_of_steps(
    make: MakeAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, step, guess = Clock(monkeypatch), Fitter.step, Adapter.guess

    def read_slowly(self: Adapter, *arguments: Any, **named: Any) -> list[Decoded]:
        clock.pass_by(0 if self.fitter.has_learnt else 20)
        return guess(self, *arguments, **named)

    def step_soon(self: Fitter, *arguments: Any) -> torch.Tensor:
        clock.pass_by(0.1)
        return step(self, *arguments)

    monkeypatch.setattr(Adapter, "guess", read_slowly)
    monkeypatch.setattr(Fitter, "step", step_soon)
    found = make(replace(SETTINGS, epochs=3)).adapt(Observer(), Deadline.after(70))
    assert len(found.passes) > 1  # 60 s of reading, then a tail of 50 steps at 20 s each would leave no time for them


def test_what_is_taught_is_what_is_read(make: MakeAdapter) -> None:
    adapter = make()
    read = {
        id(e): d.text for e, d in zip(adapter.unlabelled.learnt, adapter.guess(adapter.unlabelled.learnt), strict=True)
    }
    lesson = adapter.to_lesson(1.0)[:-3]
    assert {id(labelled.example): labelled.text for labelled in lesson} == read


def test_it_reads_what_may_be_there_and_nothing_else(make: MakeAdapter) -> None:
    adapter = make(constraint=Constraint(pattern="[25].{2}"))
    texts = [guess.text for guess in adapter.guess(adapter.unlabelled.learnt)]
    assert texts
    assert {len(text) for text in texts} == {3}
    assert {text[0] for text in texts} <= {"2", "5"}
    none_fits = make(constraint=Constraint(length=16))
    assert none_fits.to_lesson(1.0) == list(none_fits.anchors)
    none_fits.anchors = ()
    with pytest.raises(SettingsError, match="no text that is asked for fits any of the images"):
        none_fits.adapt(Observer(), NO_DEADLINE)


def test_a_kind_that_is_read_badly_is_learnt_without_labels(make: MakeAdapter, examples: list[LabelledExample]) -> None:
    ground = np.array([0, NEUTRAL])[:, None, None]
    cut = [labelled.example for labelled in examples]
    pale = [replace(one, pixels=(ground + 0.25 * (one.pixels - ground)).astype(np.uint8)) for one in cut]
    adapter = make(replace(SETTINGS, epochs=40, batch_size=4), anchors=0)
    adapter.unlabelled = Unlabelled(pale, pale[:4])

    def count_right() -> int:
        guesses = adapter.guess(pale)
        return sum(guess.text == labelled.text for guess, labelled in zip(guesses, examples, strict=True))

    before = count_right()
    assert not adapter.adapt(Observer(), NO_DEADLINE).drifted
    assert before <= 15
    assert count_right() >= before + 4


@pytest.mark.parametrize(
    ("found", "best", "passes"),
    [
        ([0.5, 0.9, 0.1, 0.61, 0.59, 0.9], 1, 4),  # of four images: what is 0.05 and 0.25 below the best is drift
        ([0.9, 0.5, 0.5, 0.5, 0.9], 0, 3),  # the start is among the best
        ([0.5, 0.9, 0.1, 0.61, 0.8], None, 4),
    ],
)
def test_drift_at_last_ends_the_run_and_the_steadiest_weights_are_kept(
    make: MakeAdapter, monkeypatch: pytest.MonkeyPatch, found: list[float], best: int | None, passes: int
) -> None:
    adapter = make(replace(SETTINGS, epochs=50))
    steadiness, weights = iter(found), list[torch.Tensor]()

    def run_epoch(_: object, schedule: Schedule, __: object) -> float:
        schedule.taken = schedule.steps * (len(weights) + 1) // 5  # 0.4, 0.6, 0.8 and 1
        with torch.no_grad():
            adapter.teacher.output.weight.add_(1)  # type: ignore[operator, union-attr]
        return 0.0

    def report(number: int, loss: float, schedule: Schedule) -> PassReport:
        weights.append(adapter.teacher.state_dict()["output.weight"].clone())
        share = next(steadiness, 0.5)
        return PassReport(number, schedule.progress, 1, 1, loss, share, share, 0.0)

    monkeypatch.setattr(adapter, "report", report)
    monkeypatch.setattr(adapter.fitter, "run_epoch", run_epoch)
    adaptation = adapter.adapt(Observer(), NO_DEADLINE)
    assert adaptation.drifted == (best is not None)
    assert len(adaptation.passes) == passes
    assert torch.equal(adapter.fitter.network.output.weight, weights[-1 if best is None else best])
    assert not adapter.fitter.network.training


def test_confidence_and_agreement_are_those_of_what_is_held_out(
    make: MakeAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = make()

    def guess(examples: Sequence[object], *, changed: bool = False) -> list[Decoded]:
        assert list(examples) == list(adapter.unlabelled.held_out)
        return [Decoded(text, 0.5 + index / 10, (), ()) for index, text in enumerate("abcx" if changed else "abcd")]

    monkeypatch.setattr(adapter, "guess", guess)
    report = adapter.report(1, 2.5, Schedule(10))
    assert report.confidence == pytest.approx(0.65)
    assert (report.agreement, report.loss) == (0.75, 2.5)
    assert report.steadiness == pytest.approx(0.7)


def test_it_ends_in_time(make: MakeAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    step = Fitter.step

    def slow(self: Fitter, *arguments: object) -> torch.Tensor:
        clock.pass_by(1)
        return step(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Fitter, "step", slow)
    adapter = make(replace(SETTINGS, epochs=1000))
    found = adapter.adapt(Observer(), Deadline.after(30))
    assert 20 <= clock.now - 1000 <= 30
    assert found.passes[-1].progress == 1.0
    assert found.learnt == round(LAST_SHARE * 13)  # the shares grow with time
    late = make(replace(SETTINGS, epochs=1000)).adapt(Observer(), Deadline.after(0))
    assert len(late.passes) == 1


def test_passes_are_as_many_as_epochs_of_training(make: MakeAdapter) -> None:
    share = 0.4 * LAST_SHARE + 0.6 * (LAST_SHARE + FIRST_SHARE) / 2
    for count, passes in ((100, 120), (900, 40), (10**6, 10)):
        adapter = make(replace(SETTINGS, epochs=None, batch_size=10), anchors=2)
        adapter.unlabelled = Unlabelled([adapter.unlabelled.learnt[0]] * count, ())
        assert adapter.to_schedule(NO_DEADLINE).steps == pytest.approx(passes * (share * count + 2) / 10, abs=1)


def test_a_view_that_is_changed_is_read_differently(make: MakeAdapter) -> None:
    adapter = make()
    plain, again, changed = (
        [guess.confidence for guess in adapter.guess(adapter.unlabelled.held_out, changed=changed)]
        for changed in (False, False, True)
    )
    assert plain == again != changed


def test_the_best_is_a_copy() -> None:
    network = nn.Linear(1, 1)
    best = Best()
    best.offer(0.5, network)
    kept = network.weight.detach().clone()
    with torch.no_grad():
        network.weight.add_(1)
    best.offer(0.5, network)
    assert torch.equal(best.weights["weight"], kept)


def test_confidence_is_brought_down_to_agreement(make: MakeAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = make()
    sure = adapter.mean_confidence(1.0)
    assert adapter.fit_temperature(sure + 0.001) == pytest.approx(1.0)
    temperature = adapter.fit_temperature(sure - 0.01)
    assert temperature > 1.05
    assert adapter.mean_confidence(temperature) <= sure - 0.01 < adapter.mean_confidence(temperature / 2 ** (1 / 6))
    assert adapter.fit_temperature(0.0) == pytest.approx(2.0)


def test_the_accuracy_is_estimated_with_its_doubt(make: MakeAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = make()
    count = len(adapter.unlabelled.held_out)
    found = PassReport(0, 1.0, 1, 1, 0.0, 0.8, (count - 1) / count, 0.0)
    monkeypatch.setattr(adapter, "report", lambda *_: found)
    monkeypatch.setattr(adapter, "mean_confidence", lambda temperature: 0.8 / temperature)
    monkeypatch.setattr(adapter, "fit_temperature", lambda agreement: {found.agreement: 1.25}[agreement])
    adaptation = adapter.to_adaptation([found], False, Schedule(1))
    value, low, high = adaptation.accuracy
    assert adaptation.temperature == 1.25
    assert value == pytest.approx(0.8 / 1.25)
    assert low == pytest.approx(wilson_interval(count - 1, count)[0] * value)
    assert high == 1.0  # 0.8 and two standard errors of four images, 0.2 each
