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
from kerf.segmenter.lattice import Lattice, Strip, to_pairs


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
    height = len(strip.mask)
    closest, spacing = max(1, round(settings.closest * height)), max(2.0, settings.filler * height)
    widths = (settings.min_width * height, settings.max_width * height)
    profile = mask_to_profile(strip.mask)
    cuts, spans, pieces = _cutting.mask_to_lattice(strip.mask, profile, closest, spacing, *widths)
    return Lattice(np.frombuffer(cuts, np.int32), to_pairs(spans), to_pairs(pieces))


def mask_to_profile(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Project the mask on its columns, and smooth: bool ``(S_h, S_w)`` to float32 ``(S_w,)``, pixels of ink."""
    profile = cv2.reduce(mask.view(np.uint8), 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)
    return np.asarray(cv2.GaussianBlur(profile, (5, 1), 1.0)[0], np.float32)
