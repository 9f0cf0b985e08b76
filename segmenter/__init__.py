"""Pixels to candidate characters: one door, ``segment``, and the intermediates it keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kerf.segmenter.crops import CropSettings, ink_to_strip, spans_to_windows, strip_to_crops
from kerf.segmenter.cuts import CutSettings, strip_to_lattice
from kerf.segmenter.ink import Ink, InkSettings, image_to_ink
from kerf.segmenter.lattice import Lattice, Strip

__all__ = ["CropSettings", "CutSettings", "InkSettings", "Segmentation", "SegmenterSettings", "segment"]


@dataclass(frozen=True)
class SegmenterSettings:
    """Settings of every stage; stored in the model file, so that solving cuts as training did."""

    ink: InkSettings = field(default_factory=InkSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    cut: CutSettings = field(default_factory=CutSettings)


@dataclass(frozen=True)
class Segmentation:
    """One image and everything the stages made of it.

    Attributes
    ----------
    image
        uint8 ``(H, W, 3)`` BGR, as given.
    ink
        Ink and text mask in image pixels.
    strip
        Text rows and columns at the network's height.
    lattice
        Cuts and candidates in strip columns.
    settings
        What it was made with.
    """

    image: NDArray[np.uint8]
    ink: Ink
    strip: Strip
    lattice: Lattice
    settings: SegmenterSettings

    def boxes(self, span_cols: NDArray[np.int32]) -> NDArray[np.int32]:
        """Ink boxes of spans of the strip.

        Parameters
        ----------
        span_cols
            int32 ``(N, 2)`` half-open strip columns, for example ``lattice.span_cols`` or ``lattice.pieces``.

        Returns
        -------
        ndarray
            int32 ``(N, 4)`` half-open image pixels: left, top, right, bottom; within the image, never empty.
        """
        height, width = self.image.shape[:2]
        cols = np.rint(self.strip.cols_to_image(span_cols.astype(np.float32))).astype(np.int32)
        left, right = np.clip(cols[:, 0], 0, width - 1), np.clip(cols[:, 1], 1, width)
        right = np.maximum(right, left + 1)
        boxes = np.zeros((len(cols), 4), np.int32)
        for box, begin, end in zip(boxes, left.tolist(), right.tolist(), strict=True):
            rows = np.flatnonzero(self.ink.mask[:, begin:end].any(axis=1))
            top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, height)
            box[:] = begin, top, end, bottom
        return boxes

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
    ink = image_to_ink(image, settings.ink)
    strip = ink_to_strip(image, ink, settings.crop)
    lattice = strip_to_lattice(strip, settings.cut)
    return Segmentation(image, ink, strip, lattice, settings)
