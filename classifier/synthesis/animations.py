"""A rendered captcha to the frames of an animation, as sites have them whose letters come and go."""

from __future__ import annotations

from enum import StrEnum
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from kerf.classifier.synthesis.rendering import RenderedCaptcha
from kerf.classifier.synthesis.scenery import Image
from kerf.segmenter.ink import image_to_background

FRAMES = 8  # of an animation whose number of frames does not follow from its text
JITTER = 4  # pixels that a letter moves each way


class Animation(StrEnum):
    """What changes from one frame to the next."""

    GROW = "grow"  # letters are added from left to right
    BLINK = "blink"  # each letter is there in some frames
    TURN = "turn"  # one letter at a time
    JITTER = "jitter"  # letters move about
    NOISE = "noise"  # the text stays, lines and dots move
    BLANK = "blank"  # nothing at first, then the text


def animate(captcha: RenderedCaptcha, kind: Animation, rng: np.random.Generator) -> list[Image]:
    """Draw the frames of an animation.

    Parameters
    ----------
    captcha
        What is drawn; its letters are taken from their boxes, and the ground below them is a smooth one.
    kind
        What changes.
    rng
        Source of everything that the kind leaves open.

    Returns
    -------
    list of ndarray
        uint8 ``(H, W, 3)`` BGR each.
    """
    letters = len(captcha.text)
    if kind is Animation.NOISE:
        dots_one_in = int(rng.integers(100, 400))
        return [add_noise(captcha.image, dots_one_in, rng) for _ in range(FRAMES)]
    shown = np.ones((FRAMES, letters), bool)
    if kind is Animation.GROW:
        shown = np.tri(letters, dtype=bool)
    elif kind is Animation.TURN:
        shown = np.eye(letters, dtype=bool)
    elif kind is Animation.BLINK:
        shown = rng.random((FRAMES, letters)) < 0.5
        shown[rng.integers(0, FRAMES, letters), np.arange(letters)] = True
    elif kind is Animation.BLANK:
        shown[: int(rng.integers(1, 4))] = False
    reach = JITTER if kind is Animation.JITTER else 0
    shifts = rng.integers(-reach, reach + 1, (*shown.shape, 2))
    return [draw_letters(captcha, some, shift) for some, shift in zip(shown, shifts, strict=True)]


def draw_letters(captcha: RenderedCaptcha, shown: NDArray[np.bool_], shifts: NDArray[np.int64]) -> Image:
    """Draw some letters, bool ``(L,)``, each moved by ``(L, 2)`` columns and rows, over a smooth ground."""
    image = captcha.image
    ground = np.rint(image_to_background(image)).clip(0, 255).astype(np.uint8)
    frame = image.copy()
    for left, top, right, bottom in captcha.boxes_ltrb.tolist():
        frame[top:bottom, left:right] = ground[top:bottom, left:right]
    height, width = image.shape[:2]
    for (left, top, right, bottom), (col, row) in zip(captcha.boxes_ltrb[shown].tolist(), shifts[shown], strict=True):
        col, row = int(np.clip(col, -left, width - right)), int(np.clip(row, -top, height - bottom))
        place = np.s_[top + row : bottom + row, left + col : right + col]
        letter, below = image[top:bottom, left:right], ground[top:bottom, left:right]
        stands_out = np.abs(letter.astype(int) - below).max(axis=2, keepdims=True) > 20
        frame[place] = np.where(stands_out, letter, frame[place])
    return frame


def add_noise(image: Image, dots_one_in: int, rng: np.random.Generator) -> Image:
    """Draw lines, and a dot for so many pixels, over a copy of an image in the colour that stands out most in it."""
    height, width = image.shape[:2]
    contrast = np.abs(image - image_to_background(image)).sum(axis=2)
    colour = image.reshape(-1, 3)[int(contrast.argmax())].tolist()
    frame = image.copy()
    for _ in range(int(rng.integers(1, 5))):
        (x0, x1), (y0, y1) = rng.integers(0, width, 2).tolist(), rng.integers(0, height, 2).tolist()
        cv2.line(frame, (x0, y0), (x1, y1), colour, int(rng.integers(1, 3)))
    for x, y in rng.integers(0, (width, height), (width * height // dots_one_in, 2)).tolist():
        cv2.rectangle(frame, (x, y), (x + 1, y + 1), colour, cv2.FILLED)
    return frame


def frames_to_bytes(frames: list[Image], kind: str) -> bytes:
    """Encode an animation as GIF, PNG or WEBP."""
    pictures = [Picture.fromarray(np.ascontiguousarray(frame[:, :, ::-1])) for frame in frames]
    stream = BytesIO()
    pictures[0].save(stream, kind, save_all=True, append_images=pictures[1:], duration=200, loop=0)
    return stream.getvalue()
