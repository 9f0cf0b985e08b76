"""Pixels to data URIs, small enough that thousands fit into one page."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST = 480
"""Pixels that the longer side of a picture is reduced to, where it has more."""
QUALITIES = (80, 60, 40, 25)
"""Of WebP, tried in order until a picture is within its budget; the size is halved after the last."""


def picture_to_uri(picture: NDArray[np.uint8], budget: int) -> str:
    """Encode a picture as WebP in a data URI.

    Parameters
    ----------
    picture
        uint8, grey ``(H, W)`` or BGR ``(H, W, 3)``.
    budget
        Bytes that the URI should stay within; one of a few pixels may be larger.
    """
    picture = shrink(picture, LONGEST / max(picture.shape[:2]))
    while True:
        for quality in QUALITIES:
            uri = to_uri(cv2.imencode(".webp", picture, (cv2.IMWRITE_WEBP_QUALITY, quality))[1].tobytes())
            if len(uri) <= budget:
                return uri
        if max(picture.shape[:2]) <= 32:
            return uri
        picture = shrink(picture, 0.5)


def shrink(picture: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Scale a picture down; one that would become larger stays as it is."""
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def to_uri(webp: bytes) -> str:
    """Put an encoded picture into a data URI."""
    return "data:image/webp;base64," + base64.b64encode(webp).decode()
