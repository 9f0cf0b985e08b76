"""Image to ink: how far each pixel stands out from the background, and which of it is text.

The background is a smooth surface fitted robustly, so dark text on light, light text on dark, gradients and
pastel grounds are one case: ink is distance from that surface, whatever its sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.segmenter import _cutting

NEUTRAL = 128  # lightness of the background


@dataclass(frozen=True)
class InkSettings:
    """What counts as ink and what as noise.

    Parameters
    ----------
    threshold
        Smallest share of the text's own contrast that makes a pixel part of the mask.
    noise_factor
        The same, as a multiple of the background's noise level; the larger of both holds.
    speck_height
        Connected pieces lower and narrower than this share of the text's height are dots, not text.
    colour
        BGR of the letters that count; None where all do.
    """

    threshold: float = 0.3
    noise_factor: float = 4.0
    speck_height: float = 0.22
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Ink:
    """Ink of one image.

    Attributes
    ----------
    ink
        float32 ``(H, W)`` in [0, 1]; 1 stands out as much as the text does.
    lightness
        uint8 ``(H, W)``; lightness against the background, 128 = equal, signed so that most text is above.
    mask
        bool ``(H, W)``; the pixels taken as text: dots and frames removed, thin lines removed where strokes
        are thicker than they are.
    """

    ink: NDArray[np.float32]
    lightness: NDArray[np.uint8]
    mask: NDArray[np.bool_]


def image_to_ink(image: NDArray[np.uint8], settings: InkSettings) -> Ink:
    """Separate ink from background.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    settings
        Thresholds.

    Returns
    -------
    Ink
        Ink in [0, 1] and the mask of what is taken as text.
    """
    shape = image.shape[:2]
    ink, lightness, mask = np.empty(shape, np.float32), np.empty(shape, np.uint8), np.empty(shape, np.bool_)
    rules = (settings.threshold, settings.noise_factor, settings.speck_height)
    _cutting.image_to_ink(np.ascontiguousarray(image), *rules, NEUTRAL, ink, lightness, mask)
    return Ink(ink, lightness, remove_thin_lines(mask))


def quantiles(
    values: NDArray[np.floating | np.integer], *shares: float, where: NDArray[np.bool_] | None = None
) -> tuple[float, ...]:
    """Quantiles, of ascending shares, of an even sample of the values, any shape; 0 where there is none."""
    flat = np.ascontiguousarray(values, np.float32).ravel()
    return _cutting.quantiles(flat, None if where is None else where.ravel(), shares)


def image_to_background(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fit a quadratic surface to each colour channel, ignoring what stands out of it.

    Iteratively reweighted least squares with Geman-McClure weights on a grid of pixels: a plane first, then the
    quadratic, so that a block of text in the middle cannot bend the start.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.

    Returns
    -------
    ndarray
        float32 ``(H, W, 3)``.
    """
    background = np.empty(image.shape, np.float32)
    _cutting.image_to_background(np.ascontiguousarray(image), background)
    return background


def remove_thin_lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Open the mask by half its stroke width, which thinner lines do not survive; hollow strokes stay as is."""
    whole = mask.view(np.uint8)
    depth = cv2.distanceTransform(whole, cv2.DIST_L2, 3)
    stroke = 2.0 * quantiles(depth, 0.85, where=mask)[0]
    size = min(int(stroke / 2.0), *mask.shape)
    if size < 2:
        return mask
    opened = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    survives = cv2.countNonZero(opened) > 0.5 * cv2.countNonZero(whole)
    return opened.view(np.bool_) if survives else mask
