"""The gap between training and validation, and what of it is sure."""

from __future__ import annotations

import math

import pytest

from kerf.classifier.learning.observer import EpochReport
from kerf.classifier.measuring.metrics import proportion


def report(training: tuple[int, int], validation: tuple[int, int]) -> EpochReport:
    return EpochReport(1, 1, True, 0.0, 0.0, proportion(*training), proportion(*validation), 0.0)


def test_gap_is_training_less_validation() -> None:
    assert report((90, 100), (14, 20)).gap == pytest.approx(0.2)
    assert math.isnan(report((90, 100), (0, 0)).gap)
    assert math.isnan(report((90, 100), (0, 0)).least_gap)


def test_least_gap_is_that_of_newcombe() -> None:
    # The example of Newcombe (1998), Table II, method 10: 56 of 70 less 48 of 80.
    assert report((56, 70), (48, 80)).least_gap == pytest.approx(0.0524, abs=1e-4)
