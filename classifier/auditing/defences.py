"""Which defence holds: images that have it against those that have not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerf.classifier.auditing.measures import Measures
from kerf.classifier.measuring.rates import Rate, count_to_rate, rates_to_difference
from kerf.classifier.measuring.sentences import FEWEST, to_percent


@dataclass(frozen=True)
class Defence:
    """A defence, and how images are told apart by it.

    Attributes
    ----------
    field
        Of ``Measures``.
    name
        What people call it.
    has
        The images that have it: those whose measure is above this; None where only more and less can be told.
    told
        What those images have, or have more of.
    """

    field: str
    name: str
    has: float | None
    told: str


DEFENCES = (
    Defence("touching", "touching", 0.0, "fewer pieces of ink than characters"),
    Defence("lines", "lines", 0.0, "a straight stroke longer than a letter"),
    Defence("marks", "marks", None, "ink beside the text"),
    Defence("warp", "warp", None, "characters off the line"),
    Defence("colours", "colours", 0.25, "strokes of several hues"),
    Defence("length", "length", None, "characters"),
    Defence("alphabet", "alphabet", 0.0, "a character that looks like another one that may occur"),
)


@dataclass(frozen=True)
class Comparison:
    """How often images with a defence are read, and those without.

    Attributes
    ----------
    defence
        Which.
    by_amount
        Whether nearly all images have it, or hardly any, so that those with more of it than half of all are ``given``.
    given, rest
        Share read rightly of those that have it, and of the others.
    difference
        Of the first, less the second; None where one of them is of too few images.
    """

    defence: Defence
    by_amount: bool
    given: Rate
    rest: Rate
    difference: Rate | None

    @property
    def costs(self) -> bool:
        """Whether the attack surely loses by it."""
        return self.difference is not None and self.difference.high < 0

    @property
    def sentence(self) -> str:
        """Say what it costs the attack, or that this cannot be told."""
        if self.difference is None:
            return f"too few to tell: {self.given.n} images have it, {self.rest.n} have not"
        low, high = (abs(round(100 * end)) for end in (self.difference.low, self.difference.high))
        if self.costs:
            return f"costs the attack {high} to {low} points"
        if self.difference.low > 0:
            return f"is no defence: such images are read better, by {low} to {high} points"
        return "no difference that so many images can tell"

    @property
    def groups(self) -> tuple[str, str]:
        """Name both groups."""
        if self.by_amount or self.defence.has is None:
            return f"more {self.defence.told}", "less" if self.defence.field != "length" else "fewer"
        return self.defence.told, "without"


def compare_defences(measures: Sequence[Measures], right: Sequence[bool]) -> list[Comparison]:
    """Compare what is read rightly of images with each defence and without it.

    The intervals of the differences hold for all of them together (Bonferroni).
    """
    table, hits = np.array(measures).reshape(-1, len(Measures._fields)), np.array(right, bool)
    splits = [split_images(table[:, Measures._fields.index(one.field)], one) for one in DEFENCES]
    told = max(1, sum(is_enough(given) for given, _ in splits))
    return [to_comparison(one, *split, hits, told) for one, split in zip(DEFENCES, splits, strict=True)]


def split_images(values: np.ndarray[tuple[int], np.dtype[np.float64]], defence: Defence) -> tuple[np.ndarray, bool]:
    """Tell the images that have a defence or, where these or the others are too few, those that have more of it."""
    if defence.has is not None and is_enough(values > defence.has):
        return values > defence.has, False
    more = values > np.median(values) if len(values) else values > 0
    if is_enough(more) or defence.has is None:
        return more, True
    return values > defence.has, False


def is_enough(given: np.ndarray) -> bool:
    """Whether both groups are large enough for a rate."""
    return bool(min(given.sum(), (~given).sum()) >= FEWEST)


def to_comparison(defence: Defence, given: np.ndarray, by_amount: bool, hits: np.ndarray, told: int) -> Comparison:
    """Count what is right in both groups."""
    counts = [(int(hits[group].sum()), int(group.sum())) for group in (given, ~given)]
    one, other = (count_to_rate(*count) for count in counts)
    sure = [count_to_rate(*count, told) for count in counts]
    difference = rates_to_difference(*sure) if is_enough(given) else None
    return Comparison(defence, by_amount, one, other, difference)


def comparisons_to_sentence(comparisons: Sequence[Comparison]) -> str:
    """Say what costs the attack most, of what these images can tell."""
    costly = [c for c in comparisons if c.costs]
    judged = [c.defence.name for c in comparisons if c.difference]
    if not judged:
        return "which defence holds cannot be told, as too few images have it or have not"
    if not costly:
        return f"no defence is seen to hold, of {', '.join(judged)}"
    most = min(costly, key=lambda c: c.given.value - c.rest.value)
    with_it, without = (to_percent(rate.value) for rate in (most.given, most.rest))
    return f"{most.defence.name} costs the attack most, {with_it} of images with {most.groups[0]} are read, {without} of others"
