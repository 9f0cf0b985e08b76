"""Images on both sides of a split that look the same although their files differ."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from classifier.dataset import Sample, Split
from segmenter.errors import UnreadableImageError
from segmenter.load import path_to_image

ROWS, COLS = 16, 48
BANDS = 12
"""Columns are compared in so many bands; the one that differs most decides, so that one character can."""

LIMIT = 0.2
"""Mean squared difference, in standard deviations of the image, up to which a band looks the same.

Copies saved as JPEG of quality 50, moved by a pixel or of other brightness differ by less than 0.18, images
with different texts by more than 0.24, over ten kinds of captcha.
"""

MARGIN = 2
"""Pixels at each edge that are not compared: a frame, or what moving the image left there."""

STILL = ((0, 0),)
SHIFTS = tuple((row, col) for row in (-1, 0, 1) for col in (-1, 0, 1))
"""Pixels by which validation images are moved in search of a training image that looks the same."""


def near_duplicates(split: Split) -> list[tuple[Sample, Sample]]:
    """Find validation images that look like a training image.

    Compared is a small grey picture of each, brought to the same brightness and contrast, so that copies are
    found that were saved again, scaled, or moved by a pixel. Texts are not compared. Images that cannot be
    read are passed over.

    Parameters
    ----------
    split
        Training and validation samples.

    Returns
    -------
    list of (Sample, Sample)
        Training and validation sample; each validation sample at most once, with what is most like it.
    """
    train = [(sample, views[0]) for sample, views in samples_to_views(split.train, STILL)]
    if not train:
        return []
    known = np.stack([view for _, view in train])
    pairs = []
    for sample, views in samples_to_views(split.validation, SHIFTS):
        nearest = find_nearest(views, known)
        if nearest is not None:
            pairs.append((train[nearest][0], sample))
    return pairs


def find_nearest(views: NDArray[np.float32], known: NDArray[np.float32]) -> int | None:
    """Find the known view that is most like one of an image's views; None if none is within ``LIMIT``.

    Parameters
    ----------
    views
        float32 ``(V, BANDS * D)``.
    known
        float32 ``(n, BANDS * D)``.
    """
    sizes = np.square(views).sum(axis=1)[:, None] + np.square(known).sum(axis=1)
    means = (sizes - 2 * views @ known.T) / known.shape[1]  # (V, n)
    view, index = np.nonzero(means <= LIMIT)  # the mean of the bands is never above the largest
    if not len(index):
        return None
    differences = np.square(views[view] - known[index]).reshape(len(index), BANDS, -1)  # (c, BANDS, D)
    largest = differences.mean(axis=2).max(axis=1)
    best = int(largest.argmin())
    return int(index[best]) if largest[best] <= LIMIT else None


def samples_to_views(
    samples: Iterable[Sample], shifts: tuple[tuple[int, int], ...]
) -> Iterable[tuple[Sample, NDArray[np.float32]]]:
    """Yield the samples that can be read, with their views, one a shift: float32 ``(V, BANDS * D)``."""
    for sample in samples:
        try:
            image = path_to_image(sample.path)
        except UnreadableImageError:
            continue
        yield sample, np.stack([image_to_view(image, shift) for shift in shifts])


def image_to_view(image: NDArray[np.uint8], shift: tuple[int, int]) -> NDArray[np.float32]:
    """Make an image comparable.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    shift
        Rows and columns to move it by, -1 to 1; its edge is repeated.

    Returns
    -------
    ndarray
        float32 ``(BANDS * D,)``, band after band, of mean 0 and standard deviation 1; all 0 without contrast.
    """
    grey = np.pad(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 1, mode="edge")
    rows, cols = (
        slice(1 - moved + margin, 1 - moved + size - margin)
        for size, moved in zip(image.shape[:2], shift, strict=True)
        for margin in [min(MARGIN, (size - 1) // 2)]
    )
    small = cv2.resize(grey[rows, cols].astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_AREA)
    small = (small - small.mean()) / (float(small.std()) or 1.0)
    return np.ascontiguousarray(small.reshape(ROWS, BANDS, -1).swapaxes(0, 1).reshape(-1), np.float32)
