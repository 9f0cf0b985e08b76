"""What looks like part of the text and is not: tiles round characters, and ghosts of others behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from kerf.classifier.synthesis.glyphs import CHARACTERS, character_to_glyph, kept_height
from kerf.classifier.synthesis.kinds import Tint
from kerf.classifier.synthesis.looks import Look, Tiles
from kerf.classifier.synthesis.placement import Placement, random_turn
from kerf.classifier.synthesis.scenery import Image, Palette, blend, ink_colour, random_colour, uniform, whole


def draw_tiles(
    image: Image, tiles: Tiles, placements: Sequence[Placement], look: Look, palette: Palette, rng: np.random.Generator
) -> None:
    """Draw a tile or frame round each character, in place."""
    zoom = look.finish.scale
    pad = tiles.margin * look.layout.text_height * zoom
    halves = np.array([p.half_extent() for p in placements]) + pad
    halves[:, 1] = halves[:, 1].max()
    middles = np.array([[p.col, p.row] for p in placements])
    ground = image.copy()
    if tiles.page:
        image[:] = random_colour(uniform(tiles.page, rng), look.ground.saturation, rng)
    colour = palette.tint(Tint.FAINT, rng)
    for low, high in zip(np.maximum(middles - halves, 0).astype(int), (middles + halves).astype(int), strict=True):
        window = np.s_[low[1] : high[1] + 1, low[0] : high[0] + 1]
        image[window] = ground[window]
        if tiles.frame:
            cv2.rectangle(image, low.tolist(), high.tolist(), colour, max(1, round(tiles.frame * zoom)))


def draw_ghosts(image: Image, look: Look, palette: Palette, rng: np.random.Generator, fonts: Sequence[Path]) -> None:
    """Draw characters that are not part of the text and weaker than it, in place."""
    if not look.ghosts.count[1]:
        return
    font = fonts[int(rng.integers(0, len(fonts)))]
    loose = replace(look.layout, tilt=max(look.layout.tilt, 15.0))
    for _ in range(whole(look.ghosts.count, rng)):
        unit = uniform(look.ghosts.size, rng) * look.layout.text_height * look.finish.scale
        glyph = character_to_glyph(font, CHARACTERS[int(rng.integers(0, len(CHARACTERS)))], kept_height(unit))
        at = rng.random(2) * (image.shape[1], image.shape[0])
        ghost = Placement(glyph, random_turn(loose, unit / glyph.cap_height, rng), *at)
        colour = ink_colour(palette.brightness, palette.paint, rng, uniform(look.ghosts.strength, rng))
        draw_placement(image, ghost, colour)


def draw_placement(image: Image, placement: Placement, colour: tuple[int, int, int]) -> None:
    """Draw a character that is not warped, in place."""
    half = placement.half_extent() + 1
    middle = np.array([placement.col, placement.row])
    low = np.maximum(middle - half, 0).astype(int)
    window = image[low[1] : max(0, int(middle[1] + half[1])), low[0] : max(0, int(middle[0] + half[0]))]
    if not window.size:
        return
    inside = np.array(placement.glyph.mask.shape[::-1]) / 2
    shift = middle - low - placement.turn @ inside
    mask = cv2.warpAffine(
        placement.glyph.mask, np.column_stack([placement.turn, shift]), (window.shape[1], window.shape[0])
    )
    blend(window, np.asarray(mask, np.uint8), colour)
