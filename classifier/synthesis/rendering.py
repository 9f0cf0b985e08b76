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

from kerf.classifier.synthesis.backdrop import draw_ghosts, draw_tiles
from kerf.classifier.synthesis.kinds import Depth
from kerf.classifier.synthesis.looks import Look, Paint
from kerf.classifier.synthesis.marks import draw_lines, draw_specks
from kerf.classifier.synthesis.placement import Stamp, grow, placements_to_stamps, text_to_placements
from kerf.classifier.synthesis.scenery import (
    Image,
    Palette,
    draw_frame,
    draw_ground,
    finish_image,
    random_palette,
    rescale,
)
from kerf.classifier.synthesis.strokes import REACHES, Brush, draw_text, random_drop
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
    if look.tiles:
        draw_tiles(image, look.tiles, placements, look, palette, rng)
    draw_ghosts(image, look, palette, rng, fonts)
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


def stamp_to_box(stamp: Stamp, paint: Paint, shrink: float, size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Box of a stamp's ink in the final image, at least one pixel in each direction."""
    mask = grow(stamp.mask, REACHES.get(paint.stroke, 0) * paint.width)
    left, top, width, height = cv2.boundingRect((mask >= INK_LEVEL).view(np.uint8))
    low = np.array([stamp.col + left, stamp.row + top]) * shrink
    high = low + np.array([max(width, 1), max(height, 1)]) * shrink
    first = np.minimum(np.floor(low), np.array(size_wh) - 1)
    last = np.clip(np.ceil(high), first + 1, size_wh)
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])
