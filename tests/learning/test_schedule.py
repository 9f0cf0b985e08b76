"""The schedule: it rises, falls, and ends by steps or in time."""

from __future__ import annotations

import numpy as np
import pytest

from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.schedule import Schedule
from tests.learning.clock import Clock


def test_it_rises_falls_and_ends() -> None:
    schedule = Schedule(100)
    rates = []
    while not schedule.done:
        rates.append(schedule.rate())
        schedule.advance()
    assert len(rates) == 100
    assert rates[0] == pytest.approx(0.04)
    assert max(rates) == pytest.approx(1.0, abs=1e-3)
    assert int(np.argmax(rates)) == 15
    assert rates[50] == pytest.approx(0.6372, abs=1e-4)
    assert rates[-1] == pytest.approx(0.001, abs=1e-3)
    assert schedule.rate() == 0.001


@pytest.mark.parametrize(("tail", "steps"), [(0, 20), (4, 16), (100, 1)])
def test_it_ends_early_enough_for_what_follows(monkeypatch: pytest.MonkeyPatch, tail: float, steps: int) -> None:
    clock = Clock(monkeypatch)
    schedule = Schedule(1000, Deadline.after(10), tail)
    expected = []
    while not schedule.done:
        clock.pass_by(0.5)
        schedule.advance()
        expected.append(schedule.expected_steps)
    assert schedule.taken == steps
    assert schedule.seconds == 0.5 * steps
    assert expected == [steps] * steps  # every step takes as long, so it is known from the first on


def test_steps_that_are_to_come_are_all_where_time_is_ample(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    schedule = Schedule(8, Deadline.after(1000), 4)
    assert schedule.expected_steps == 8
    clock.pass_by(1)
    schedule.advance()
    assert schedule.expected_steps == 8
    assert schedule.progress == 1 / 8


def test_a_deadline_that_is_over_leaves_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    assert Schedule(8, Deadline.after(-1), 4).done


def test_what_came_before_the_first_step_does_not_tell_how_long_one_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    schedule = Schedule(1000, Deadline.after(30), 4)
    clock.pass_by(10)
    schedule.begin()
    while not schedule.done:
        clock.pass_by(0.5)
        schedule.advance()
    assert schedule.taken == 36  # 10 s before, 18 s of steps, 2 s for what follows
