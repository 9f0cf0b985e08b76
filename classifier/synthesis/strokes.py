"""How characters are drawn: a mask's ink, and what lies under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.kinds import Stroke
from kerf.classifier.synthesis.looks import Paint
from kerf.classifier.synthesis.placement import Stamp, grow, merge
from kerf.classifier.synthesis.scenery import Colour, Image, Palette, blend, ink_colour

GAPS = 0.75  # smooth noise above which an open outline has a gap
REACHES = {Stroke.HOLLOW: 1, Stroke.OUTLINE: 1, Stroke.OPEN: 1, Stroke.DOUBLE: 2}
"""How far beyond a character's shape its ink goes, as a multiple of the width of its lines."""


@dataclass(frozen=True)
class Brush:
    """What all characters of an image are drawn with; ``drop``: columns and rows that shadows fall."""

    paint: Paint
    palette: Palette
    drop: tuple[int, int]

    def colour(self, rng: np.random.Generator, strength: float = 1.0) -> Colour:
        """Draw a colour, ``strength`` times as far from the ground as the text."""
        return ink_colour(self.palette.brightness, self.paint, rng, strength)


def random_drop(paint: Paint, rng: np.random.Generator) -> tuple[int, int]:
    """Draw the way that shadows fall: mostly to the right and down."""
    right, down = (-1 if rng.random() < 0.2 else 1 for _ in range(2))
    return paint.width * right, paint.width * down


def draw_text(image: Image, stamps: Sequence[Stamp], brush: Brush, rng: np.random.Generator) -> None:
    """Draw the characters from left to right, in place."""
    ground = image.copy()
    drawn = [merge(stamps)] if brush.paint.joined else stamps
    shade = brush.colour(rng, 0.5)
    for i, stamp in enumerate(drawn):
        ink = brush.colour(rng) if i and brush.paint.each else brush.palette.ink
        draw_under(stamp, image, ground, brush, ink if brush.paint.stroke is Stroke.EMBOSSED else shade)
        blend(stamp.window(image), mask_to_ink(stamp.mask, brush, rng), ink)


def draw_under(stamp: Stamp, image: Image, ground: Image, brush: Brush, shade: Colour) -> None:
    """Draw what lies under a character's ink, in place; ``ground`` is the image without text."""
    mask, paint, window = stamp.mask, brush.paint, stamp.window(image)
    if paint.stroke in (Stroke.SHADOWED, Stroke.EMBOSSED):
        blend(window, np.roll(mask, brush.drop, (1, 0)), shade)
    if paint.stroke is Stroke.BORDERED:
        blend(window, grow(mask, paint.width), shade)
    if paint.stroke is Stroke.DOUBLE:
        blend(window, grow(mask, paint.width), stamp.window(ground))
    if paint.stroke in (Stroke.HOLLOW, Stroke.OPEN, Stroke.BLOCK, Stroke.EMBOSSED):
        blend(window, mask, stamp.window(ground))


def mask_to_ink(mask: NDArray[np.uint8], brush: Brush, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Coverage by ink of a character whose shape is ``mask``: uint8, same shape."""
    paint = brush.paint
    if paint.stroke in INKS:
        return INKS[paint.stroke](mask, paint.width, rng)
    if paint.stroke is Stroke.TWICE:
        ring = outline(mask, 1, rng)
        return np.maximum(ring, np.roll(ring, brush.drop, (1, 0)))
    if paint.stroke is Stroke.BLOCK:
        return block(mask, brush.drop)
    return mask


def outline(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Line round a mask."""
    return np.asarray(cv2.subtract(grow(mask, width), mask), np.uint8)


def open_outline(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Line round a mask with gaps."""
    ring, cell = outline(mask, width, rng), max(3, mask.shape[0] // 8)
    return np.where(smooth_noise(mask, cell, cell, rng) > GAPS, np.uint8(0), ring)


def double(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mask and a line round it at a distance."""
    near = grow(mask, width)
    return np.asarray(cv2.add(cv2.subtract(grow(near, width), near), mask), np.uint8)


def block(mask: NDArray[np.uint8], drop: tuple[int, int]) -> NDArray[np.uint8]:
    """Sides and front edge of a solid letter that reaches back by ``drop`` columns and rows."""
    steps = max(abs(drop[0]), abs(drop[1]))
    shapes = [np.roll(mask, (drop[1] * i // steps, drop[0] * i // steps), (0, 1)) for i in range(1, steps + 1)]
    whole_shape = np.maximum(grow(mask, 1), np.max(shapes, axis=0))
    return np.asarray(cv2.subtract(whole_shape, mask), np.uint8)


def edge(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Weak thin line round a mask."""
    return outline(mask, 1, rng) // 2


def spray(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Random pixels of a mask."""
    return np.where(rng.random(mask.shape, np.float32) < 0.6, mask, np.uint8(0))


def stripe(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mask with thin lines left out."""
    row, col = np.ogrid[: mask.shape[0], : mask.shape[1]]
    keep = (row + col * int(rng.integers(-1, 2))) % (2 * width + 1) < 2 * width
    return np.where(keep, mask, np.uint8(0))


def crayon(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mask with frayed edges and patches where the ground shows through."""
    rough = smooth_noise(mask, 2, 1, rng)
    frayed = np.where(grow(mask, 1) > np.maximum(128 + 90 * rough, 20), np.maximum(mask, 128), np.uint8(0))
    return np.asarray(frayed * np.clip(0.85 - 0.45 * rough, 0.1, 1), np.uint8)


def pen(mask: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mask with streaks along its height or width, as a drying pen leaves them."""
    along, across = (6, 1) if rng.random() < 0.5 else (1, 6)
    return np.asarray(mask * np.clip(0.8 - 0.5 * smooth_noise(mask, along, across, rng), 0.15, 1), np.uint8)


def smooth_noise(mask: NDArray[np.uint8], rows: int, cols: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw normal noise that changes over so many rows and columns: float32 of the shape of ``mask``."""
    height, width = mask.shape
    cells = rng.standard_normal((height // rows + 2, width // cols + 2), np.float32)
    return np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


INKS: dict[Stroke, Callable[[NDArray[np.uint8], int, np.random.Generator], NDArray[np.uint8]]] = {
    Stroke.HOLLOW: outline,
    Stroke.OUTLINE: outline,
    Stroke.OPEN: open_outline,
    Stroke.DOUBLE: double,
    Stroke.EMBOSSED: edge,
    Stroke.SPRAYED: spray,
    Stroke.STRIPED: stripe,
    Stroke.CRAYON: crayon,
    Stroke.PEN: pen,
}
"""Mask, width of lines and source of chance to coverage by ink."""
