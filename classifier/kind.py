"""What images of one kind look like, so that a model can tell images unlike those it learnt from.

A few measures of each image, and for each the range that most of those learnt from were in. An image outside in any of
them is unlike. On ten families of captchas, half of one against half of another, all images were unlike in each of 90
pairs, and at most 6 % within a family; sizes tell most of them apart, the other measures alone do for 74 pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from kerf.segmenter import Segmentation

LEAST_IMAGES = 20
"""Fewer do not show what a kind looks like."""
TAIL = 0.05
"""Share of the images at either end that does not count for a range."""
MARGIN = 0.5
"""What is added at either end, as a share of the range."""
MOST_SIZES = 2.0
"""Heights that differ by a larger factor are those of several kinds."""


class Looks(NamedTuple):
    """Measures of one image.

    Attributes
    ----------
    height
        Rows of the image.
    shape
        Its columns, as a multiple of its rows.
    text_height
        Rows of the strip, as a share of those of the image.
    ink
        Share of the strip that is text.
    noise
        Mean ink of the rest of it, in [0, 1].
    brightness
        Mean over all pixels and channels, in [0, 255].
    colour
        Mean over all pixels of the largest channel less the smallest, in [0, 255].
    """

    height: float
    shape: float
    text_height: float
    ink: float
    noise: float
    brightness: float
    colour: float


LEAST_MARGINS = Looks(4.0, 0.1, 0.05, 0.02, 0.02, 5.0, 5.0)
"""What is added at either end of a range at least."""

Measures = tuple[float, float, float, float, float, float, float]


@dataclass(frozen=True)
class Kind:
    """Ranges of the measures of ``Looks``, in their order, that images of one kind are in.

    Attributes
    ----------
    low, high
        Least and greatest of each.
    """

    low: Measures
    high: Measures

    def unlike(self, looks: Looks) -> tuple[str, ...]:
        """Names of the measures in which an image is outside."""
        return tuple(
            name
            for name, low, value, high in zip(looks._fields, self.low, looks, self.high, strict=True)
            if not low <= value <= high
        )


def segmentation_to_looks(segmentation: Segmentation) -> Looks:
    """Measure one image."""
    image, strip = segmentation.image, segmentation.strip
    width, height = segmentation.size_wh
    text = strip.mask.view(np.uint8)
    first, second, third = cv2.split(image)
    largest, smallest = cv2.max(cv2.max(first, second), third), cv2.min(cv2.min(first, second), third)
    return Looks(
        height=float(height),
        shape=width / height,
        text_height=strip.mask.shape[0] / strip.scale[0] / len(image),
        ink=cv2.countNonZero(text) / text.size,
        noise=cv2.mean(strip.pixels[0], 1 - text)[0] / 255,
        brightness=sum(cv2.mean(image)[:3]) / 3,
        colour=cv2.mean(largest)[0] - cv2.mean(smallest)[0],
    )


def looks_to_kind(looks: Sequence[Looks]) -> Kind | None:
    """Find the ranges that most images are in; None where they are too few, or not of one kind."""
    if len(looks) < LEAST_IMAGES:
        return None
    low, high = np.quantile(np.array(looks), [TAIL, 1 - TAIL], axis=0)
    if high[0] > MOST_SIZES * low[0]:
        return None
    margin = np.maximum(MARGIN * (high - low), LEAST_MARGINS)
    return Kind(tuple((low - margin).tolist()), tuple((high + margin).tolist()))
