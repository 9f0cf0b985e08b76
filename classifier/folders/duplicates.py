"""Images that look the same although their files differ: on both sides of a split, or one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from math import inf
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.folders.dataset import Sample, Split
from kerf.classifier.streams import count_cores, map_in_order, to_batches
from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.load import path_to_image

R = TypeVar("R")
Nearest = tuple[float, int, int]
"""Difference, which of an image's views, and index of the known view that it is like."""
NOTHING: Nearest = (inf, 0, -1)

ROWS, COLS = 16, 48
BANDS = 12
"""Columns are compared in so many bands; the one that differs most decides, so that one character can."""

LIMIT = 0.25
"""Mean squared difference, in standard deviations of the image, up to which a band looks the same.

Over ten kinds of captcha, copies saved as JPEG of quality 50, moved by a pixel or made lighter or darker
differed by at most 0.16, images of different texts by at least 0.40.
"""

LEAST_PRODUCT = ROWS * COLS * (0.999 - LIMIT / 2)
"""Of two views whose mean squared difference is ``LIMIT``, a little less for what float32 loses."""

DIMENSIONS = 64
MOST_SEEN = 1000
"""Views that the dimensions are chosen by."""
PART = 1024
"""Known views that are compared at a time."""
BATCH = 32
"""Images that a thread reads and compares at a time."""

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
    train = list(chain.from_iterable(share(split.train, lambda batch: samples_to_views(batch, STILL))))
    if not train:
        return []
    known = KnownViews(np.concatenate([views for _, views in train]))

    def find(batch: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
        found = samples_to_views(batch, SHIFTS)
        nearest = known.find_nearest([views for _, views in found])
        return [(train[i][0], sample) for (sample, _), i in zip(found, nearest, strict=True) if i is not None]

    return list(chain.from_iterable(share(split.validation, find)))


def later_copies(samples: Sequence[Sample]) -> list[Sample]:
    """List the samples that look like an earlier one, in order; see ``near_duplicates``."""
    views = samples_to_views(samples, STILL)
    if not views:
        return []
    known = KnownViews(np.concatenate([view for _, view in views]))
    place = {sample: index for index, (sample, _) in enumerate(views)}

    def find(batch: Sequence[Sample]) -> list[Sample]:
        found = samples_to_views(batch, SHIFTS)
        nearest = known.find_nearest([view for _, view in found], [place[sample] for sample, _ in found])
        return [sample for (sample, _), i in zip(found, nearest, strict=True) if i is not None]

    return list(chain.from_iterable(share([sample for sample, _ in views], find)))


def share(samples: Iterable[Sample], work: Callable[[Sequence[Sample]], R]) -> Iterator[R]:
    """Yield what becomes of the samples, batch by batch, worked at on all cores."""
    return map_in_order(work, to_batches(samples, BATCH), count_cores())


class KnownViews:
    """Views among which the nearest is looked for.

    Two views are alike only if their product is at least ``LEAST_PRODUCT``. It is at most that of their projections
    into any subspace, plus the product of the lengths of what the projections leave out (Cauchy, Schwarz). Few
    views that are not alike pass that in the ``DIMENSIONS`` in which the views vary most; these are compared in full.

    Parameters
    ----------
    views
        float32 ``(n, BANDS * D)``.
    """

    def __init__(self, views: NDArray[np.float32]) -> None:
        some = views[:: -(-len(views) // MOST_SEEN)]
        self._views = views
        self._basis = np.linalg.eigh(some.T @ some)[1][:, -DIMENSIONS:]  # (BANDS * D, DIMENSIONS), orthonormal
        self._projected = self._project(views)

    def find_nearest(
        self, images: Sequence[NDArray[np.float32]], ends: Sequence[int] | None = None
    ) -> list[int | None]:
        """Find the view that is most like one of an image's, for each image; None if none is within ``LIMIT``.

        Of several that are equally like it the one counts that is like the first of the image's views.

        Parameters
        ----------
        images
            The views of each, equally many: float32 ``(V, BANDS * D)``.
        ends
            For each image, before which known view it is looked for; without it, all are looked at.
        """
        if not images:
            return []
        projected = self._project(np.concatenate(images))  # (images * V, DIMENSIONS + 1)
        best: list[Nearest] = [NOTHING] * len(images)
        for start in range(0, len(self._views), PART):
            bounds = projected @ self._projected[start : start + PART].T
            close = bounds.reshape(len(images), -1, bounds.shape[1]).max(axis=1) >= LEAST_PRODUCT  # (images, PART)
            if ends is not None:
                close &= start + np.arange(bounds.shape[1]) < np.array(ends)[:, None]
            for image in np.flatnonzero(close.any(axis=1)).tolist():
                best[image] = min(best[image], self._compare(images[image], start + np.flatnonzero(close[image])))
        return [None if nearest == NOTHING else nearest[2] for nearest in best]

    def _project(self, views: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the projections, and the length of what each leaves out: float32 ``(n, DIMENSIONS + 1)``."""
        projected = views @ self._basis
        rest = np.square(views).sum(axis=1) - np.square(projected).sum(axis=1)
        return np.column_stack([projected, np.sqrt(np.maximum(rest, 0))])

    def _compare(self, views: NDArray[np.float32], part: NDArray[np.intp]) -> Nearest:
        """Find the nearest in a part of them."""
        known = self._views[part]
        view, place = np.nonzero(views @ known.T >= LEAST_PRODUCT)  # the band that differs most is above the mean
        if not len(view):
            return NOTHING
        differences = np.square(views[view] - known[place]).reshape(len(view), BANDS, -1)  # (c, BANDS, D)
        largest = differences.mean(axis=2).max(axis=1)
        best = int(largest.argmin())
        return (float(largest[best]), int(view[best]), int(part[place[best]])) if largest[best] <= LIMIT else NOTHING


def samples_to_views(
    samples: Iterable[Sample], shifts: tuple[tuple[int, int], ...]
) -> list[tuple[Sample, NDArray[np.float32]]]:
    """Return the samples that can be read, with their views, one a shift: float32 ``(V, BANDS * D)``."""
    found = []
    for sample in samples:
        try:
            image = path_to_image(sample.path)
        except UnreadableImageError:
            continue
        if min(image.shape[:2]) >= 3:
            found.append((sample, np.stack([image_to_view(image, shift) for shift in shifts])))
    return found


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
