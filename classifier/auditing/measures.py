"""What makes a captcha hard, measured in one image."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.learning.cutting import spread_of_hues
from kerf.segmenter import Segmentation

INK = 0.3
"""Ink from which a pixel is part of a stroke, as of the text's mask."""
LEAST_PIECE = 0.3
"""Share of the text's height that a piece of ink has at least, so that dots of letters are none."""
LEAST_LINE = 0.3
"""Share of the image's width that a straight stroke has at least; a letter is shorter."""
LINE_GAP = 2
"""Pixels that may be missing within a line."""


class Measures(NamedTuple):
    """Measures of one image; of each, more is meant to be harder.

    Attributes
    ----------
    touching
        Characters that are in one piece with another, as a share of the text.
    lines
        Length of the longest straight stroke, as a share of the image's width; 0 below ``LEAST_LINE``.
    marks
        Mean ink of what is not text, in [0, 1]: dots, thin lines, patterns.
    warp
        How far the characters' middles are from one line, as a share of their height.
    colours
        How far the colours of the text's pixels are from their mean, as a share of its contrast.
    length
        Number of characters.
    alphabet
        Characters that look like another one that may occur.
    """

    touching: float
    lines: float
    marks: float
    warp: float
    colours: float
    length: float
    alphabet: float


def image_to_measures(
    segmentation: Segmentation, boxes: NDArray[np.int32], text: str, lookalikes: AbstractSet[str]
) -> Measures:
    """Measure one image.

    Parameters
    ----------
    segmentation
        What it was cut into.
    boxes
        int32 ``(L, 4)``; left, top, right, bottom of its characters.
    text
        What it says, as far as is known.
    lookalikes
        Characters that look like another one.
    """
    strip = segmentation.strip
    return Measures(
        touching=max(0.0, 1 - count_pieces(strip.mask) / max(1, len(text))),
        lines=longest_line(segmentation.ink.ink),
        marks=cv2.mean(strip.pixels[0], 1 - strip.mask.view(np.uint8))[0] / 255,
        warp=boxes_to_warp(boxes),
        colours=spread_of_hues(segmentation),
        length=float(len(text)),
        alphabet=float(sum(character in lookalikes for character in text)),
    )


def count_pieces(mask: NDArray[np.bool_]) -> int:
    """Count pieces of connected ink, those too low for a character left out; bool ``(H, W)``."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask).view(np.uint8))
    rows = np.flatnonzero(mask.any(axis=1))
    height = rows[-1] + 1 - rows[0] if len(rows) else 0
    return int((stats[1:count, cv2.CC_STAT_HEIGHT] >= LEAST_PIECE * height).sum())


def longest_line(ink: NDArray[np.float32]) -> float:
    """Length of the longest straight stroke as a share of the width (Matas et al. 2000); float32 ``(H, W)``."""
    width = ink.shape[1]
    least = LEAST_LINE * width
    stroke = np.asarray(ink > INK, np.uint8) * 255
    found = cv2.HoughLinesP(stroke, 1, np.pi / 180, max(1, int(least / 2)), minLineLength=least, maxLineGap=LINE_GAP)
    if found is None:
        return 0.0
    ends = np.asarray(found, np.float64).reshape(-1, 4)
    return float(np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]).max() / width)


def boxes_to_warp(boxes: NDArray[np.int32]) -> float:
    """Deviation of the characters' middles from the line through them, of their median height; 0 for two or fewer."""
    if len(boxes) < 3:
        return 0.0
    cols, rows = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    off = rows - np.polyval(np.polyfit(cols, rows, 1), cols)
    return float(np.sqrt(np.square(off).mean()) / max(1.0, float(np.median(boxes[:, 3] - boxes[:, 1]))))
