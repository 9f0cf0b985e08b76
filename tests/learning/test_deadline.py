"""The deadline: what is left, its shares, and work that ends with it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from tests.learning.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_what_is_left_ends_at_nothing(clock: Clock) -> None:
    deadline = Deadline.after(10)
    assert deadline == Deadline(1010)
    clock.pass_by(4)
    assert deadline.left == 6
    clock.pass_by(7)
    assert deadline.left == 0


def test_no_limit(clock: Clock) -> None:
    assert Deadline.after(None) == NO_DEADLINE
    assert NO_DEADLINE.left == NO_DEADLINE.share(0.1).left == math.inf
    assert list(NO_DEADLINE.in_time("abc")) == ["a", "b", "c"]


def test_a_share_is_of_what_is_left(clock: Clock) -> None:
    deadline = Deadline.after(10)
    clock.pass_by(2)
    assert deadline.share(0.25) == Deadline(1004)
    clock.pass_by(9)
    assert deadline.share(0.25) == Deadline(1011)


def test_items_come_until_the_time_is_over_and_the_least_in_any_case(clock: Clock) -> None:
    def work() -> Iterator[int]:
        for index in range(6):
            clock.pass_by(3)
            yield index

    assert list(Deadline.after(10).in_time(work())) == [0, 1, 2]
    assert list(Deadline.after(10).in_time(work(), 5)) == [0, 1, 2, 3, 4]
    assert list(Deadline.after(0).in_time(work(), 1)) == [0]
    assert list(Deadline.after(0).in_time(work())) == []
