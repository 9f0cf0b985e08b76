"""Fonts to glyph masks: each character as a small cached picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from kerf.segmenter.errors import SettingsError

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = UPPER.lower()
BUILT_IN_FONT = Path("Pillow's built-in font")
"""Stands for the one font that is always there."""

CAP_HEIGHTS = (56, 28, 14)  # heights of a capital, in pixels, that glyphs are kept in
CHARACTERS = DIGITS + UPPER + LOWER
SIGNS = "+-×=?@#&%"
"""What is drawn too; where a font lacks × it is its + turned, and the others are the built-in font's."""
MISSING = "\ufffe"  # no font has it, so it shows the box for a missing glyph


@dataclass(frozen=True, eq=False)
class Glyph:
    """One character of one font.

    Attributes
    ----------
    mask
        uint8 ``(h, w)``; coverage of its ink, cropped to it.
    baseline
        Rows from the top of the mask down to the baseline.
    cap_height
        Height of the font's capitals in pixels at this size.
    """

    mask: NDArray[np.uint8]
    baseline: float
    cap_height: float


def missing_picture(font: ImageFont.FreeTypeFont) -> tuple[tuple[int, ...], bytes]:
    """Draw what a font has for a character that it lacks: shape and bytes, empty if that is nothing."""
    try:
        mask, _ = draw_mask(font, MISSING)
    except ValueError:
        return (), b""
    return mask.shape, mask.tobytes()


@lru_cache(maxsize=64)
def load_font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """Load a font at a size in pixels an em.

    Raises
    ------
    OSError
        If it is not a font.
    """
    if path != BUILT_IN_FONT:
        return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise SettingsError("this Pillow has no FreeType, which drawing captchas needs; install Pillow's own wheel")
    return font


@lru_cache(maxsize=20000)
def lacks(path: Path, character: str) -> bool:
    """Tell whether a font cannot draw a character, or is none."""
    try:
        font = load_font(path, 28)
        mask, _ = draw_mask(font, character)
    except (OSError, ValueError):
        return True
    return (mask.shape, mask.tobytes()) == missing_picture(font)


def draw_mask(font: ImageFont.FreeTypeFont, character: str, smooth: bool = True) -> tuple[NDArray[np.uint8], int]:
    """Draw a character: uint8 ``(h, w)`` cropped to its ink, and the rows from its top to the baseline.

    Raises
    ------
    ValueError
        If it has no ink.
    """
    left, top, right, bottom = font.getbbox(character, anchor="ls")
    canvas = Image.new("L", (max(int(right - left) + 8, 1), max(int(bottom - top) + 8, 1)))
    draw = ImageDraw.Draw(canvas)
    draw.fontmode = "L" if smooth else "1"
    draw.text((4 - left, 4 - top), character, fill=255, font=font, anchor="ls")
    pixels = np.asarray(canvas)
    rows, cols = np.flatnonzero(pixels.max(axis=1)), np.flatnonzero(pixels.max(axis=0))
    if not len(rows):
        raise ValueError(f"{character!r} has no ink")
    mask = np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1])
    return mask, int(4 - top - rows[0])


@lru_cache(maxsize=4096)
def cap_height_of(path: Path) -> float:
    """Height of a font's capitals as a share of the em."""
    return len(draw_mask(load_font(path, 100), "H")[0]) / 100


@lru_cache(maxsize=40000)
def character_to_glyph(path: Path, character: str, height: int, smooth: bool = True) -> Glyph:
    """Draw a character with capitals about ``height`` pixels high; without half tones unless ``smooth``.

    Raises
    ------
    SettingsError
        If the font cannot be read or lacks the character.
    """
    try:
        missing = character not in CHARACTERS and lacks(path, character)
        if missing and character not in SIGNS:
            raise ValueError("it lacks it")
        if missing and character != "×":
            return character_to_glyph(BUILT_IN_FONT, character, height, smooth)
        share = cap_height_of(path)
        size = max(4, round(height / share))
        mask, baseline = draw_mask(load_font(path, size), "+" if missing else character, smooth)
        if missing:
            mask, baseline = turn_eighth(mask, baseline)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot draw {character!r} ({error}); choose another font") from error
    return Glyph(mask, baseline, size * share)


@lru_cache(maxsize=20000)
def character_to_bitmap(path: Path, character: str, rows: int, dotted: bool) -> Glyph:
    """Draw a character with capitals of ``rows`` pixels, each a square or disc, as ``character_to_glyph`` does."""
    small = character_to_glyph(path, character, rows, smooth=False)
    ink = (small.mask > 127).astype(np.uint8)
    side = max(2, CAP_HEIGHTS[0] // rows)
    mask = np.kron(ink, pixel_picture(side, dotted))
    return Glyph(mask, small.baseline * side, small.cap_height * side)


def turn_eighth(mask: NDArray[np.uint8], baseline: int) -> tuple[NDArray[np.uint8], int]:
    """Turn a picture by 45 degrees about its middle: uint8 ``(h, w)``, cropped, and rows down to the baseline."""
    side = max(mask.shape) + 2
    left, top = (side - mask.shape[1]) // 2, (side - mask.shape[0]) // 2
    square = np.zeros((side, side), np.uint8)
    square[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    middle = (left + (mask.shape[1] - 1) / 2, top + (mask.shape[0] - 1) / 2)
    turned = np.asarray(cv2.warpAffine(square, cv2.getRotationMatrix2D(middle, 45, 1.0), (side, side)), np.uint8)
    col, row, width, height = cv2.boundingRect(turned)
    return np.ascontiguousarray(turned[row : row + height, col : col + width]), baseline + top - row


def pixel_picture(side: int, dotted: bool) -> NDArray[np.uint8]:
    """Picture of an enlarged pixel: uint8 ``(side, side)``, a square or a disc."""
    if not dotted:
        return np.full((side, side), 255, np.uint8)
    at = np.square(np.arange(side) - (side - 1) / 2)
    return np.where(at[:, None] + at <= side * side / 4, np.uint8(255), np.uint8(0))


def kept_height(cap_height: float) -> int:
    """Choose the smallest kept size that ``cap_height`` does not enlarge; the largest if there is none."""
    return min((kept for kept in CAP_HEIGHTS if kept >= cap_height), default=CAP_HEIGHTS[0])
