"""Images on both sides of a split that look the same although their files differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.folders.dataset import Sample, Split
from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.load import path_to_image

ROWS, COLS = 16, 48
BANDS = 12
"""Columns are compared in so many bands; the one that differs most decides, so that one character can."""

LIMIT = 0.25
"""Mean squared difference, in standard deviations of the image, up to which a band looks the same.

Over ten kinds of captcha, copies saved as JPEG of quality 50, moved by a pixel or made lighter or darker
differed by at most 0.16, images of different texts by at least 0.40.
"""

LEAST_CONTRAST = 0.1
"""Standard deviation in grey levels below which an image is plain."""

STILL = ((0, 0),)
SHIFTS = tuple((row, col) for row in (-1, 0, 1) for col in (-1, 0, 1))
"""Pixels by which validation images are moved in search of a training image that looks the same."""


def near_duplicates(split: Split) -> list[tuple[Sample, Sample]]:
    """Find validation images that look like a training image.

    Compared is a small grey picture of each, brought to the same brightness and contrast, so that copies are
    found that were saved again or moved by a pixel. Texts are not compared. Images that cannot be read, or
    have nothing within their outermost pixels, are passed over.

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
    means = 2 - 2 * (views @ known.T) / known.shape[1]  # (V, n) over all bands, as every view is of size 1
    view, index = np.nonzero(means <= LIMIT)  # the band that differs most is never below the mean
    if not len(index):
        return None
    differences = np.square(views[view] - known[index]).reshape(len(index), BANDS, -1)  # (c, BANDS, D)
    largest = differences.mean(axis=2).max(axis=1)
    best = int(largest.argmin())
    return int(index[best]) if largest[best] <= LIMIT else None


def samples_to_views(
    samples: Iterable[Sample], shifts: tuple[tuple[int, int], ...]
) -> Iterator[tuple[Sample, NDArray[np.float32]]]:
    """Yield the samples that can be read, with their views, one a shift: float32 ``(V, BANDS * D)``."""
    for sample in samples:
        try:
            image = path_to_image(sample.path)
        except UnreadableImageError:
            continue
        if min(image.shape[:2]) >= 3:
            yield sample, np.stack([image_to_view(image, shift) for shift in shifts])


def image_to_view(image: NDArray[np.uint8], shift: tuple[int, int]) -> NDArray[np.float32]:
    """Make an image comparable.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR, 3 pixels or more both ways.
    shift
        Rows and columns to move it by, -1 to 1; the outermost pixels are left out, so that none is missing.

    Returns
    -------
    ndarray
        float32 ``(BANDS * D,)``, band after band, of mean 0 and standard deviation 1; near 0 if the image
        is plain, which is like nothing.
    """
    height, width = image.shape[:2]
    top, left = 1 - shift[0], 1 - shift[1]
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[top : top + height - 2, left : left + width - 2]
    small = cv2.resize(grey.astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_AREA)
    small = (small - small.mean()) / max(float(small.std()), LEAST_CONTRAST)
    return np.ascontiguousarray(small.reshape(ROWS, BANDS, -1).swapaxes(0, 1).reshape(-1), np.float32)
