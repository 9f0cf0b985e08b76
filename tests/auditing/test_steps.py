"""Which attacks there is time for."""

from __future__ import annotations

import pytest

from kerf.classifier.auditing.attack import Means
from kerf.classifier.auditing.steps import LEAST_SECONDS, plan_steps, to_seconds


def plan(images: int, labels: int, seconds: float) -> tuple[list[int], list[int]]:
    """Numbers of labels of what is done, and of what is left out; 0 is what learns from images alone."""
    return tuple([step.labels for step in steps] for steps in plan_steps(images, labels, seconds))  # type: ignore[return-value]


def test_with_time_every_number_of_labels_is_tried_and_all() -> None:
    assert plan(800, 800, 540) == ([0, 50, 100, 200, 800], [])
    assert plan(100, 100, 540) == ([0, 50, 100], [])
    assert plan(60, 9, 540) == ([0], [])
    assert plan(0, 10, 540) == ([10], [])


def test_what_has_no_time_is_left_out_what_says_least_first() -> None:
    assert plan(800, 800, 90) == ([0, 50, 200, 800], [100])
    assert plan(800, 800, 75) == ([0, 50, 800], [100, 200])
    assert plan(800, 800, 60) == ([0, 200, 800], [50, 100])
    assert plan(800, 800, 16.1) == ([0, 800], [50, 100, 200])
    assert plan(800, 800, 15.9) == ([800], [0, 50, 100, 200])
    assert plan(800, 800, 7.9) == ([], [0, 50, 100, 200, 800])


def test_each_has_its_part_of_the_time_as_the_square_root() -> None:
    steps, _ = plan_steps(400, 100, 450)
    assert [step.means for step in steps] == [Means.IMAGES, Means.LABELS, Means.LABELS]
    seconds = to_seconds(steps, 450)
    assert sum(seconds) == pytest.approx(450)
    assert seconds[0] == pytest.approx(2 * seconds[2])
    assert min(seconds) >= LEAST_SECONDS
