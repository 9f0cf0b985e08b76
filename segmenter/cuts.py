"""Ink to lattice: where a character may begin and end.

Contours give the pieces that already stand apart, column projection the thin places between touching ones, and
fillers keep wide strokes divisible. Cuts are generous; the search decides later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

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
    profile = cv2.GaussianBlur(strip.mask.sum(axis=0, dtype=np.float32)[None], (5, 1), 1.0)[0]
    pieces = mask_to_pieces(strip.mask)
    closest = max(1, round(settings.closest * height))
    cuts = thin_out(pieces.ravel(), projection_minima(profile, pieces), profile, closest)
    cuts = fill(cuts, max(2.0, settings.filler * height), profile)
    if len(cuts) < 2:
        cuts = np.array([0, width], np.int32)
    spans = cuts_to_spans(cuts, profile, settings.min_width * height, settings.max_width * height)
    return Lattice(cuts, spans, split_wide(pieces, profile, settings.max_width * height))


def mask_to_pieces(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Find the pieces that stand apart: bool ``(S_h, S_w)`` to int32 ``(P, 2)`` half-open columns.

    Connected components, joined where one lies mostly over another (the dot of an i).
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    lefts = stats[1:, cv2.CC_STAT_LEFT]
    ends = lefts + stats[1:, cv2.CC_STAT_WIDTH]
    pieces: list[list[int]] = []
    for left, end in sorted(zip(lefts.tolist(), ends.tolist(), strict=True)):
        if pieces and min(pieces[-1][1], end) - left > 0.5 * min(end - left, pieces[-1][1] - pieces[-1][0]):
            pieces[-1][1] = max(pieces[-1][1], end)
        else:
            pieces.append([left, end])
    return np.array(pieces, np.int32).reshape(-1, 2)


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


def projection_minima(profile: NDArray[np.float32], pieces: NDArray[np.int32]) -> NDArray[np.int32]:
    """Columns inside the pieces where the projection has a local minimum: float32 ``(S_w,)`` to int32 ``(M,)``."""
    if len(profile) < 3:
        return np.empty(0, np.int32)
    middle = profile[1:-1]
    minima = np.flatnonzero((middle <= profile[:-2]) & (middle < profile[2:])) + 1
    inside = np.zeros(len(profile) + 1, bool)
    for left, end in pieces:
        inside[left + 1 : end] = True
    return minima[inside[minima]].astype(np.int32)


def thin_out(
    edges: NDArray[np.int32], minima: NDArray[np.int32], profile: NDArray[np.float32], closest: int
) -> NDArray[np.int32]:
    """Keep piece edges, then minima by depth, none nearer than ``closest`` columns: int32 ``(C,)`` ascending."""
    outer = {int(edges.min()), int(edges.max())} if len(edges) else set()
    by_strength = [int(e) for e in edges] + [int(m) for m in minima[np.argsort(profile[minima], kind="stable")]]
    kept = sorted(outer)
    for cut in by_strength:
        if all(abs(cut - other) >= closest for other in kept):
            kept.append(cut)
    return np.array(sorted(kept), np.int32)


def fill(cuts: NDArray[np.int32], spacing: float, profile: NDArray[np.float32]) -> NDArray[np.int32]:
    """Divide stretches of ink wider than ``spacing`` columns evenly; stretches without ink stay whole."""
    filled: list[int] = []
    ink = np.concatenate([[0.0], np.cumsum(profile)])[cuts]
    inked = np.diff(ink) > 0.5 * np.diff(cuts)
    for left, end, divide in zip(cuts[:-1].tolist(), cuts[1:].tolist(), inked.tolist(), strict=True):
        parts = math.ceil((end - left) / spacing) if divide else 1
        filled += [round(left + (end - left) * i / parts) for i in range(parts)]
    return np.array([*filled, *cuts[-1:].tolist()], np.int32)


def cuts_to_spans(
    cuts: NDArray[np.int32], profile: NDArray[np.float32], min_width: float, max_width: float
) -> NDArray[np.int32]:
    """Every pair of cuts of plausible width that holds ink: int32 ``(N, 2)``, ordered by end, then start."""
    width = cuts[None, :] - cuts[:, None]
    ink = np.concatenate([[0.0], np.cumsum(profile)])
    holds_ink = ink[cuts][None, :] - ink[cuts][:, None] > 1.0
    ends, starts = np.nonzero(((width >= min_width) & (width <= max_width) & holds_ink).T)
    return np.stack([starts, ends], axis=1).astype(np.int32)
