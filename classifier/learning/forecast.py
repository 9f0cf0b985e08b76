"""A learning curve drawn out to what a target would need, as far as it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.learning.learning_curve import CurvePoint

TARGETS = (0.9, 0.95, 0.99)
LEAST_POINTS = 3
"""From fewer points nothing is forecast."""
DRAWS = 400
"""Curves drawn from the measurements' own uncertainty, for the range of an estimate."""
FARTHEST = 100
"""Beyond so many times the labels there are, nothing is claimed."""
PLATEAUS = np.linspace(0, 0.95, 20)
"""Errors that more labels would not mend, as shares of the lowest error measured."""
PLATEAU_COST = 2.0
"""By how much one must fit better, in squared standard deviations, than none does (Akaike 1974)."""


@dataclass(frozen=True)
class Need:
    """Labels at which the curve meets a target accuracy: best estimate, and the range of 80 % of the draws.

    None stands for more than ``FARTHEST`` times the most that were tried, or never.
    """

    target: float
    labels: int | None
    low: int | None
    high: int | None


def labels_needed(points: Sequence[CurvePoint], targets: Sequence[float] = TARGETS, seed: int = 0) -> list[Need]:
    """Estimate how many labels each target would need, for those that the last point is below.

    The error is taken to fall as a power of the number of labels towards a plateau (Hestness et al. 2017), fitted to
    all points; from fewer than ``LEAST_POINTS``, nothing is said.
    """
    if len(points) < LEAST_POINTS:
        return []
    labels = np.array([point.labels for point in points], np.float64)
    n = np.array([point.whole_text.n for point in points], np.float64)
    right = np.array([point.whole_text.count for point in points], np.float64)
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(n.astype(np.int64), (right + 0.5) / (n + 1), (DRAWS, len(points)))
    needs = []
    for target in targets:
        if right[-1] / n[-1] < target:
            estimate = meeting_points(labels, right[None], n, target)[0]
            draws = np.sort(meeting_points(labels, drawn.astype(np.float64), n, target))
            spread = draws[DRAWS // 10], draws[-(DRAWS // 10)]
            needs.append(Need(target, *(to_count(float(value), labels[-1]) for value in (estimate, *spread))))
    return needs


def meeting_points(
    labels: NDArray[np.float64], right: NDArray[np.float64], n: NDArray[np.float64], target: float
) -> NDArray[np.float64]:
    """Find the labels at which ``error = a * labels ** -b + c`` is a target's, for each row of counts.

    For each plateau ``c`` of ``PLATEAUS`` the power law is fitted by weighted least squares in logarithms; what fits
    best is kept.

    Parameters
    ----------
    labels, n
        float64 ``(P,)``; numbers of labels, and of images measured on.
    right
        float64 ``(D, P)``; whole texts read rightly.
    target
        An accuracy.

    Returns
    -------
    ndarray
        float64 ``(D,)``; infinite where the curve never gets there.
    """
    error = (n - right + 0.5) / (n + 1)
    plateau = PLATEAUS[:, None] * error.min(axis=1)  # (C, D)
    above = error - plateau[..., None]  # (C, D, P)
    weight = above**2 * n / (error * (1 - error))  # 1 / variance of the logarithm
    share = weight / weight.sum(axis=2, keepdims=True)
    centre = (share * np.log(labels)).sum(axis=2)  # (C, D)
    level = (share * np.log(above)).sum(axis=2)
    x = np.log(labels) - centre[..., None]  # (C, D, P)
    slope = (share * x * np.log(above)).sum(axis=2) / (share * x**2).sum(axis=2)
    misfit = weight * (np.log(above) - level[..., None] - slope[..., None] * x) ** 2
    cost = misfit.sum(axis=2) + PLATEAU_COST * (PLATEAUS > 0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        met = np.exp(centre + (np.log(1 - target - plateau) - level) / slope)
    met = np.where((slope < 0) & (plateau < 1 - target), met, np.inf)
    met_by_best: NDArray[np.float64] = np.take_along_axis(met, cost.argmin(axis=0)[None], axis=0)[0]
    return met_by_best


def to_count(value: float, most: float) -> int | None:
    """Round a number of labels to two digits; None beyond what may be claimed."""
    return int(float(f"{value:.1e}")) if value <= FARTHEST * most else None


def need_to_text(need: Need, trained: int) -> str:
    """Say what a target would need: a number where its range has an end, else what is surely too few."""
    start = f"for {100 * need.target:.0f} % of whole texts right"
    if need.labels is not None and need.high is not None:
        more = max(need.labels - trained, 0)
        span = f"{need.low} to {need.high}"
        return f"{start}: about {need.labels} labels ({span}), {more} more than the {trained} of the last point"
    if need.low is not None:
        return f"{start}: more than {max(need.low, trained)} labels; how many, this curve does not say"
    return f"{start}: more labels alone would not do, as far as this curve says"
