"""Cutting, where every pixel is visited.

Arrays are contiguous, and may be worked on by several threads at once. ``ValueError`` is raised for one that has not
the type or shape that is said here, or no rows or no columns. Lists of columns come as the bytes of int32.
"""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

def image_to_background(image: Pixels, background: Floats, /) -> None:
    """Fill ``background``, ``(H, W, 3)`` as ``image``."""

def quantiles(values: Floats, mask: Mask | None, shares: tuple[float, ...], /) -> tuple[float, ...]:
    """Quantiles of ``(n,)`` values, none of them negative, for shares that ascend."""

def image_to_ink(
    image: Pixels,
    threshold: float,
    noise_factor: float,
    speck_height: float,
    neutral: int,
    ink: Floats,
    lightness: Pixels,
    mask: Mask,
    /,
) -> None:
    """Fill the last three, ``(H, W)`` each, from ``(H, W, 3)``; lines are left in the mask."""

def mask_to_box(mask: Mask, tail: float, /) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of ``(H, W)``, but for a share of what is set at each side."""

def crop(ink: Floats, lightness: Pixels, mask: Mask, top: int, left: int, neutral: int, planes: Pixels, /) -> None:
    """Fill ``planes``, ``(3, h, w)``, with the box that begins there, which may reach outside of ``(H, W)``."""

def shrink(planes: Pixels, out: Pixels, /) -> None:
    """Fill ``out``, ``(P, h, w)``, with averages of ``planes``, ``(P, H, W)``."""

def spans_to_rows(mask: Mask, spans: NDArray[np.int32], /) -> bytearray:
    """First and end row of what is set within each of ``(N, 2)`` half-open columns; all rows where nothing is."""

def mask_to_lattice(
    mask: Mask, profile: Floats, closest: int, spacing: float, min_width: float, max_width: float, /
) -> tuple[bytearray, bytearray, bytearray]:
    """Cuts, spans and pieces of a mask ``(h, w)`` and its projection ``(w,)``."""
