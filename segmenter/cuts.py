"""Ink to lattice: where a character may begin and end.

Contours give the pieces that already stand apart, column projection the thin places between touching ones, and
fillers keep wide strokes divisible. Cuts are generous; the search decides later.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.segmenter import _cutting
from kerf.segmenter.lattice import Lattice, Strip


@dataclass(frozen=True)
class CutSettings:
    """Where cuts and candidates are allowed; lengths are shares of the strip's height.

    Parameters
    ----------
    filler
        Widest stretch of ink without a cut.
    closest
        Cuts nearer than this to a stronger one are dropped.
    min_width, max_width
        Narrowest and widest candidate.
    """

    filler: float = 0.125
    closest: float = 0.0625
    min_width: float = 0.125
    max_width: float = 1.25


def strip_to_lattice(strip: Strip, settings: CutSettings) -> Lattice:
    """Propose cuts and candidate spans for one strip.

    Parameters
    ----------
    strip
        The strip whose mask is cut.
    settings
        Spacing and widths.

    Returns
    -------
    Lattice
        At least two cuts; no span where the strip holds no ink.
    """
    height, width = strip.mask.shape
    profile = mask_to_profile(strip.mask)
    pieces = mask_to_pieces(strip.mask)
    cuts = pieces_to_cuts(pieces, profile, max(1, round(settings.closest * height)), max(2.0, settings.filler * height))
    if len(cuts) < 2:
        cuts = np.array([0, width], np.int32)
    spans = cuts_to_spans(cuts, profile, settings.min_width * height, settings.max_width * height)
    return Lattice(cuts, spans, split_wide(pieces, profile, settings.max_width * height))


def mask_to_profile(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Project the mask on its columns, and smooth: bool ``(S_h, S_w)`` to float32 ``(S_w,)``, pixels of ink."""
    profile = cv2.reduce(mask.view(np.uint8), 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)
    return np.asarray(cv2.GaussianBlur(profile, (5, 1), 1.0)[0], np.float32)


def mask_to_pieces(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Find the pieces that stand apart: bool ``(S_h, S_w)`` to int32 ``(P, 2)`` half-open columns.

    Connected components, joined where one lies mostly over another (the dot of an i).
    """
    return to_pairs(_cutting.mask_to_pieces(mask))


def pieces_to_cuts(
    pieces: NDArray[np.int32], profile: NDArray[np.float32], closest: int, spacing: float
) -> NDArray[np.int32]:
    """Propose cuts: ends of pieces, minima of the projection inside them, and fillers.

    The outermost ends stay, then ends from left to right, then minima by depth, none nearer than ``closest`` columns
    to one that stays. Stretches with ink that are wider than ``spacing`` columns are divided evenly.

    Parameters
    ----------
    pieces
        int32 ``(P, 2)`` half-open columns, ascending.
    profile
        float32 ``(S_w,)``; ink in each column.
    closest, spacing
        Columns; at least 1 and 2.

    Returns
    -------
    ndarray
        int32 ``(C,)``, ascending; none without pieces.
    """
    return np.frombuffer(_cutting.pieces_to_cuts(pieces, profile, closest, spacing), np.int32)


def cuts_to_spans(
    cuts: NDArray[np.int32], profile: NDArray[np.float32], min_width: float, max_width: float
) -> NDArray[np.int32]:
    """Every pair of cuts of plausible width that holds ink: int32 ``(N, 2)``, ordered by end, then start."""
    return to_pairs(_cutting.cuts_to_spans(cuts, profile, min_width, max_width))


def to_pairs(data: bytearray) -> NDArray[np.int32]:
    """See memory as int32 ``(N, 2)``."""
    return np.frombuffer(data, np.int32).reshape(-1, 2)


def split_wide(pieces: NDArray[np.int32], profile: NDArray[np.float32], max_width: float) -> NDArray[np.int32]:
    """Divide pieces too wide for one character at the lowest projection in their middle half, until none is.

    Parameters
    ----------
    pieces
        int32 ``(P, 2)`` half-open columns.
    profile
        float32 ``(S_w,)``; ink in each column.
    max_width
        Columns of the widest character.

    Returns
    -------
    ndarray
        int32 ``(P', 2)``, ascending.
    """
    waiting, done = pieces.tolist()[::-1], []
    while waiting:
        left, end = waiting.pop()
        if end - left <= max_width:
            done.append((left, end))
            continue
        first = left + (end - left) // 4
        middle = profile[first : end - (end - left) // 4]
        lowest = np.flatnonzero(middle == middle.min()) + first
        cut = int(lowest[np.abs(2 * lowest - left - end).argmin()])  # the nearest to the centre
        waiting += [(cut, end), (left, cut)]
    return np.array(done, np.int32).reshape(-1, 2)
