"""The learning curve: its subsets are nested and apart from what is measured on, and it is drawn out as it should."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from kerf.classifier.folders.dataset import Sample, split_samples
from kerf.classifier.learning.learning_curve import (
    COLUMNS,
    HELD_OUT,
    CurvePoint,
    labels_needed,
    learn_subsets,
    need_to_text,
    parse_budgets,
    plot_curve,
    point_to_row,
)
from kerf.classifier.learning.training import TrainResult
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.model_file import BUNDLED_MODEL, load_model, resolve_device
from kerf.segmenter.errors import OutputError, SettingsError

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def power_law(labels: Sequence[int], n: int, level: float, exponent: float) -> list[CurvePoint]:
    """Points whose error is ``level * labels ** -exponent``."""
    return [CurvePoint(k, proportion(round(n * (1 - level * k**-exponent)), n), 1.0) for k in labels]


@pytest.mark.parametrize("text", ["", "100", "100,50", "50,50", "50,x", "50;100", "-5,10"])
def test_budgets_that_are_no_rising_numbers(text: str) -> None:
    with pytest.raises(SettingsError, match="rising"):
        parse_budgets(text)


def test_budgets() -> None:
    assert parse_budgets("50, 100,2000") == (50, 100, 2000)


def test_subsets_are_nested_and_apart_from_what_is_measured_on() -> None:
    samples = [Sample(path, "A") for path in sorted(SAMPLES.glob("*.png"))]
    result = TrainResult(load_model(BUNDLED_MODEL, resolve_device("cpu")), (), (), ())
    parts: list[Sequence[Sample]] = []

    def learn(part: Sequence[Sample]) -> TrainResult:
        parts.append(part)
        return result

    points = list(learn_subsets(samples, (4, 9, 20), learn))
    held_out = split_samples(samples, HELD_OUT).validation
    assert [len(part) for part in parts] == [point.labels for point in points] == [4, 9, 20]
    assert tuple(parts[0]) == tuple(parts[2][:4])
    assert tuple(parts[1]) == tuple(parts[2][:9])
    assert set(parts[2]).isdisjoint(held_out)
    assert {point.whole_text.n for point in points} == {len(held_out)} == {8}


def test_more_labels_than_there_are() -> None:
    samples = [Sample(path, "A") for path in sorted(SAMPLES.glob("*.png"))]
    with pytest.raises(SettingsError, match="33 labels; 32 are there besides the 8 held out"):
        list(learn_subsets(samples, (10, 33), lambda part: pytest.fail("trained all the same")))


def test_labels_needed_on_an_exact_power_law() -> None:
    points = power_law((50, 100, 200, 400), 100_000, 2.0, 0.5)  # 10 % wrong at 400 labels
    ninety, better, best = labels_needed(points, (0.9001, 0.95, 0.98))
    assert ninety.labels == pytest.approx(400, rel=0.05)
    assert better.labels == pytest.approx(1600, rel=0.05)
    assert best.labels == pytest.approx(10_000, rel=0.05)
    for need in (ninety, better, best):
        assert need.low is not None
        assert need.high is not None
        assert need.labels is not None
        assert need.low <= need.labels <= need.high


def test_few_images_make_a_wide_range() -> None:
    narrow, wide = (labels_needed(power_law((50, 100, 200), n, 2.0, 0.5), (0.95,))[0] for n in (50_000, 500))
    assert narrow.low is not None
    assert wide.low is not None
    assert narrow.high is not None
    assert wide.low < narrow.low
    assert wide.high is None or wide.high > narrow.high


def test_targets_that_are_met_or_out_of_reach() -> None:
    flat = [CurvePoint(k, proportion(800, 1000), 1.0) for k in (50, 100, 200)]
    (need,) = labels_needed(flat, (0.7, 0.95))
    assert (need.target, need.labels, need.high) == (0.95, None, None)
    assert "more labels alone would not do" in need_to_text(need, 200)


def test_a_need_is_told_with_its_range() -> None:
    points = power_law((50, 100, 200, 400), 100_000, 2.0, 0.5)
    (need,) = labels_needed(points, (0.95,))
    text = need_to_text(need, 400)
    assert text.startswith("for 95 % of whole texts right: about 1600 labels (1")
    assert text.endswith("1200 more than the 400 of the last point")


def test_row_has_the_columns() -> None:
    row = point_to_row(CurvePoint(50, proportion(8, 10), 12.4))
    assert row == "50,8,10,0.8000,0.4902,0.9433,12\n"
    assert len(row.split(",")) == len(COLUMNS)


def test_drawing_shows_each_point(tmp_path: Path) -> None:
    path = tmp_path / "curve.png"
    plot_curve(power_law((50, 100, 200), 1000, 2.0, 0.5), path)
    picture = cv2.imread(str(path))
    assert picture is not None
    blue = (np.abs(picture.astype(int) - (178, 114, 0)).sum(axis=2) < 30).astype(np.uint8)  # BGR
    thick = cv2.erode(blue, np.ones((5, 5), np.uint8))  # markers survive it, lines and bars do not
    assert cv2.connectedComponents(thick)[0] - 1 == 3
    with pytest.raises(OutputError):
        plot_curve(power_law((50, 100), 1000, 2.0, 0.5), tmp_path / "none" / "curve.png")
