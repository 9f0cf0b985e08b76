"""The most probable texts of a lattice: prefix beam search, where all paths that spell a text count together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Text = tuple[int, ...]

WIDTH = 12
"""Prefixes kept at each cut, at least."""
LIKELY = 1e-4
"""Arcs and characters less probable than this are passed over."""


@dataclass(frozen=True)
class Step:
    """One arc of an image's lattice: from a cut to a later one, as one of a few characters.

    Attributes
    ----------
    start, end
        Cuts.
    characters, scores
        Ids of the characters worth trying, and the score of each.
    """

    start: int
    end: int
    characters: tuple[int, ...]
    scores: tuple[float, ...]


def likely_steps(
    candidate: NDArray[np.int64], start: NDArray[np.int64], share: NDArray[np.float64], scores: NDArray[np.float64]
) -> list[Step]:
    """List the arcs of one image that matter, by the cut they arrive at.

    Parameters
    ----------
    candidate, start
        ``(J, D)``; the image's rows of ``search.Arcs``.
    share
        ``(J, D)``; share of all paths that use each arc.
    scores
        ``(N, K')``; of the batch's candidates.
    """
    steps = []
    for end, slot in np.argwhere(share > LIKELY).tolist():
        row = scores[candidate[end, slot]]
        likely = np.flatnonzero(row > row.max() + math.log(LIKELY))
        steps.append(Step(int(start[end, slot]), end, tuple(likely.tolist()), tuple(row[likely].tolist())))
    return steps


def likely_texts(
    steps: Sequence[Step], skips: Sequence[float], allowed: NDArray[np.bool_], lengths: NDArray[np.bool_], count: int
) -> list[Text]:
    """Find texts whose paths together score most.

    Parameters
    ----------
    steps
        In order of their ends.
    skips
        Score of skipping from each cut's predecessor to it, up to the last cut.
    allowed
        ``(L, K')``; characters by position.
    lengths
        ``(L + 1,)``; numbers of characters allowed.
    count
        How many texts.

    Returns
    -------
    list of tuple
        Character ids, the best first; fewer where there are no more.
    """
    width, longest = max(WIDTH, 2 * count), len(allowed)
    by_end: dict[int, list[Step]] = {}
    for step in steps:
        by_end.setdefault(step.end, []).append(step)
    beams: list[dict[Text, float]] = [{(): 0.0}]
    for cut in range(1, len(skips)):
        sums = {prefix: score + skips[cut] for prefix, score in beams[-1].items()}
        for step in by_end.get(cut, []):
            for prefix, score in beams[step.start].items():
                if len(prefix) < longest:
                    extend(sums, prefix, score, step, allowed[len(prefix)])
        beams.append(dict(sorted(sums.items(), key=lambda item: -item[1])[:width]))
    return [text for text in beams[-1] if lengths[len(text)]][:count]


def extend(sums: dict[Text, float], prefix: Text, score: float, step: Step, allowed: NDArray[np.bool_]) -> None:
    """Add the paths that go on from a prefix by one step, in place."""
    for character, own in zip(step.characters, step.scores, strict=True):
        if allowed[character]:
            text, total = (*prefix, character), score + own
            known = sums.get(text, -math.inf)
            high, low = max(known, total), min(known, total)
            sums[text] = high + math.log1p(math.exp(low - high))
