"""Scores to what each candidate has of all paths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.lattice.lattices import Lattices
from kerf.classifier.lattice.losses import labels_to_losses
from kerf.classifier.lattice.text_space import TextSpace


def scores_to_posteriors(
    logits: NDArray[np.float32],
    skips: NDArray[np.float32],
    lattices: Lattices,
    space: TextSpace,
    *,
    temperature: float = 1.0,
) -> NDArray[np.float64]:
    """Share of all paths that take each candidate, read as each character.

    The gradient of an image's loss by a score is what all paths have of it less what the paths of the label have. The
    path of the empty text takes no candidate, so that with it as the label the first is left. It is no path of its own
    where a text must have a character, and its share is taken out again.

    Parameters
    ----------
    logits, skips, lattices, space, temperature
        As for ``decode``.

    Returns
    -------
    ndarray
        float64 ``(N, C)``; by candidate and by character of the space. A row's sum is the candidate's share of all
        paths; 0 where no path has an allowed length.
    """
    with_empty = replace(space, ends=np.append(True, space.ends[1:]))
    losses = labels_to_losses(
        logits, skips, lattices, [[]] * len(lattices), with_empty, temperature=temperature, gradients=True
    )
    by_class = np.pad(losses.by_logits.astype(np.float64) * temperature, ((0, 0), (0, 1)))
    shares: NDArray[np.float64] = by_class[:, space.groups].sum(axis=2)
    if not space.ends[0]:
        others = -np.expm1(-losses.values)
        shares /= np.repeat(np.where(others > 0, others, 1.0), np.diff(lattices.first_span))[:, None]
    return shares
