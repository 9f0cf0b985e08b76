"""Training that ends early, for lack of time or because it is stopped, leaves what it learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch

from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning import training
from kerf.classifier.learning.adapting import FIRST_SHARE
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import EpochReport, Observer, PassReport
from kerf.classifier.learning.training import TrainResult, adapt, train
from kerf.classifier.model_file import Model
from tests.learning.clock import Clock
from tests.learning.quick import CPU, QUICK, first_weights, watch_adapting


def test_time_is_divided(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MIN_SAMPLES", 1)
    monkeypatch.setattr("kerf.classifier.learning.unlabelled.LEAST", 0)
    made = watch_adapting(monkeypatch)
    clock = Clock(monkeypatch)
    ends: list[float] = []
    fit = Fitter.fit

    def watch(self: Fitter, train: Sequence[LabelledExample], *others: Any) -> EpochReport:
        ends.append(others[2].end - 1000)
        report = fit(self, train[:1], *others)
        clock.now = max(clock.now, others[2].end)
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
