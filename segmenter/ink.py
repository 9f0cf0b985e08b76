"""Image to ink: how far each pixel stands out from the background, and which of it is text.

The background is a smooth surface fitted robustly, so dark text on light, light text on dark, gradients and
pastel grounds are one case: ink is distance from that surface, whatever its sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

NEUTRAL = 128  # lightness of the background
FIT_POINTS = 500  # pixels that the background fit looks at
FIT_ROUNDS = 3  # reweighted rounds for each of: plane, quadratic
QUANTILE_VALUES = 1200  # values that quantiles are taken of, at most twice as many


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
    """

    threshold: float = 0.3
    noise_factor: float = 4.0
    speck_height: float = 0.22


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
    contrast = cv2.subtract(image, image_to_background(image), dtype=cv2.CV_32F)
    distance = np.asarray(cv2.sqrt(cv2.transform(cv2.multiply(contrast, contrast), np.ones((1, 3)))), np.float32)
    erase_frame(distance)
    noise, peak = quantiles(distance, 0.5, 0.99)
    peak = max(peak, 1.0)
    level = max(settings.threshold * peak, min(settings.noise_factor * noise, 0.6 * peak))
    mask = remove_specks(distance > level, settings.speck_height)
    light = np.asarray(cv2.transform(contrast, np.full((1, 3), np.sqrt(1 / 3))), np.float32)
    sign = 1.0
    if mask.any():  # dots are often darker than the text: measure the text's contrast without them
        peak = max(*quantiles(distance[mask], 0.6), 1.0)
        sign = -1.0 if light[mask].mean() < 0 else 1.0
    floor = min(noise, 0.5 * peak)
    ink = np.clip((distance - floor) / (peak - floor), 0.0, 1.0)
    lightness = np.clip(NEUTRAL + 127.0 * sign / peak * light, 0.0, 255.0).astype(np.uint8)
    return Ink(ink, lightness, remove_thin_lines(mask))


def quantiles(values: NDArray[np.floating | np.integer], *shares: float) -> list[float]:
    """Quantiles of an even sample of at most ``2 * QUANTILE_VALUES`` values, any shape."""
    flat = values.ravel()
    flat = flat[:: max(1, len(flat) // QUANTILE_VALUES)]
    ranks = [int(share * (len(flat) - 1)) for share in shares]
    return [float(value) for value in np.partition(flat, ranks)[ranks]]


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
    height, width = image.shape[:2]
    step = max(1, int(np.sqrt(height * width / FIT_POINTS)))
    rows, cols = (np.arange(min(step, side) // 2, side, step) for side in (height, width))
    points = image[np.ix_(rows, cols)].astype(np.float32)
    coefficients = fit_surface(surface_basis(rows / height - 0.5, cols / width - 0.5), points.reshape(-1, 3))
    mean, r, c, rr, rc, cc = coefficients
    rows = np.arange(height, dtype=np.float32)[:, None] / height - 0.5
    cols = np.arange(width, dtype=np.float32)[:, None] / width - 0.5
    by_row = np.concatenate([np.ones_like(rows), rows, rows * rows], axis=1)  # (H, 3)
    by_col = np.stack([mean + c * cols + cc * cols * cols, r + rc * cols, np.broadcast_to(rr, (width, 3))])
    return np.asarray((by_row @ by_col.reshape(3, -1)).reshape(height, width, 3), np.float32)


def surface_basis(rows: NDArray[np.float64], cols: NDArray[np.float64]) -> NDArray[np.float32]:
    """Terms of a quadratic on the grid of rows and columns: ``(R,)``, ``(C,)`` to float32 ``(R * C, 6)``."""
    r, c = np.repeat(rows, len(cols)), np.tile(cols, len(rows))
    return np.stack([np.ones_like(r), r, c, r * r, r * c, c * c], axis=1).astype(np.float32)


def fit_surface(basis: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Robust coefficients ``(6, 3)`` of points ``(n, 3)``, so that ``basis @ coefficients`` is the background."""
    weights = np.ones(len(points), np.float32)
    coefficients = np.zeros((basis.shape[1], 3), np.float32)
    for terms in (3, basis.shape[1]):
        part = np.ascontiguousarray(basis[:, :terms])
        ridge = 1e-3 * np.eye(terms, dtype=np.float32)
        for _ in range(FIT_ROUNDS):
            weighted = (part * weights[:, None]).T
            coefficients[:terms] = cv2.solve(weighted @ part + ridge, weighted @ points, flags=cv2.DECOMP_CHOLESKY)[1]
            miss = points - part @ coefficients[:terms]
            residual = (miss * miss) @ np.ones(3, np.float32)
            scale = max(quantiles(residual, 0.5)[0], 9.0)
            weights = np.square(scale / (scale + residual))
    return coefficients


def erase_frame(distance: NDArray[np.float32]) -> None:
    """Set rows and columns at the image's edge that stand out along most of their length to 0, in place."""
    level = 0.5 * max(*quantiles(distance, 0.98), 1.0)
    for lines in (distance, distance.T):
        for order in (range(3), range(-1, -4, -1)):
            for i in order:
                if i >= len(lines) or (lines[i] > level).mean() < 0.6:
                    break
                lines[i] = 0.0


def remove_specks(mask: NDArray[np.bool_], speck_height: float) -> NDArray[np.bool_]:
    """Drop connected pieces that are small beside the text: bool ``(H, W)`` to bool ``(H, W)``.

    The text's height is taken from the largest pieces, which lines may join but dots cannot be.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 1:
        return mask
    heights = stats[1:, cv2.CC_STAT_HEIGHT]
    areas = stats[1:, cv2.CC_STAT_AREA]
    by_area = np.argsort(-areas)
    covered = np.cumsum(areas[by_area])
    main = by_area[: int(np.searchsorted(covered, 0.5 * covered[-1])) + 1]
    text_height = float(np.median(heights[main]))
    size = np.maximum(heights, stats[1:, cv2.CC_STAT_WIDTH])
    keep = np.concatenate([[False], size >= max(2.0, speck_height * text_height)])
    return np.asarray(keep[labels])


def remove_thin_lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Open the mask by half its stroke width, which thinner lines do not survive; hollow strokes stay as is."""
    if not mask.any():
        return mask
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    stroke = 2.0 * quantiles(depth[mask], 0.85)[0]
    size = min(int(stroke / 2.0), *mask.shape)
    if size < 2:
        return mask
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((size, size), np.uint8)) > 0
    return opened if opened.sum() > 0.5 * mask.sum() else mask
