"""Text and a look to an image, with the true box of each character.

Each character goes from its glyph to the canvas in one resampling, which holds its own turn and size and the
warp of the whole, so its mask on the canvas, and with it its box, is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.kinds import Depth, Stroke
from kerf.classifier.synthesis.looks import Look, Paint
from kerf.classifier.synthesis.placement import Stamp, grow, merge, placements_to_stamps, text_to_placements
from kerf.classifier.synthesis.scenery import (
    Colour,
    Image,
    Palette,
    draw_frame,
    draw_ground,
    draw_lines,
    draw_specks,
    finish_image,
    ink_colour,
    random_palette,
    rescale,
)
from kerf.segmenter.errors import SettingsError

INK_LEVEL = 80  # coverage of 255 from which a pixel is in a character's box


@dataclass(frozen=True, eq=False)
class RenderedCaptcha:
    """A drawn captcha.

    Attributes
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    text
        What it says.
    boxes_ltrb
        int32 ``(len(text), 4)``; half-open box of each character's ink in image pixels, outlines included and
        shadows not.
    """

    image: Image
    text: str
    boxes_ltrb: NDArray[np.int32]


def render(text: str, look: Look, rng: np.random.Generator, fonts: Sequence[Path]) -> RenderedCaptcha:
    """Draw a captcha.

    Parameters
    ----------
    text
        What it says; the look's alphabet and lengths do not bind it.
    look
        What it looks like.
    rng
        Source of everything that the look leaves open.
    fonts
        Fonts to choose from, as from ``find_fonts``.

    Returns
    -------
    RenderedCaptcha
        Image, text and true boxes.

    Raises
    ------
    SettingsError
        If there is no text or font, or the font lacks a character.
    """
    if not text or not fonts:
        raise SettingsError("a captcha needs a text and at least one font; give both")
    width, height = look.layout.size_wh
    canvas_wh = round(width * look.finish.scale), round(height * look.finish.scale)
    palette = random_palette(look.ground, look.paint, rng)
    placements = text_to_placements(text, look, canvas_wh, rng, fonts)
    stamps = placements_to_stamps(placements, look, canvas_wh, rng)
    image = draw_ground(look.ground, palette, canvas_wh, rng)
    draw_clutter(image, look, Depth.BEHIND, palette, rng)
    draw_text(image, stamps, Brush(look.paint, palette, random_drop(look.paint, rng)), rng)
    draw_clutter(image, look, Depth.BEFORE, palette, rng)
    draw_frame(image, look.ground.frame, palette, rng)
    image = rescale(image, look.finish, (width, height))
    draw_clutter(image, look, Depth.ON_TOP, palette, rng)
    boxes = [stamp_to_box(stamp, look.paint, width / canvas_wh[0], (width, height)) for stamp in stamps]
    return RenderedCaptcha(finish_image(image, look.finish, rng), text, np.array(boxes, np.int32))


def draw_clutter(image: Image, look: Look, depth: Depth, palette: Palette, rng: np.random.Generator) -> None:
    """Draw the lines and specks that lie at one depth, in place."""
    zoom = 1.0 if depth is Depth.ON_TOP else look.finish.scale
    for lines in look.lines:
        if lines.depth is depth:
            draw_lines(image, lines, palette, zoom, not look.finish.sharp, rng)
    for specks in look.specks:
        if specks.depth is depth:
            draw_specks(image, specks, palette, zoom, rng)


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
        blend(stamp.window(image), mask_to_ink(stamp.mask, brush.paint, rng), ink)


def draw_under(stamp: Stamp, image: Image, ground: Image, brush: Brush, shade: Colour) -> None:
    """Draw what lies under a character's ink, in place; ``ground`` is the image without text."""
    mask, paint, window = stamp.mask, brush.paint, stamp.window(image)
    if paint.stroke in (Stroke.SHADOWED, Stroke.EMBOSSED):
        blend(window, np.roll(mask, brush.drop, (1, 0)), shade)
    if paint.stroke is Stroke.BORDERED:
        blend(window, grow(mask, paint.width), shade)
    if paint.stroke in (Stroke.HOLLOW, Stroke.EMBOSSED):
        blend(window, mask, stamp.window(ground))


def mask_to_ink(mask: NDArray[np.uint8], paint: Paint, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Coverage by ink of a character whose shape is ``mask``: uint8, same shape."""
    if paint.stroke in (Stroke.HOLLOW, Stroke.OUTLINE):
        return np.asarray(cv2.subtract(grow(mask, paint.width), mask), np.uint8)
    if paint.stroke is Stroke.EMBOSSED:
        return np.asarray(cv2.subtract(grow(mask, 1), mask) // 2, np.uint8)
    if paint.stroke is Stroke.SPRAYED:
        return np.where(rng.random(mask.shape, np.float32) < 0.6, mask, np.uint8(0))
    if paint.stroke is Stroke.STRIPED:
        row, col = np.ogrid[: mask.shape[0], : mask.shape[1]]
        keep = (row + col * int(rng.integers(-1, 2))) % (2 * paint.width + 1) < 2 * paint.width
        return np.where(keep, mask, np.uint8(0))
    return mask


def blend(window: Image, coverage: NDArray[np.uint8], colour: Colour | Image) -> None:
    """Lay a colour over a part of the image, in place."""
    share = coverage[..., None].astype(np.float32) * np.float32(1 / 255)
    window[:] = window + (np.asarray(colour, np.float32) - window) * share + np.float32(0.5)


def stamp_to_box(stamp: Stamp, paint: Paint, shrink: float, size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Box of a stamp's ink in the final image, at least one pixel in each direction."""
    outlined = paint.stroke in (Stroke.HOLLOW, Stroke.OUTLINE)
    mask = grow(stamp.mask, paint.width) if outlined else stamp.mask
    left, top, width, height = cv2.boundingRect((mask >= INK_LEVEL).view(np.uint8))
    low = np.array([stamp.col + left, stamp.row + top]) * shrink
    high = low + np.array([max(width, 1), max(height, 1)]) * shrink
    first = np.minimum(np.floor(low), np.array(size_wh) - 1)
    last = np.clip(np.ceil(high), first + 1, size_wh)
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])
