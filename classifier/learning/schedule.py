"""The learning rate over a run that ends by steps or by time."""

from __future__ import annotations

import math
from time import monotonic

from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline


class Schedule:
    """Learning rate over the run, by steps or by time, whichever is further on.

    Parameters
    ----------
    steps
        Steps in all.
    deadline
        When the run, with what follows its last step, is to be over.
    tail
        How long that takes, in steps.
    """

    def __init__(self, steps: int, deadline: Deadline = NO_DEADLINE, tail: float = 0.0) -> None:
        self.steps = steps
        self.taken = 0
        self.tail = tail
        self.start = monotonic()
        self.before = 0.0
        self.limit = deadline.left

    @property
    def seconds(self) -> float:
        """Since the start."""
        return monotonic() - self.start

    @property
    def progress(self) -> float:
        """Share of the run that is over, in [0, 1]."""
        seconds = self.seconds
        tail = self.tail * (seconds - self.before) / max(self.taken, 1)
        by_time = seconds / (self.limit - tail) if tail < self.limit else 1.0
        return min(1.0, max(self.taken / self.steps, by_time))

    @property
    def done(self) -> bool:
        """Whether steps or time are used up."""
        return self.progress >= 1.0

    @property
    def expected_steps(self) -> int:
        """Steps that there will be in all, by what they took so far."""
        return max(self.taken, round(self.taken / self.progress)) if self.taken else self.steps

    def advance(self) -> None:
        """Count a step."""
        self.taken += 1

    def begin(self) -> None:
        """Begin with the first step: what came before, such as reading all images, does not tell what one takes."""
        self.before = self.seconds

    def rate(self, rise: float = 0.15, floor: float = 1e-3) -> float:
        """Share of the highest learning rate: a cosine up, then a cosine down (one cycle)."""
        at = self.progress
        if at < rise:
            return 0.04 + 0.96 * (1 - math.cos(math.pi * at / rise)) / 2
        return floor + (1 - floor) * (1 + math.cos(math.pi * (at - rise) / (1 - rise))) / 2
