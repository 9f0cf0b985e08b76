"""All stages of the segmenter in order, and the intermediates they leave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.segmenter import _cutting
from kerf.segmenter.colours import isolate_colour, parse_colour
from kerf.segmenter.crops import CropSettings, ink_to_strip, spans_to_windows, strip_to_crops
from kerf.segmenter.cuts import CutSettings, strip_to_lattice
from kerf.segmenter.ink import Ink, InkSettings, image_to_ink
from kerf.segmenter.lattice import Lattice, Strip, to_pairs
from kerf.segmenter.load_settings import FrameRule, LoadSettings

MAX_WORK = 1_000_000
"""Pixels that the stages work on: rows times columns, and as many columns as the strip has at its sides."""


@dataclass(frozen=True)
class SegmenterSettings:
    """Settings of every stage; stored in the model file, so that solving cuts as training did."""

    load: LoadSettings = field(default_factory=LoadSettings)
    ink: InkSettings = field(default_factory=InkSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    cut: CutSettings = field(default_factory=CutSettings)

    def told(self, frames: FrameRule | None, ink_colour: str | None) -> SegmenterSettings:
        """Change what a user says of the images: which frames count, and letters of which colour; None leaves it.

        Raises
        ------
        SettingsError
            If it is no colour.
        """
        load = LoadSettings(frames) if frames else self.load
        return replace(
            self, load=load, ink=replace(self.ink, colour=parse_colour(ink_colour)) if ink_colour else self.ink
        )


@dataclass(frozen=True)
class Segmentation:
    """One image and everything the stages made of it.

    Attributes
    ----------
    image
        uint8 ``(H, W, 3)`` BGR, as given, but for large ones, which are reduced.
    ink
        Ink and text mask in pixels of ``image``.
    strip
        Text rows and columns at the network's height.
    lattice
        Cuts and candidates in strip columns.
    settings
        What it was made with.
    size_wh
        Size of the image as it was given.
    factor
        How many times larger it was each way; 1 where it was not reduced.
    """

    image: NDArray[np.uint8]
    ink: Ink
    strip: Strip
    lattice: Lattice
    settings: SegmenterSettings
    size_wh: tuple[int, int]
    factor: int = 1

    def boxes(self, span_cols: NDArray[np.int32]) -> NDArray[np.int32]:
        """Ink boxes of spans of the strip.

        Parameters
        ----------
        span_cols
            int32 ``(N, 2)`` half-open strip columns, for example ``lattice.span_cols`` or ``lattice.pieces``.

        Returns
        -------
        ndarray
            int32 ``(N, 4)`` half-open pixels of the image as given: left, top, right, bottom; within it, never empty.
        """
        width = self.image.shape[1]
        cols = np.rint(self.strip.cols_to_image(span_cols.astype(np.float32))).astype(np.int32)
        left = cols[:, 0].clip(0, width - 1)
        spans = np.stack([left, np.maximum(cols[:, 1].clip(max=width), left + 1)], axis=1)
        rows = to_pairs(_cutting.spans_to_rows(self.ink.mask, spans))
        boxes = np.stack([spans[:, 0], rows[:, 0], spans[:, 1], rows[:, 1]], axis=1)
        return np.asarray(np.minimum(boxes * self.factor, 2 * self.size_wh), np.int32)

    def crops(self, span_cols: NDArray[np.int32], samples: int) -> NDArray[np.uint8]:
        """Ink of spans at ``samples`` columns each, margins added: int32 ``(N, 2)`` to uint8 ``(N, S_h, S)``."""
        return strip_to_crops(self.strip, spans_to_windows(span_cols, samples))


def segment(image: NDArray[np.uint8], settings: SegmenterSettings | None = None) -> Segmentation:
    """Run every stage of the segmenter in order.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    settings
        Defaults if not given.

    Returns
    -------
    Segmentation
        All intermediates.
    """
    settings = settings or SegmenterSettings()
    height, width = image.shape[:2]
    factor = size_to_factor(height, width)
    image = reduce_image(image, factor)
    ink = image_to_ink(isolate_colour(image, settings.ink.colour) if settings.ink.colour else image, settings.ink)
    strip = ink_to_strip(image, ink, settings.crop)
    lattice = strip_to_lattice(strip, settings.cut)
    return Segmentation(image, ink, strip, lattice, settings, (width, height), factor)


def size_to_factor(height: int, width: int) -> int:
    """Smallest whole number to reduce an image by, so that it and the margins of its strip are within ``MAX_WORK``.

    The margins grow with the height, so a tall image takes more than its pixels.
    """
    factor = 1
    while (rows := -(-height // factor)) * (-(-width // factor) + rows / 2) > MAX_WORK:
        factor += 1
    return factor


def reduce_image(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Average squares of ``factor`` pixels: uint8 ``(H, W, 3)`` to ``(ceil(H / factor), ceil(W / factor), 3)``."""
    if factor == 1:
        return image
    height, width = image.shape[:2]
    below, right = -height % factor, -width % factor
    whole = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size_wh = whole.shape[1] // factor, whole.shape[0] // factor
    return np.asarray(cv2.resize(whole, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
