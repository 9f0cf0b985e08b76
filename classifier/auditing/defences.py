"""Which defence holds: images that have it against those that have not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.auditing.measures import Measures
from kerf.classifier.learning.cutting import SEVERAL_HUES
from kerf.classifier.measuring.rates import Rate, count_to_rate, rates_to_difference
from kerf.classifier.measuring.sentences import FEWEST, to_percent


@dataclass(frozen=True)
class Defence:
    """A defence, and how images are told apart by it.

    Attributes
    ----------
    field
        Of ``Measures``.
    has
        The images that have it: those whose measure is above this; all where it is None.
    told, more
        What images have that have it, and that have more of it than half of all.
    """

    field: str
    has: float | None
    told: str
    more: str


DEFENCES = (
    Defence("touching", 0.0, "fewer pieces of ink than characters", "more characters in one piece"),
    Defence("lines", 0.0, "a straight stroke longer than a letter", "longer straight strokes"),
    Defence("marks", 0.03, "dots, lines or patterns beside the text", "more ink beside the text"),
    Defence("warp", 0.1, "characters off the line by a tenth of their height", "characters further off the line"),
    Defence("colours", SEVERAL_HUES, "strokes of several hues", "strokes of more hues"),
    Defence("length", None, "", "more characters"),
    Defence("alphabet", 0.0, "a character that looks like another one", "more characters that look like others"),
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
    constant
        Whether it is the same in all images.
    """

    defence: Defence
    by_amount: bool
    given: Rate
    rest: Rate
    difference: Rate | None
    constant: bool

    @property
    def costs(self) -> bool:
        """Whether the attack surely loses by it."""
        return self.difference is not None and self.difference.high < 0

    @property
    def sentence(self) -> str:
        """Say what it costs the attack, or that this cannot be told."""
        if self.constant:
            return "the same in all images: cannot be told from them alone"
        if self.difference is None:
            return f"too few to tell: {self.given.n} images have it, {self.rest.n} have not"
        low, high = (abs(round(100 * end)) for end in (self.difference.low, self.difference.high))
        if self.costs:
            return f"costs the attack {high} to {low} points"
        if self.difference.low > 0:
            return f"is no defence: such images are read better, by {low} to {high} points"
        return "no difference that so many images can tell"

    @property
    def group(self) -> str:
        """Say what the images have that are ``given``."""
        return self.defence.more if self.by_amount else self.defence.told


def compare_defences(measures: Sequence[Measures], right: Sequence[bool]) -> list[Comparison]:
    """Compare what is read rightly of images with each defence and without it.

    The intervals of the differences hold for all of them together (Bonferroni).
    """
    table = np.array(measures, np.float64).reshape(-1, len(Measures._fields))
    columns = [table[:, Measures._fields.index(defence.field)] for defence in DEFENCES]
    splits = [values_to_split(values, defence) for values, defence in zip(columns, DEFENCES, strict=True)]
    told = max(1, sum(is_enough(split) for split in splits))
    return [to_comparison(*row, np.array(right, bool), told) for row in zip(DEFENCES, columns, splits, strict=True)]


def values_to_split(values: NDArray[np.float64], defence: Defence) -> NDArray[np.bool_]:
    """Tell the images that have a defence or, where nearly all do, those that have more of it than half."""
    more = values > (np.median(values) if len(values) else 0.0)
    if defence.has is None:
        return more
    has = values > defence.has
    return more if is_enough(more) and not is_enough(has) and has.mean() > 0.5 else has


def is_enough(split: NDArray[np.bool_]) -> bool:
    """Whether both groups are large enough for a rate."""
    return bool(min(split.sum(), (~split).sum()) >= FEWEST)


def to_comparison(
    defence: Defence, values: NDArray[np.float64], split: NDArray[np.bool_], right: NDArray[np.bool_], told: int
) -> Comparison:
    """Count what is right in both groups."""
    counts = [(int(right[group].sum()), int(group.sum())) for group in (split, ~split)]
    given, rest = (count_to_rate(*count) for count in counts)
    difference = rates_to_difference(*(count_to_rate(*count, told) for count in counts)) if is_enough(split) else None
    by_amount = defence.has is None or not np.array_equal(split, values > defence.has)
    return Comparison(defence, by_amount, given, rest, difference, len(set(values.tolist())) <= 1)


def comparisons_to_sentence(comparisons: Sequence[Comparison]) -> str:
    """Say what costs the attack most, of what these images can tell."""
    costly = [c for c in comparisons if c.costs]
    judged = [c.defence.field for c in comparisons if c.difference]
    if not judged:
        return "which defence holds cannot be told, as too few images have it or have not"
    if not costly:
        return f"no defence is seen to hold, of {', '.join(judged)}"
    most = min(costly, key=lambda c: c.given.value - c.rest.value)
    with_it, without = (to_percent(rate.value) for rate in (most.given, most.rest))
    return (
        f"{most.defence.field} costs it most, {with_it} of images with {most.group} are read, {without} of the others"
    )
