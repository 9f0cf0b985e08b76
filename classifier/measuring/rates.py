"""Rates that were measured or estimated, and how far two of them are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from kerf.classifier.measuring.metrics import wilson_interval


@dataclass(frozen=True)
class Rate:
    """A rate, or the difference of two, and how sure it is.

    Attributes
    ----------
    value
        What was measured or estimated.
    low, high
        Ends of its 95 % interval or, of an estimate, of its doubt.
    n
        Images behind it.
    count
        How many of them; None of an estimate, and of a difference.
    """

    value: float
    low: float
    high: float
    n: int
    count: int | None = None


def count_to_rate(count: int, n: int, among: int = 1) -> Rate:
    """Make a rate of a count, with a Wilson interval that all of ``among`` such are in at 95 % (Bonferroni)."""
    low, high = wilson_interval(count, n, NormalDist().inv_cdf(1 - 0.025 / among))
    return Rate(count / n if n else 0.0, low, high, n, count)


def rates_to_difference(new: Rate, old: Rate) -> Rate:
    """Subtract an independent rate, by the ends of both intervals (Newcombe 1998, method 10; Zou and Donner 2008)."""
    value = new.value - old.value
    low = value - math.hypot(new.value - new.low, old.high - old.value)
    high = value + math.hypot(new.high - new.value, old.value - old.low)
    return Rate(value, low, high, new.n + old.n)
