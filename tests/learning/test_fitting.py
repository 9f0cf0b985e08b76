"""Fitting: weights are averaged, validation decides nothing, time ends it, and the start prefers even widths."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import VISITS, Fitter, LabelledExample, TrainSettings, even_width_bias
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter.errors import SettingsError
from tests.learning.clock import Clock

CPU = torch.device("cpu")
TINY = NetworkConfig(4, channels=(2, 2, 2), reduced=2, hidden=4)
Examples = list[LabelledExample]


def tiny_fitter(epochs: int | None = 3, **changes: Any) -> Fitter:
    """A fitter of a network that takes milliseconds a step, of four examples each."""
    torch.manual_seed(0)
    settings = TrainSettings(epochs=epochs, batch_size=4, **changes)
    return Fitter(CharNet(replace(TINY)), Alphabet("2357"), (2, 3), settings)


def weights(fitter: Fitter) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in fitter.network.state_dict().items()}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_weights_kept_are_the_averages(examples: Examples) -> None:
    fitter = tiny_fitter(averaging=0.9)
    means: dict[str, torch.Tensor] = {}
    latest: dict[str, torch.Tensor] = {}

    def average(taken: int, _: int) -> None:
        share = 1 if taken == 1 else max(0.1, 9 / (taken - 1 + 10))  # the start is soon forgotten
        for name, value in weights(fitter).items():
            if value.is_floating_point():
                latest[name] = value
                means[name] = means.get(name, value) * (1 - share) + value * share

    fitter.fit(examples[:10], examples[10:14], Observer(on_step=average))
    assert not fitter.network.training
    kept = weights(fitter)
    for name in means:
        assert torch.allclose(kept[name], means[name], atol=1e-5), name
    assert any(not torch.allclose(kept[name], latest[name], atol=1e-4) for name in means)


def test_validation_decides_nothing(examples: Examples) -> None:
    kept = []
    for validation in (examples[10:14], examples[14:20], []):
        fitter = tiny_fitter()
        fitter.fit(examples[:10], validation, Observer())
        kept.append(weights(fitter))
    assert equal(kept[0], kept[1])
    assert equal(kept[0], kept[2])


def test_the_last_report_is_of_the_weights_kept(examples: Examples) -> None:
    fitter = tiny_fitter()
    told: list[EpochReport] = []
    last = fitter.fit(examples[:10], examples[10:], Observer(on_epoch=told.append))
    assert last == told[-1]
    assert [(report.epoch, report.epochs, report.whole) for report in told] == [
        (1, 3, True),
        (2, 3, True),
        (3, 3, True),
    ]
    right, loss = fitter.score(fitter.network, examples[10:])
    assert right == last.validation
    assert loss == pytest.approx(last.validation_loss)
    assert last.validation.n == 10
    assert fitter.score(fitter.network, examples[:10])[0] == last.training


def test_no_examples_are_scored_as_unknown(examples: Examples) -> None:
    fitter = tiny_fitter(1)
    report = fitter.fit(examples[:4], [], Observer())
    assert report.validation.value is None
    assert math.isnan(report.validation_loss)


def test_epochs_fall_with_the_number_of_images(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerf.classifier.learning.fitting.VISITS", 45)
    told: list[EpochReport] = []
    tiny_fitter(None).fit(examples[:9], [], Observer(on_epoch=told.append))
    assert len(told) == 15  # 45 / 3
    tiny_fitter(None).fit(examples[:4], [], Observer(on_epoch=told.append))
    assert told[-1].epochs == 22  # 45 / 2
    monkeypatch.setattr("kerf.classifier.learning.fitting.VISITS", 1)
    tiny_fitter(None).fit(examples[:4], [], Observer(on_epoch=told.append))
    assert told[-1].epochs == 10
    assert VISITS > 45


def test_it_ends_in_time_for_measuring(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    told: list[EpochReport] = []
    fitter = tiny_fitter(50)
    observer = Observer(on_step=lambda *_: clock.pass_by(1), on_epoch=told.append)
    # 12 to train, 4 a step; after the last step 12 and twice 4 are measured, at no more than a step a batch: 5 s.
    fitter.fit(examples[:12], examples[12:16], observer, Deadline.after(15))
    assert clock.now - 1000 == 10
    assert [(report.epoch, report.whole) for report in told] == [(1, True), (2, True), (3, True), (4, False)]
    assert told[-1].epochs == 4


def test_one_step_is_taken_whatever_the_time(examples: Examples) -> None:
    fitter = tiny_fitter(50)
    before = weights(fitter)
    assert not fitter.has_learnt
    report = fitter.fit(examples[:12], [], Observer(), Deadline.after(0))
    assert fitter.has_learnt
    assert (report.epoch, report.whole) == (1, False)
    assert not equal(before, weights(fitter))


def test_every_example_is_seen_once_a_pass(examples: Examples) -> None:
    fitter = tiny_fitter()
    batches = list(fitter.shuffled_batches(examples[:10]))
    assert sorted(len(batch) for batch in batches) == [2, 4, 4]
    seen = [id(example) for batch in batches for example in batch]
    assert sorted(seen) == sorted(map(id, examples[:10]))
    assert seen != [id(example) for batch in fitter.shuffled_batches(examples[:10]) for example in batch]


def test_batches_are_of_similar_width_and_their_order_is_of_the_seed(examples: Examples) -> None:
    assert len({example.example.padded_width for example in examples}) > 1

    def order(seed: int) -> list[list[int]]:
        return [list(map(id, batch)) for batch in tiny_fitter(seed=seed).shuffled_batches(examples)]

    batches = tiny_fitter().shuffled_batches(examples)
    ranges = sorted((min(w), max(w)) for w in ([e.example.padded_width for e in batch] for batch in batches))
    assert all(one[1] <= other[0] for one, other in pairwise(ranges))
    assert order(0) == order(0) != order(1)


def test_rate_and_preference_follow_the_schedule(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, float]] = []

    def step(self: Fitter, part: Any, prior: float) -> torch.Tensor:
        seen.append((self.optimizer.param_groups[0]["lr"], prior))
        return torch.zeros(())

    monkeypatch.setattr(Fitter, "step", step)
    tiny_fitter(4, learning_rate=0.5).fit(examples, [], Observer())  # 20 steps
    schedule = Schedule(20)
    for rate, prior in seen:
        assert rate == pytest.approx(0.5 * schedule.rate())
        assert prior == pytest.approx(max(0, 1 - schedule.taken / 5))
        schedule.advance()
    assert len(seen) == 20


def test_a_step_prefers_even_widths_and_varies_images(examples: Examples) -> None:
    def first_loss(prior: float, **changes: Any) -> float:
        fitter = tiny_fitter(**changes)
        torch.manual_seed(1)  # of dropout
        return float(fitter.step(examples[:4], prior))

    assert first_loss(0.0, augment=None) == first_loss(0.0, augment=None)
    assert first_loss(0.0, augment=None) != pytest.approx(first_loss(1.0, augment=None), abs=1e-3)
    assert first_loss(0.0, augment=None) != pytest.approx(first_loss(0.0), abs=1e-4)


def test_texts_of_other_lengths_do_not_compete(examples: Examples) -> None:
    wide = tiny_fitter()
    narrow = Fitter(wide.network, wide.alphabet, (3, 3), wide.settings)
    three = [example for example in examples if len(example.text) == 3][:4]
    (scored,) = wide.run_network(wide.network, three)
    assert (narrow.losses(scored) < wide.losses(scored)).all()


@pytest.mark.parametrize("seed", [-1, 2**63, 10**26])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(SettingsError, match=f"seed {seed} is out of range; give one from 0 to 9223372036854775807"):
        TrainSettings(seed=seed)
    assert TrainSettings(seed=2**63 - 1).seed == 2**63 - 1


def test_even_widths_are_preferred_at_the_start(examples: Examples) -> None:
    bias = even_width_bias(examples[:2], CPU).numpy()
    cols = [labelled.example.lattice.span_cols for labelled in examples[:2]]
    even = [(c.max() - c.min()) / len(labelled.text) for c, labelled in zip(cols, examples, strict=False)]
    expected = np.concatenate([-8 * np.log(np.diff(c, axis=1)[:, 0] / e) ** 2 for c, e in zip(cols, even, strict=True)])
    assert np.allclose(bias, expected, rtol=1e-4)
