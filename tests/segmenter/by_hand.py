"""Lattices of pieces and projections that are written down, and not found in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerf.segmenter._cutting import image_to_ink, mask_to_lattice
from kerf.segmenter.ink import NEUTRAL, Ink
from kerf.segmenter.lattice import Lattice, to_pairs


def from_rows(*rows: str) -> NDArray[np.bool_]:
    """A mask from its rows, ``#`` for what is set."""
    return np.array([[c == "#" for c in row] for row in rows])


def lattice_of(
    pieces: Sequence[tuple[int, int]],
    profile: Sequence[float],
    closest: int = 1,
    spacing: float = 99.0,
    widths: tuple[float, float] = (0.0, 999.0),
) -> Lattice:
    """The lattice of a mask that has each piece in a row of its own, between rows that are clear."""
    mask = np.zeros((2 * len(pieces) + 1, len(profile)), bool)
    for row, (left, end) in enumerate(pieces):
        mask[2 * row, left:end] = True
    return mask_to_parts(mask, np.array(profile, np.float32), closest, spacing, widths)


def mask_to_parts(
    mask: NDArray[np.bool_], profile: NDArray[np.float32], closest: int, spacing: float, widths: tuple[float, float]
) -> Lattice:
    """The lattice of a mask and a projection that need not be its own."""
    cuts, spans, pieces = mask_to_lattice(mask, profile, closest, spacing, *widths)
    return Lattice(np.frombuffer(cuts, np.int32), to_pairs(spans), to_pairs(pieces))


def cuts_of(
    pieces: Sequence[tuple[int, int]], profile: Sequence[float], closest: int = 1, spacing: float = 99.0
) -> list[int]:
    return [int(cut) for cut in lattice_of(pieces, profile, closest, spacing).cuts]


def pieces_of(mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Pieces of a mask, however wide."""
    found = mask_to_parts(mask, np.ones(mask.shape[1], np.float32), 1, 99.0, (0.0, 999.0)).pieces
    return [tuple(piece) for piece in found.tolist()]


def split(piece: tuple[int, int], profile: Sequence[float], max_width: float) -> list[list[int]]:
    return [[int(left), int(end)] for left, end in lattice_of([piece], profile, widths=(0.0, max_width)).pieces]


def drawing_to_ink(drawn: NDArray[np.bool_], speck_height: float = 0.22) -> Ink:
    """Ink of a drawing in black on white, with its lines: as the mask is before they are removed."""
    image = np.where(drawn, 0, 255).astype(np.uint8)[:, :, None].repeat(3, axis=2)
    result = Ink(np.empty(drawn.shape, np.float32), np.empty(drawn.shape, np.uint8), np.empty(drawn.shape, bool))
    image_to_ink(image, 0.3, 4.0, speck_height, NEUTRAL, result.ink, result.lightness, result.mask)
    return result
