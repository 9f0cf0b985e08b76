"""What a target would need: from exact curves, with plateaus, and where nothing can be said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from kerf.classifier.learning.forecast import Need, labels_needed, meeting_points, need_to_text, to_count
from kerf.classifier.learning.learning_curve import CurvePoint
from kerf.classifier.measuring.metrics import proportion

LABELS = (50, 100, 200, 400)


def curve(
    n: int, level: float, exponent: float, plateau: float = 0, labels: Sequence[int] = LABELS
) -> list[CurvePoint]:
    """Points whose error is ``level * labels ** -exponent + plateau``."""
    return [CurvePoint(k, proportion(round(n * (1 - level * k**-exponent - plateau)), n), 1.0) for k in labels]


def test_an_exact_power_law_is_met_where_it_should_be() -> None:
    ninety, better = labels_needed(curve(100_000, 2.0, 0.5), (0.9001, 0.95))  # 10 % wrong at 400 labels
    assert ninety.labels == pytest.approx(400, rel=0.05)
    assert better.labels == pytest.approx(1600, rel=0.05)
    assert better.low is not None
    assert better.high is not None
    assert 1400 <= better.low <= 1600 <= better.high <= 1800


def test_a_plateau_is_seen() -> None:
    points = curve(1_000_000, 2.0, 0.7, 0.08)
    met, never = labels_needed(points, (0.9, 0.93))
    assert met.labels == pytest.approx((2 / 0.02) ** (1 / 0.7), rel=0.1)
    assert (never.labels, never.low, never.high) == (None, None, None)


def test_the_power_law_is_fitted_by_weight() -> None:
    labels, n = np.array(LABELS, float), np.array([10, 10_000, 10_000, 10_000], float)
    right = n * (1 - 2 * labels**-0.5)
    right[0] = 9  # one of ten images: no weight
    assert meeting_points(labels, right[None], n, 0.95)[0] == pytest.approx(1600, rel=0.05)


def test_each_row_of_counts_is_a_curve_of_its_own() -> None:
    labels, n = np.array(LABELS, float), np.full(4, 100_000.0)
    rows = np.stack([n * (1 - 2 * labels**-0.5), n * (1 - 2 * labels**-0.6), n * 0.8])
    first, second, never = meeting_points(labels, rows, n, 0.95)
    assert first == pytest.approx(1600, rel=0.02)
    assert second == pytest.approx(40 ** (1 / 0.6), rel=0.02)
    assert never == np.inf


def test_few_images_make_a_wide_range() -> None:
    many, few = (labels_needed(curve(n, 2.0, 0.5), (0.95,))[0] for n in (50_000, 200))
    assert many.low is not None
    assert few.low is not None
    assert few.low < many.low < 1600
    assert many.high is not None
    assert few.high is None


def test_nothing_is_said_from_two_points_nor_of_targets_that_are_met() -> None:
    assert labels_needed(curve(1000, 2.0, 0.5, labels=(50, 100))) == []
    three = labels_needed(curve(1000, 2.0, 0.5, labels=(50, 100, 200)))
    assert [need.target for need in three] == [0.9, 0.95, 0.99]
    assert [need.target for need in labels_needed(curve(1000, 2.0, 0.5), (0.9, 0.91))] == [0.91]


def test_points_that_do_not_differ() -> None:
    flat = [CurvePoint(k, proportion(800, 1000), 1.0) for k in LABELS]
    (need,) = labels_needed(flat, (0.95,))
    assert (need.labels, need.high) == (None, None)


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (Need(0.95, 1600, 1300, 2500), "about 1600 labels (1300 to 2500), 1200 more than the 400 of the last point"),
        (Need(0.95, 390, 300, 500), "about 390 labels (300 to 500), 0 more than the 400 of the last point"),
        (Need(0.95, 1600, 1300, None), "more than 1300 labels; how many, this curve does not say"),
        (Need(0.95, 1600, 300, None), "more than 400 labels; how many, this curve does not say"),
        (Need(0.95, None, 1300, None), "more than 1300 labels; how many, this curve does not say"),
        (Need(0.95, None, None, None), "more labels alone would not do, as far as this curve says"),
    ],
)
def test_a_number_is_said_only_where_its_range_has_an_end(need: Need, said: str) -> None:
    assert need_to_text(need, 400) == f"for 95 % of whole texts right: {said}"


def test_nothing_is_claimed_far_beyond_what_was_tried() -> None:
    assert to_count(40_000, 400) == 40_000
    assert to_count(40_001, 400) is None
    assert to_count(np.inf, 400) is None
    assert to_count(1649, 400) == 1600
