"""The learning rate over a run that ends by steps or by time."""

from __future__ import annotations

import math
from time import monotonic


class Schedule:
    """Learning rate over the run, by steps or by time, whichever is further on.

    Parameters
    ----------
    steps
        Steps in all.
    max_seconds
        Time in all, or None.
    """

    def __init__(self, steps: int, max_seconds: float | None) -> None:
        self.steps = steps
        self.taken = 0
        self.max_seconds = max_seconds
        self.start = monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return monotonic() - self.start

    @property
    def progress(self) -> float:
        """Share of the run that is over, in [0, 1]."""
        by_time = self.seconds / self.max_seconds if self.max_seconds else 0.0
        return min(1.0, max(self.taken / self.steps, by_time))

    @property
    def done(self) -> bool:
        """Whether steps or time are used up."""
        return self.progress >= 1.0

    def advance(self) -> None:
        """Count a step."""
        self.taken += 1

    def rate(self, rise: float = 0.15, floor: float = 1e-3) -> float:
        """Share of the highest learning rate: a cosine up, then a cosine down (one cycle)."""
        at = self.progress
        if at < rise:
            return 0.04 + 0.96 * (1 - math.cos(math.pi * at / rise)) / 2
        return floor + (1 - floor) * (1 + math.cos(math.pi * (at - rise) / (1 - rise))) / 2
