"""Which of the images without labels are read most surely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from kerf.classifier.lattice.decoding import Decoded


def surest(guesses: Sequence[Decoded], share: float) -> list[int]:
    """Choose a share of the images, so that none of the lengths and characters that are read is left behind.

    Images are ordered by confidence among those whose text has the same length, and among those whose text has the
    same character, for each that it has; what counts is where an image stands in the best of these orders. A length
    or character that is always read unsurely is chosen from as much as any other.

    Parameters
    ----------
    guesses
        One an image.
    share
        Of those that have a text, in [0, 1].

    Returns
    -------
    list of int
        Indices of ``guesses``, the surest first.
    """
    confidences = np.array([guess.confidence for guess in guesses])
    groups: defaultdict[int | str, list[int]] = defaultdict(list)
    for index in np.argsort(-confidences, kind="stable").tolist():
        for group in {len(guesses[index].text), *guesses[index].text} - {0}:
            groups[group].append(index)
    ranks = np.full(len(guesses), np.inf)
    for members in groups.values():
        ranks[members] = np.minimum(ranks[members], (np.arange(len(members)) + 0.5) / len(members))
    count = round(share * int(np.isfinite(ranks).sum()))
    chosen: list[int] = np.lexsort((-confidences, ranks))[:count].tolist()
    return chosen
