"""Lattices of a batch, end to end, as the search in C takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from kerf.segmenter.lattice import Lattice


@dataclass(frozen=True)
class Lattices:
    """Lattices of B images, which have N candidates and M cuts together.

    Attributes
    ----------
    spans
        int32 ``(N, 2)``; start and end of each candidate as indices of its image's cuts.
    first_span
        int32 ``(B + 1,)``; row of each image's first candidate, and N.
    first_cut
        int32 ``(B + 1,)``; index of each image's first cut among the M, and M.
    """

    spans: NDArray[np.int32]
    first_span: NDArray[np.int32]
    first_cut: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.first_span) - 1


def join_lattices(lattices: Sequence[Lattice]) -> Lattices:
    """Lay the lattices of a batch end to end; there must be one at least."""
    spans = np.ascontiguousarray(np.concatenate([lattice.spans for lattice in lattices]), np.int32)
    first_span = np.array([0, *accumulate(len(lattice.spans) for lattice in lattices)], np.int32)
    first_cut = np.array([0, *accumulate(len(lattice.cuts) for lattice in lattices)], np.int32)
    return Lattices(spans, first_span, first_cut)
