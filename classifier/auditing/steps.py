"""Which attacks there is time for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from kerf.classifier.auditing.attack import Means

BUDGETS = (50, 100, 200)
"""Numbers of labels that are tried beside all."""
LEAST_SECONDS = 8.0
"""A step that would have less is left out."""
LEAST_LABELS = 10
"""From fewer nothing is learnt; see ``training.MIN_SAMPLES``."""


@dataclass(frozen=True)
class Step:
    """An attack that learns: what it has, how many labels, and its part of the time against others'."""

    means: Means
    labels: int
    weight: float

    @property
    def rank(self) -> tuple[int, int]:
        """What goes before what: all labels, then images alone, then few labels, then what is between them."""
        if self.means is Means.IMAGES:
            return 1, 0
        return (0, 0) if self.labels not in BUDGETS else (2, (50, 200, 100).index(self.labels))


def plan_steps(images: int, labels: int, seconds: float) -> tuple[list[Step], list[Step]]:
    """Choose the attacks that learn, in the order in which they run, and those that there is no time for.

    Parameters
    ----------
    images
        That may be learnt from, labelled or not.
    labels
        How many of them have labels.
    seconds
        For all; each step has a part as the square root of what it learns from, as epochs are. What says most comes
        first, as far as none has less than ``LEAST_SECONDS``.
    """
    counts = [count for count in BUDGETS if count < labels] + [labels] * (labels >= LEAST_LABELS)
    steps = [Step(Means.IMAGES, 0, sqrt(images))] * (images > 0)
    steps += [Step(Means.LABELS, count, sqrt(count)) for count in counts]
    kept: list[Step] = []
    for step in sorted(steps, key=lambda step: step.rank):
        if min(to_seconds([*kept, step], seconds)) >= LEAST_SECONDS:
            kept.append(step)
    return [step for step in steps if step in kept], [step for step in steps if step not in kept]


def to_seconds(steps: Sequence[Step], seconds: float) -> list[float]:
    """Divide the time."""
    whole = sum(step.weight for step in steps)
    return [seconds * step.weight / whole for step in steps]
