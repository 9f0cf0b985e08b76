"""Training that ends early, for lack of time or because it is stopped, leaves what it learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch

from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning import training
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.training import train
from kerf.classifier.model_file import Model
from tests.learning.clock import Clock
from tests.learning.quick import CPU, LEVEL, QUICK, first_weights


def test_time_is_divided(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LEVEL, 0.0)
    monkeypatch.setattr("kerf.classifier.learning.pseudo_labels.near_duplicates", lambda split: [])
    monkeypatch.setattr(training, "MIN_SAMPLES", 1)
    clock = Clock(monkeypatch)
    ends: list[float] = []
    learnt: list[int] = []
    fit = Fitter.fit

    def watch(self: Fitter, train: Sequence[LabelledExample], *others: Any) -> EpochReport:
        ends.append(others[-1].end - 1000)
        learnt.append(len(train))
        report = fit(self, train[:1], *others)
        clock.now = max(clock.now, others[-1].end)
        return report

    monkeypatch.setattr(Fitter, "fit", watch)
    looked_at: list[int] = []

    def look(_: int, total: int) -> None:
        clock.pass_by(1)
        looked_at.append(total)

    observer = Observer(on_image=look)
    result = train(
        samples[:45], QUICK, CPU, None, observer, [s.path for s in samples[45:]], deadline=Deadline.after(60)
    )
    # 30 s for cutting: 3 for validation, 27 for the others. Then 0.4 of 30 s for the first model, 0.3 of 18 s for
    # labelling, which six images take, as many for cutting them; and the second model to the end.
    assert result.not_cut == 15
    assert ends == [42, 60]
    assert result.model.provenance.validated == 3
    assert learnt[0] == result.model.provenance.trained == 27
    assert looked_at.count(15) == 6  # read, of the fifteen without labels
    assert 27 < learnt[1] <= 27 + 6


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
    monkeypatch.setattr(LEVEL, 0.0)
    monkeypatch.setattr("kerf.classifier.learning.pseudo_labels.near_duplicates", lambda split: [])
    observer, given = interrupting(2)
    with pytest.raises(KeyboardInterrupt):
        train(samples[:20], QUICK, CPU, None, observer, [sample.path for sample in samples[20:25]])
    (model,) = given
    assert (model.provenance.pseudo_labelled, model.provenance.validated) == (0, 3)


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
