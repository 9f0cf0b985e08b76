"""Accuracy by number of labels: measured on nested subsets, and drawn out to what a target would need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.folders.dataset import Sample, split_samples
from kerf.classifier.measuring.metrics import Proportion, evaluate
from kerf.segmenter.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from kerf.classifier.learning.training import TrainResult

HELD_OUT = 0.2
"""Share of the folder, by the hash of its content, that is measured on and never trained on."""
TARGETS = (0.9, 0.95, 0.99)
DRAWS = 400
"""Curves drawn from the measurements' own uncertainty, for the range of an estimate."""
FARTHEST = 100
"""Beyond so many times the labels there are, nothing is claimed."""


@dataclass(frozen=True)
class CurvePoint:
    """Whole-text accuracy on the held-out part after training on ``labels`` images, and the seconds that took."""

    labels: int
    whole_text: Proportion
    seconds: float


@dataclass(frozen=True)
class Need:
    """Labels at which the curve meets a target accuracy: best estimate, and the range of 80 % of the draws.

    None stands for more than ``FARTHEST`` times the most that were tried, or never.
    """

    target: float
    labels: int | None
    low: int | None
    high: int | None


def parse_budgets(text: str) -> tuple[int, ...]:
    """Read ``50,100,200`` as numbers of labels.

    Raises
    ------
    SettingsError
        If it is not a list of rising whole numbers.
    """
    parts = [part.strip() for part in text.split(",")]
    budgets = tuple(int(part) for part in parts if part.isdecimal())
    if len(budgets) != len(parts) or len(budgets) < 2 or list(budgets) != sorted(set(budgets)):
        raise SettingsError(f"curve {text!r} is not understood; give rising numbers of labels, such as 50,100,200")
    return budgets


def learn_subsets(
    samples: Sequence[Sample], budgets: Sequence[int], learn: Callable[[Sequence[Sample]], TrainResult]
) -> Iterator[CurvePoint]:
    """Train on the first so many of the samples that are not held out, and measure on those that are.

    Parameters
    ----------
    samples
        Images and their texts, in an order that is none.
    budgets
        Rising numbers of labels.
    learn
        Trains on some.

    Raises
    ------
    SettingsError
        If there are fewer labels than the largest number.
    """
    from kerf.classifier.recognizer import Recognizer

    split = split_samples(samples, HELD_OUT)
    if budgets[-1] > len(split.train):
        raise SettingsError(
            f"the curve asks for {budgets[-1]} labels; {len(split.train)} are there besides the "
            f"{len(split.validation)} held out to measure on; ask for fewer or label more"
        )
    for budget in budgets:
        start = monotonic()
        result = learn(split.train[:budget])
        seconds = monotonic() - start
        readings = list(Recognizer(result.model).read_many(sample.path for sample in split.validation))
        found = evaluate([sample.text for sample in split.validation], readings)
        yield CurvePoint(budget, found.whole_text, seconds)


def labels_needed(points: Sequence[CurvePoint], targets: Sequence[float] = TARGETS, seed: int = 0) -> list[Need]:
    """Estimate how many labels each target would need, for those that the last point is below.

    The error is taken to fall as a power of the number of labels (Hestness et al. 2017), fitted to all points.
    """
    labels = np.array([point.labels for point in points], np.float64)
    n = np.array([point.whole_text.n for point in points], np.float64)
    right = np.array([point.whole_text.count for point in points], np.float64)
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(n.astype(np.int64), (right + 0.5) / (n + 1), (DRAWS, len(points)))
    needs = []
    for target in targets:
        if right[-1] / n[-1] < target:
            estimate = meeting_point(labels, right, n, target)
            draws = sorted(meeting_point(labels, draw, n, target) for draw in drawn)
            spread = draws[DRAWS // 10], draws[-(DRAWS // 10)]
            needs.append(Need(target, *(to_count(value, labels[-1]) for value in (estimate, *spread))))
    return needs


def meeting_point(
    labels: NDArray[np.float64], right: NDArray[np.float64], n: NDArray[np.float64], target: float
) -> float:
    """Labels at which ``error = a * labels ** -b``, fitted by weighted least squares in logarithms, is met.

    Infinite where the error does not fall.
    """
    error = (n - right + 0.5) / (n + 1)
    weights = np.sqrt(n * error / (1 - error))  # of the logarithm of a proportion: 1 / its standard deviation
    slope, level = np.polyfit(np.log(labels), np.log(error), 1, w=weights)
    with np.errstate(over="ignore"):
        return float(np.exp((np.log(1 - target) - level) / slope)) if slope < 0 else float("inf")


def to_count(value: float, most: float) -> int | None:
    """Round a number of labels to two digits; None beyond what may be claimed."""
    return int(float(f"{value:.1e}")) if value <= FARTHEST * most else None


COLUMNS = ("labels", "right", "n", "whole_text", "low_95", "high_95", "seconds")


def point_to_row(point: CurvePoint) -> str:
    """Render a point as a line of CSV, in the order of ``COLUMNS``."""
    share = point.whole_text
    shares = f"{share.value or 0:.4f},{share.low_95:.4f},{share.high_95:.4f}"
    return f"{point.labels},{share.count},{share.n},{shares},{point.seconds:.0f}\n"


def need_to_text(need: Need, trained: int) -> str:
    """Say what a target would need."""
    start = f"for {100 * need.target:.0f} % of whole texts right"
    if need.labels is None:
        return f"{start}: more labels alone would not do, as far as this curve says"
    low = "" if need.low is None else f"{need.low}"
    high = "far more" if need.high is None else f"{need.high}"
    more = max(need.labels - trained, 0)
    return f"{start}: about {need.labels} labels ({low} to {high}), {more} more than the {trained} of the last point"


def plot_curve(points: Sequence[CurvePoint], path: Path) -> None:
    """Draw accuracy by labels with 95 % intervals, as a PNG file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    shares = np.array([point.whole_text.value or 0 for point in points])
    bounds = np.array([(point.whole_text.low_95, point.whole_text.high_95) for point in points])
    labels = [point.labels for point in points]
    axes.errorbar(labels, 100 * shares, 100 * np.abs(bounds.T - shares), marker="o", capsize=4, color="#0072B2")
    axes.set(xscale="log", xlabel="labels", ylabel="whole texts right, %", ylim=(0, 101))
    axes.set_xticks(labels, [str(count) for count in labels], minor=False)
    axes.minorticks_off()
    axes.set_title(f"measured on {points[0].whole_text.n} images held out, 95 % intervals", fontsize=10)
    axes.grid(alpha=0.3)
    try:
        figure.savefig(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another --out") from error
