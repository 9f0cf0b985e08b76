"""The most probable texts of a lattice, where all paths that spell a text count together.

Prefix search (Graves, Fernandez, Gomez, Schmidhuber 2006, section 3.2), over the lattice: the prefix that holds the
largest share of all paths is extended first. A whole text that holds as much as any open prefix is therefore the most
probable one.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.lattice.search import IMPOSSIBLE

EXPANSIONS = 500
"""Prefixes extended for one image before the search becomes a narrow one, which may miss a text."""
NARROW = 32
"""Open prefixes kept from then on."""

Text = tuple[int, ...]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """One image's paths and their scores.

    Attributes
    ----------
    start, end
        int64 ``(A,)``; cuts of each arc.
    scores
        float64 ``(A, K')``; of each arc as each character.
    skips
        float64 ``(J,)``; of skipping from each cut's predecessor to it.
    allowed
        bool ``(L, K')``; characters by position, at least one at each.
    lengths
        bool ``(L + 1,)``; numbers of characters.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    scores: Array
    skips: Array
    allowed: NDArray[np.bool_]
    lengths: NDArray[np.bool_]


@dataclass(frozen=True)
class Step:
    """What may come after so many characters; all of it probabilities.

    Attributes
    ----------
    take
        ``(A, K')``; from an arc's start, to take it as each character.
    leave
        ``(J, K')``; from each cut, to go on with each character, by whatever arc.
    skip
        ``(J, J)``; from each cut, to come to each later one by skips alone; 1 for itself.
    """

    take: Array
    leave: Array
    skip: Array


class TextChain:
    """All paths of an image as a Markov chain from left to right, whose states are cuts and numbers of characters.

    A path has the probability that it has among all paths: no number is above 1, and none is lost by rounding but
    what is too improbable to matter.

    Parameters
    ----------
    paths
        With at least one path of an allowed length.
    """

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        rows, self.row_of = np.unique(paths.allowed, axis=0, return_inverse=True)
        self.characters = [to_softmax(paths.scores, row) for row in rows]
        self.rest = sum_onwards(paths, np.stack([self.characters[row][0] for row in self.row_of], axis=1))
        self.leaving = np.equal.outer(np.arange(len(self.rest)), paths.start).astype(np.float64)  # (J, A)
        self.skipped = np.cumsum(paths.skips)
        self.steps: list[Step] = []

    def step(self, count: int) -> Step:
        """Return what may come after ``count`` characters."""
        while len(self.steps) <= count:
            self.steps.append(self.to_step(len(self.steps)))
        return self.steps[count]

    def to_step(self, count: int) -> Step:
        """Weigh every way to go on by what can follow it."""
        paths, height = self.paths, self.rest[:, count] + self.skipped
        skip = np.triu(as_share(height - height[:, None]))
        if count == len(paths.allowed):
            return Step(np.zeros_like(paths.scores), np.zeros((len(height), paths.scores.shape[1])), skip)
        total, share = self.characters[self.row_of[count]]
        onwards = total + self.rest[paths.end, count + 1] - self.rest[paths.start, count]
        take = share * as_share(onwards)[:, None]
        return Step(take, self.leaving @ take, skip)

    def visits(self, before: Array | None, prefix: Text) -> Array:
        """Probability of each cut, ``(J,)``, to be on a path with exactly ``prefix`` before it.

        ``before`` is the same for the prefix without its last character.
        """
        skip = self.step(len(prefix)).skip
        if before is None:
            return np.asarray(skip[0])
        taken = before[self.paths.start] * self.step(len(prefix) - 1).take[:, prefix[-1]]
        return np.asarray(np.bincount(self.paths.end, taken, len(skip)) @ skip)


def as_share(log: Array) -> Array:
    """Turn logarithms of probabilities into probabilities; what rounding made larger than 1 is 1."""
    return np.exp(np.minimum(log, 0.0))


def to_softmax(scores: Array, allowed: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Log-sum-exp of scores ``(A, K')`` over the allowed characters, ``(A,)``, and each one's share, ``(A, K')``."""
    some = scores[:, allowed]
    top = some.max(axis=1)
    weights = np.exp(some - top[:, None])
    share = np.zeros_like(scores)
    share[:, allowed] = weights / weights.sum(axis=1, keepdims=True)
    return top + np.log(weights.sum(axis=1)), share


def sum_onwards(paths: Paths, arcs: Array) -> Array:
    """Log-sum-exp over all ways to go on from each cut with each number of characters behind, ``(J, L + 1)``.

    ``arcs``, ``(A, L)``, are the arcs' scores at each position, whatever their characters.
    """
    rest = np.full((len(paths.skips), len(paths.lengths)), IMPOSSIBLE)
    rest[-1, paths.lengths] = 0.0
    for cut in range(len(rest) - 2, -1, -1):
        leaving = np.flatnonzero(paths.start == cut)
        ways = np.full((len(leaving) + 1, rest.shape[1]), IMPOSSIBLE)
        ways[:-1, :-1] = arcs[leaving] + rest[paths.end[leaving], 1:]
        ways[-1] = rest[cut + 1] + paths.skips[cut + 1]
        rest[cut] = np.logaddexp.reduce(ways, axis=0)
    return rest


def most_probable_texts(paths: Paths, count: int, known: Mapping[Text, float]) -> list[tuple[Text, float]]:
    """Find the texts of which paths hold the largest shares.

    Exact unless more than ``EXPANSIONS`` prefixes have to be looked into; then only the ``NARROW`` best prefixes are
    followed, and the best texts found are returned.

    Parameters
    ----------
    paths
        With at least one path of an allowed length.
    count
        How many texts.
    known
        Texts and their probabilities: the better they are, the less is to be searched.

    Returns
    -------
    list of tuple
        Character ids and probability, most probable first; fewer than ``count`` where there are no more.
    """
    chain, found = TextChain(paths), dict(known)
    open_prefixes: list[tuple[float, Text, Array | None]] = [(-1.0, (), None)]  # the best first
    for expansions in range(2 * EXPANSIONS):
        if not open_prefixes:
            break
        share, prefix, before = heapq.heappop(open_prefixes)
        if -share <= least(found, count):
            break
        here = chain.visits(before, prefix)
        if here[-1] > 0:
            found[prefix] = float(here[-1])
        onwards = here @ chain.step(len(prefix)).leave
        for character in np.flatnonzero(onwards > least(found, count)).tolist():
            heapq.heappush(open_prefixes, (-onwards[character], (*prefix, character), here))
        if expansions > EXPANSIONS:
            open_prefixes = heapq.nsmallest(NARROW, open_prefixes)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:count]


def least(found: Mapping[Text, float], count: int) -> float:
    """Probability that a further text must exceed to be among the best ``count``."""
    return heapq.nlargest(count, found.values())[-1] if len(found) >= count else 0.0
