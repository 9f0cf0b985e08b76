"""The moment by which work is to end: handed down from the command, and divided among what is left to do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Deadline:
    """A moment by which to end.

    Parameters
    ----------
    end
        In seconds, of `time.monotonic`; infinite for no limit.
    """

    end: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the moment so many seconds from now; None for no limit."""
        return cls() if seconds is None else cls(monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.end - monotonic())

    def share(self, fraction: float) -> Deadline:
        """Return when this fraction, above 0, of the seconds left will be used up."""
        return Deadline(monotonic() + fraction * self.left)

    def in_time(self, items: Iterable[T], least: int = 0) -> Iterator[T]:
        """Yield items until the time is over, but the first ``least`` whatever the time."""
        for done, item in enumerate(items):
            if done >= least and not self.left:
                return
            yield item


NO_DEADLINE = Deadline()
