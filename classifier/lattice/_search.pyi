"""The search through a lattice, where every candidate is visited."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

# All arrays are in C order. B images have N candidates and M cuts; K classes, C characters, L steps of all tracks.
# ValueError says which of them do not fit each other.

def decode(
    logits: Floats,  # (N, K)
    skips: Floats,  # (M,)
    spans: Ints,  # (N, 2)
    first_span: Ints,  # (B + 1,)
    first_cut: Ints,  # (B + 1,)
    groups: Ints,  # (C, G)
    allowed: Bools,  # (L, C)
    starts: Bools,  # (L + 1,)
    ends: Bools,  # (L + 1,)
    temperature: float,
    best: int,
    exact: bool,
    certain: float,
    expansions: int,
    narrow: int,
    texts: Ints,  # out (B, best, L)
    text_lengths: Ints,  # out (B, best); -1 where there are no more
    shares: Doubles,  # out (B, best)
    candidates: Ints,  # out (B, L)
    characters: Doubles,  # out (B, L)
    /,
) -> None: ...
def losses(
    logits: Floats,
    skips: Floats,
    spans: Ints,
    first_span: Ints,
    first_cut: Ints,
    groups: Ints,
    allowed: Bools,
    starts: Bools,
    ends: Bools,
    temperature: float,
    labels: Ints,  # (B, L)
    label_lengths: Ints,  # (B,); -1 for a label that cannot be
    values: Doubles,  # out (B,)
    by_logits: Floats,  # added to, (N, K); empty, as by_skips, where no gradient is wanted
    by_skips: Floats,  # added to, (M,)
    /,
) -> None: ...
