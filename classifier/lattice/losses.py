"""How improbable labels are, and in which direction of the scores they would be less so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.lattice import _search
from kerf.classifier.lattice.lattices import Lattices
from kerf.classifier.lattice.text_space import TextSpace, to_inputs

Label = Sequence[int] | NDArray[np.int64]
"""Ids of a space's characters."""


@dataclass(frozen=True)
class Losses:
    """Losses of a batch and their gradients.

    Attributes
    ----------
    values
        float64 ``(B,)``; log-sum-exp over all paths less that over the paths that spell the label (a segmental CRF;
        Graph Transformer Networks, Bottou, Bengio, LeCun 1997). Infinite where no path spells it.
    by_logits, by_skips
        float32 ``(N, K)`` and ``(M,)``; gradient of each image's loss, 0 where it is infinite. Empty unless asked for.
    """

    values: NDArray[np.float64]
    by_logits: NDArray[np.float32]
    by_skips: NDArray[np.float32]


def labels_to_losses(
    logits: NDArray[np.float32],
    skips: NDArray[np.float32],
    lattices: Lattices,
    labels: Sequence[Label],
    space: TextSpace,
    *,
    temperature: float = 1.0,
    gradients: bool = False,
) -> Losses:
    """Compute the negative log probability of each image's label.

    Parameters
    ----------
    logits, skips, lattices, space, temperature
        As for ``decode``.
    labels
        One an image.
    gradients
        Whether to compute them.
    """
    ids, counts = pad_labels(labels, len(space.allowed))
    values = np.zeros(len(lattices))
    by_logits, by_skips = (np.zeros_like(a) if gradients else np.zeros(0, np.float32) for a in (logits, skips))
    _search.losses(*to_inputs(logits, skips, lattices, space), temperature, ids, counts, values, by_logits, by_skips)
    return Losses(values, by_logits, by_skips)


def pad_labels(labels: Sequence[Label], length: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Labels as ids ``(B, length)``, padded with 0, and how many of each; -1 for a label that is longer."""
    ids = np.zeros((len(labels), length), np.int32)
    counts = np.array([len(label) if len(label) <= length else -1 for label in labels], np.int32)
    for row, label, count in zip(ids, labels, counts.tolist(), strict=True):
        row[: max(0, count)] = label[: max(0, count)]
    return ids, counts
