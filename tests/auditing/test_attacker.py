"""Attacks one after another, with trainings that stand in for real ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kerf.classifier.alphabet import Constraint
from kerf.classifier.auditing.attack import Attack, Means
from kerf.classifier.auditing.attacker import Attacker, Target
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.measuring.rates import count_to_rate
from kerf.segmenter.errors import NoImagesError
from tests.auditing.standing_in import stand_in, to_labelled_target, to_model, to_name


def to_attacker(target: Target, told: list[Attack] | None = None) -> Attacker:
    """An attacker whose start reads three of ten."""
    on_attack = (told if told is not None else []).append
    return Attacker(target, to_model(0.3), TrainSettings(), torch.device("cpu"), on_attack=on_attack)


def test_a_labelled_target_is_attacked_in_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = stand_in(monkeypatch)
    told: list[Attack] = []
    attacker = to_attacker(to_labelled_target(), told)
    attacker.attack(Deadline.after(600))
    assert learnt == [(0, 100), (50, 0), (100, 0)]
    assert [(one.cost.means, one.cost.labels) for one in told] == [
        (Means.START, 0),
        (Means.IMAGES, 0),
        (Means.LABELS, 50),
        (Means.LABELS, 100),
    ]
    assert [one.success for one in told] == [count_to_rate(count, 100) for count in (30, 40, 60, 70)]
    assert [one.tries[1].count for one in told] == [100] * 4
    assert [one.coverage.count for one in told] == [30, 40, 60, 70]
    assert [one.cost.hurried for one in told] == [False, True, True, False]
    assert [attack for attack, _ in attacker.mounted] == told
    assert [model.temperature for _, model in attacker.mounted] == [0.3, 0.4, 0.6, 0.7]
    assert attacker.left_out == []


def test_without_time_there_is_the_start_alone_and_the_rest_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = stand_in(monkeypatch)
    attacker = to_attacker(to_labelled_target())
    attacker.attack(Deadline.after(2))
    assert learnt == []
    assert [attack.cost.name for attack, _ in attacker.mounted] == ["as it comes"]
    assert attacker.left_out == [f"{name}: there was no time" for name in ("adapted", "50 labels", "100 labels")]


def test_without_labels_success_is_the_estimate_whatever_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    images = [to_name(number) for number in range(60)]
    attacker = to_attacker(Target((), (), images, Constraint()))
    attacker.attack(Deadline.after(1))
    ((attack, _),) = attacker.mounted
    assert (attack.success.value, attack.success.low, attack.success.high) == (0.6, 0.4, 0.8)
    assert (attack.success.n, attack.success.count) == (60, None)
    assert attack.tries[1].value == pytest.approx(0.6 + 0.3 * 20 / 60)  # twenty are unsure


def test_an_attack_that_cannot_be_made_is_left_out_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)

    def adapt(*_: object) -> None:
        raise NoImagesError("too few")

    monkeypatch.setattr("kerf.classifier.auditing.attacker.adapt", adapt)
    attacker = to_attacker(replace(to_labelled_target(), images=[to_name(1)]))
    attacker.attack(Deadline.after(600))
    assert attacker.left_out == ["adapted: too few"]
    assert [attack.cost.labels for attack, _ in attacker.mounted] == [0, 50, 100]
