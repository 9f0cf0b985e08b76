"""Frames of an animation to the one image that is read.

Some sites let letters come and go, or noise move, over the frames. Which rule serves which animation was measured
with ``benchmarks/trials/frames.py``; ``auto`` tells the animations apart by what stands out in each frame.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.segmenter.ink import image_to_background, quantiles
from kerf.segmenter.load_settings import FrameRule

LASTING = 0.9  # share of the frames in which a pixel stands out that lasts
STILL = 0.55  # share of what stands out in a frame that lasts, where the text does and noise moves
PLAIN = 0.85  # the same, where nothing need move
STIRRED = 0.08  # share of what stands out in a frame that stood near in the one before: noise moves
MOVED = 0.25  # the same: text moves
REACH = 4  # pixels that text moves from one frame to the next


def frames_to_image(frames: NDArray[np.uint8], rule: FrameRule) -> tuple[NDArray[np.uint8], str]:
    """Make one image of an animation.

    Parameters
    ----------
    frames
        uint8 ``(F, H, W, 3)``, at least one.
    rule
        ``first`` or ``last`` frame; ``mean`` of all; ``darkest``, for each pixel the frame where it stands out most
        from the background, darker or lighter; ``auto``, the one of these that ``contrast_to_rule`` chooses.

    Returns
    -------
    image
        uint8 ``(H, W, 3)``.
    rule
        The rule that was followed, never ``auto``.
    """
    if rule == "auto":
        rule = contrast_to_rule(frames_to_contrast(frames))
    if rule == "mean":
        return np.rint(frames.mean(axis=0, dtype=np.float32)).astype(np.uint8), rule
    if rule == "darkest":
        strongest = frames_to_contrast(frames).argmax(axis=0)[None, :, :, None]
        return np.take_along_axis(frames, strongest, axis=0)[0], rule
    return frames[0 if rule == "first" else -1], rule


def frames_to_contrast(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How far each pixel is from the background of all frames, in the channel where it is farthest: ``(F, H, W)``."""
    mean = frames.mean(axis=0, dtype=np.float32).astype(np.uint8)
    background = np.rint(image_to_background(mean)).clip(0, 255).astype(np.uint8)
    return np.stack([cv2.absdiff(frame, background).max(axis=2) for frame in frames])


def contrast_to_rule(contrast: NDArray[np.uint8]) -> FrameRule:
    """Choose the mean where text lasts, one frame where it moves, what stands out most where it comes and goes.

    Parameters
    ----------
    contrast
        uint8 ``(F, H, W)``, as from ``frames_to_contrast``.
    """
    level = 0.5 * max(quantiles(contrast.max(axis=0), 0.99)[0], 2.0)
    standing = contrast > level  # (F, H, W)
    areas = standing.sum(axis=(1, 2))
    lasting = int((standing.mean(axis=0) >= LASTING).sum()) / max(float(np.median(areas)), 1.0)
    motion = standing_to_motion(standing)
    if lasting >= (STILL if motion >= STIRRED else PLAIN):
        return "mean"
    if motion < MOVED:
        return "darkest"
    return "first" if areas[0] >= 0.5 * areas.max() else "last"


def standing_to_motion(standing: NDArray[np.bool_]) -> float:
    """Share of what stands out, ``(F, H, W)``, that in the frame before did so near its place, but not at it."""
    masks = standing.astype(np.uint8)
    kernel = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    moved = sum(int((after & cv2.dilate(before, kernel) & ~before).sum()) for before, after in pairwise(masks))
    return moved / max(int(masks[1:].sum()), 1)
