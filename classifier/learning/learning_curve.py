"""Accuracy by number of labels, measured on nested subsets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import numpy as np

from kerf.classifier.folders.dataset import Sample, sample_by_hash, split_samples
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.measuring.metrics import Proportion, evaluate
from kerf.segmenter.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from kerf.classifier.learning.training import TrainResult

HELD_OUT = 0.2
"""Share of the folder, by the hash of its content, that is measured on and never trained on."""
LEAST_READ = 30
"""Held-out images that are read whatever the time."""
READING_SECONDS = 0.02
"""Time set aside to read a held-out image, three times what it takes on one core; half of all at most."""


class Learn(Protocol):
    """Trains on samples, never on those held out, and ends by the deadline."""

    def __call__(self, samples: Sequence[Sample], held_out: Sequence[Sample], deadline: Deadline) -> TrainResult:
        """Train."""


@dataclass(frozen=True)
class CurvePoint:
    """Whole-text accuracy on the held-out part after training on ``labels`` images, and the seconds that took."""

    labels: int
    whole_text: Proportion
    seconds: float


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
    samples: Sequence[Sample], budgets: Sequence[int], learn: Learn, deadline: Deadline = NO_DEADLINE
) -> Iterator[CurvePoint]:
    """Train on nested samples of what is not held out, and measure on what is.

    Parameters
    ----------
    samples
        Images and their texts, in any order.
    budgets
        Rising numbers of labels.
    learn
        Trains on some.
    deadline
        When to have ended: what is left is divided as the square root of the number of labels, as epochs are. Where
        it is too short to read all that is held out, a sample of it is read.

    Raises
    ------
    SettingsError
        If there are fewer labels than the largest number.
    """
    split = split_samples(samples, HELD_OUT)
    if budgets[-1] > len(split.train):
        raise SettingsError(
            f"the curve asks for {budgets[-1]} labels; {len(split.train)} are there besides the "
            f"{len(split.validation)} held out to measure on; ask for fewer or label more"
        )
    train, held_out = sample_by_hash(split.train), sample_by_hash(split.validation)
    for index, budget in enumerate(budgets):
        part = deadline.share(sqrt(budget) / sum(map(sqrt, budgets[index:])))
        start = monotonic()
        reading = min(0.5, READING_SECONDS * len(held_out) / max(part.left, 1e-9))
        result = learn(train[:budget], held_out, part.share(1 - reading))
        seconds = monotonic() - start
        yield CurvePoint(budget, read_held_out(result, held_out, part), seconds)


def read_held_out(result: TrainResult, held_out: Sequence[Sample], deadline: Deadline) -> Proportion:
    """Measure whole-text accuracy on as many as there is time for."""
    from kerf.classifier.recognizer import Recognizer

    stream = Recognizer(result.model).read_many(sample.path for sample in held_out)
    readings = list(deadline.in_time(stream, LEAST_READ))
    return evaluate([sample.text for sample in held_out[: len(readings)]], readings).whole_text


COLUMNS = ("labels", "right", "n", "whole_text", "low_95", "high_95", "seconds")


def point_to_row(point: CurvePoint) -> str:
    """Render a point as a line of CSV, in the order of ``COLUMNS``."""
    share = point.whole_text
    shares = f"{share.value or 0:.4f},{share.low_95:.4f},{share.high_95:.4f}"
    return f"{point.labels},{share.count},{share.n},{shares},{point.seconds:.0f}\n"


def plot_curve(points: Sequence[CurvePoint], path: Path) -> None:
    """Draw accuracy by labels with 95 % intervals, as a PNG file.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
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
