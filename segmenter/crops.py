"""Lattice to crops: the only crop geometry there is, for training, solving and pictures alike."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.segmenter import _cutting
from kerf.segmenter.colours import image_to_colours
from kerf.segmenter.ink import NEUTRAL, Ink
from kerf.segmenter.lattice import Strip

PLANES = ("ink", "lightness")
"""What a strip's channels are, in order."""
COLOUR_PLANES = ("red against cyan", "blue against green")
"""What it has beside them where colours are kept."""
TAIL = 0.005  # share of the mask at each side that may lie outside of the strip
TEXT = 100  # of 255: what is more of a scaled mask is text
MARGIN_SAMPLES = 1  # samples outside the candidate on each side: the neighbours' nearest edges


@dataclass(frozen=True)
class CropSettings:
    """Size and margins of strip and crops.

    Parameters
    ----------
    height
        Rows of the strip.
    row_margin, col_margin
        Space kept around the text, as shares of its height.
    max_aspect
        Widest strip, as a multiple of its height; wider text is squeezed.
    samples
        Columns that a candidate is sampled at, its width whatever it is.
    text_height
        Height of the text as a share of the image's, where it is alike in all images, so that a character has the
        same size in every strip; None to measure it in each.
    colours
        Whether the strip has the ``COLOUR_PLANES`` too.
    """

    height: int = 48
    row_margin: float = 0.12
    col_margin: float = 0.25
    max_aspect: float = 12.0
    samples: int = 6
    text_height: float | None = None
    colours: bool = False

    @property
    def channels(self) -> int:
        """Channels of the strip."""
        return len(PLANES) + len(COLOUR_PLANES) * self.colours


def ink_to_text_rows(ink: Ink) -> tuple[int, int]:
    """First and end row of the text; all rows where the mask is empty."""
    return _cutting.mask_to_box(ink.mask, TAIL)[:2]


def ink_to_strip(image: NDArray[np.uint8], ink: Ink, settings: CropSettings) -> Strip:
    """Crop the text's rows and columns and scale them to the strip's height.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    ink
        Its ink.
    settings
        Sizes.

    Returns
    -------
    Strip
        The scaled ink, lightness and mask; the whole image where the mask is empty.
    """
    top, bottom, left, right = _cutting.mask_to_box(ink.mask, TAIL)
    if settings.text_height:
        spare = settings.text_height * len(image) - (bottom - top)
        top, bottom = round(top - spare / 2), round(bottom + spare / 2)
    text_height = max(bottom - top, 6)
    row_pad, col_pad = round(settings.row_margin * text_height), round(settings.col_margin * text_height)
    top, bottom, left, right = top - row_pad, bottom + row_pad, left - col_pad, right + col_pad
    scale = settings.height / (bottom - top)
    width = int(min(max(round((right - left) * scale), 8), settings.max_aspect * settings.height))
    planes = np.empty((3, bottom - top, right - left), np.uint8)
    _cutting.crop(ink.ink, ink.lightness, ink.mask, top, left, NEUTRAL, planes)
    planes = scale_planes(planes, settings.height, width)
    pixels = planes[:2].copy()
    if settings.colours:
        colours = crop_planes(image_to_colours(image, ink.mask), top, left, bottom - top, right - left)
        pixels = np.concatenate([pixels, scale_planes(colours, settings.height, width)])
    col_scale = width / (right - left)
    return Strip(pixels, planes[2] > TEXT, (float(top), float(left)), (scale, col_scale))


def crop_planes(planes: NDArray[np.uint8], top: int, left: int, rows: int, cols: int) -> NDArray[np.uint8]:
    """Cut a box, which may reach outside, out of ``(P, H, W)``; outside of the image it is as the background."""
    height, width = planes.shape[1:]
    cut = np.full((len(planes), rows, cols), NEUTRAL, np.uint8)
    above, before, below, behind = max(top, 0), max(left, 0), min(top + rows, height), min(left + cols, width)
    cut[:, above - top : below - top, before - left : behind - left] = planes[:, above:below, before:behind]
    return cut


def scale_planes(planes: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Scale ``(P, h, w)`` to ``(P, height, width)``: by areas where the height shrinks, else linearly."""
    scaled = np.empty((len(planes), height, width), np.uint8)
    if height < planes.shape[1]:
        _cutting.shrink(planes, scaled)
        return scaled
    for plane, out in zip(planes, scaled, strict=True):
        cv2.resize(plane, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)
    return scaled


def spans_to_windows(span_cols: NDArray[np.int32], samples: int) -> NDArray[np.float32]:
    """Strip columns at which each candidate is sampled.

    Parameters
    ----------
    span_cols
        int32 ``(N, 2)`` half-open strip columns.
    samples
        Columns inside a candidate.

    Returns
    -------
    ndarray
        float32 ``(N, samples + 2 * MARGIN_SAMPLES)``; pixel centres, so column ``c`` covers ``[c, c + 1)`` at
        position ``c + 0.5``. They may lie outside the strip.
    """
    offsets = (np.arange(-MARGIN_SAMPLES, samples + MARGIN_SAMPLES, dtype=np.float32) + 0.5) / samples
    left = span_cols[:, :1].astype(np.float32)
    width = (span_cols[:, 1:] - span_cols[:, :1]).astype(np.float32)
    return np.asarray(left + width * offsets, np.float32)


def strip_to_crops(strip: Strip, windows: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Sample the strip's ink at windows: float32 ``(N, S)`` to uint8 ``(N, S_h, S)``; no ink outside the strip."""
    height = strip.pixels.shape[1]
    rows = np.arange(height, dtype=np.float32)[:, None]
    crops = np.zeros((len(windows), height, windows.shape[1]), np.uint8)
    for crop, columns in zip(crops, windows, strict=True):
        col_map, row_map = np.broadcast_arrays(columns[None] - 0.5, rows)
        cv2.remap(strip.pixels[0], col_map.copy(), row_map.copy(), cv2.INTER_LINEAR, dst=crop)
    return crops
