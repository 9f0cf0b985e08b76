"""Text to coverage masks: where each character lies on the canvas, turned, and warped with the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.fonts import of_family
from kerf.classifier.synthesis.glyphs import (
    Glyph,
    character_to_bitmap,
    character_to_glyph,
    kept_height,
)
from kerf.classifier.synthesis.kinds import Stroke
from kerf.classifier.synthesis.layouts import Layout, Warp
from kerf.classifier.synthesis.looks import Look
from kerf.classifier.synthesis.scenery import Image, uniform

MARGIN = 2.0  # pixels kept free beside the text where it fits
SHARP_LEVEL = 110  # coverage of 255 from which a pixel is ink where there are no half tones


@dataclass(frozen=True, eq=False)
class Placement:
    """One character on the canvas.

    Attributes
    ----------
    glyph
        Its picture.
    turn
        float64 ``(2, 2)``; turns glyph columns and rows into canvas ones.
    col, row
        Where on the canvas the glyph's middle is.
    """

    glyph: Glyph
    turn: NDArray[np.float64]
    col: float = 0.0
    row: float = 0.0

    def half_extent(self) -> NDArray[np.float64]:
        """Half the width and height that it may take up, float64 ``(2,)``."""
        height, width = self.glyph.mask.shape
        return np.asarray(np.abs(self.turn) @ np.array([width / 2, height / 2]))


@dataclass(frozen=True, eq=False)
class Stamp:
    """Part of a canvas: coverage uint8 ``(h, w)`` and the canvas row and column of its corner."""

    mask: NDArray[np.uint8]
    row: int
    col: int

    def window(self, canvas: Image) -> Image:
        """View the part of a canvas that it covers."""
        height, width = self.mask.shape
        return canvas[self.row : self.row + height, self.col : self.col + width]


def text_to_placements(
    text: str, look: Look, size_wh: tuple[int, int], rng: np.random.Generator, fonts: Sequence[Path]
) -> list[Placement]:
    """Choose fonts, turns and positions: one placement a character, inside the canvas as far as can be."""
    layout, warp, zoom = look.layout, look.warp, look.finish.scale
    unit = layout.text_height * zoom
    glyphs = text_to_glyphs(text, layout, unit, rng, fonts)
    loose = [Placement(glyph, random_turn(layout, unit / glyph.cap_height, rng)) for glyph in glyphs]
    cols = line_up(loose, layout, unit, rng)
    line = unit * baseline(cols, layout, unit, rng)
    rows = [row_of(p, layout, unit) + at for p, at in zip(loose, line.tolist(), strict=True)]
    placed = [replace(p, col=col, row=row) for p, col, row in zip(loose, cols, rows, strict=True)]
    shifts = np.array([warp.swell, warp.wave]) + 2 * warp.bend - layout.cut
    spare = shifts * unit + np.array([MARGIN, 1]) * zoom
    return fit(placed, layout, size_wh, spare, rng)


def text_to_glyphs(
    text: str, layout: Layout, unit: float, rng: np.random.Generator, fonts: Sequence[Path]
) -> list[Glyph]:
    """Choose fonts, and draw each character in one of them for capitals of ``unit`` pixels."""
    pool = of_family(fonts, layout.family)
    faces = [pool[int(i)] for i in rng.integers(0, len(pool), layout.faces)]
    chosen = [faces[int(rng.integers(0, len(faces)))] for _ in text]
    if layout.pixels:
        return [
            character_to_bitmap(face, c, layout.pixels, layout.dotted) for face, c in zip(chosen, text, strict=True)
        ]
    height = kept_height(unit * 1.1)
    return [character_to_glyph(face, c, height) for face, c in zip(chosen, text, strict=True)]


def baseline(cols: Sequence[float], layout: Layout, unit: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw how far down each character's baseline lies, float64 ``(n,)`` as a share of the text's height."""
    at = np.asarray(cols) / unit
    down = rng.uniform(-layout.bounce, layout.bounce, len(at))
    if layout.climb:
        down += uniform((-layout.climb, layout.climb), rng) * (at / max(float(at[-1]), 1.0) - 0.5)
    if layout.sway:
        turn, phase = uniform((0.8, 2.0), rng), uniform((0, 2 * np.pi), rng)
        down += layout.sway * np.sin(turn * at + phase)
    return np.asarray(down, np.float64)


def random_turn(layout: Layout, scale: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a character's turn, shear and size: float64 ``(2, 2)``, glyph columns and rows to canvas ones."""
    angle = np.deg2rad(uniform((-layout.tilt, layout.tilt), rng))
    lean = uniform((-layout.lean, layout.lean), rng)
    wide, high = (1 + uniform((-layout.stretch, layout.stretch), rng) for _ in range(2))
    wide *= layout.aspect
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    return np.array([[cos * wide, (-sin - lean * cos) * high], [sin * wide, (cos - lean * sin) * high]])


def row_of(placement: Placement, layout: Layout, unit: float) -> float:
    """Row of a character's middle, where 0 is half way up the capitals."""
    if layout.centred:
        return 0.0
    height = len(placement.glyph.mask)
    return unit / 2 - (placement.glyph.baseline - height / 2) * float(placement.turn[1, 1])


def line_up(loose: Sequence[Placement], layout: Layout, unit: float, rng: np.random.Generator) -> list[float]:
    """Columns of the characters' middles, from 0 at the first one's."""
    widths = [2 * float(p.half_extent()[0]) for p in loose]
    cols = [0.0]
    for before, after in pairwise(widths):
        gap = uniform(layout.spacing, rng)
        inked = (before + after) / 2
        if layout.monospaced:
            inked = max(0.75 * unit * layout.aspect, 0.8 * inked)
        cols.append(cols[-1] + inked + gap * (unit if gap > 0 else min(before, after)))
    return cols


def fit(
    placed: Sequence[Placement],
    layout: Layout,
    size_wh: tuple[int, int],
    spare: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[Placement]:
    """Shrink a line of characters until it fits the canvas less ``spare`` on each side, and put it there.

    ``spare``: float64 ``(2,)``, beside and above; negative where characters may stick out.
    """
    middles = np.array([[p.col, p.row] for p in placed])
    halves = np.stack([p.half_extent() for p in placed])
    low, high = (middles - halves).min(axis=0), (middles + halves).max(axis=0)
    room = np.maximum(np.array(size_wh) - 2 * spare, 4.0)
    shrink = min(1.0, float((room / (high - low)).min()))
    free = room - shrink * (high - low)
    share = np.array([uniform(layout.align, rng), uniform((0, 1) if layout.cut else (0.3, 0.7), rng)])
    start = spare + free * share - shrink * low
    at = start + shrink * middles
    return [
        Placement(p.glyph, shrink * p.turn, float(col), float(row)) for p, (col, row) in zip(placed, at, strict=True)
    ]


def placements_to_stamps(
    placements: Sequence[Placement], look: Look, size_wh: tuple[int, int], rng: np.random.Generator
) -> list[Stamp]:
    """Draw each character's mask where it lies on the canvas, warped."""
    unit = look.layout.text_height * look.finish.scale
    cols, rows = warp_to_sources(look.warp, size_wh, unit, rng)
    reach = (
        float(np.abs(cols - np.arange(size_wh[0])[None]).max()),
        float(np.abs(rows - np.arange(size_wh[1])[:, None]).max()),
    )
    return [placement_to_stamp(p, look, cols, rows, reach) for p in placements]


def warp_to_sources(
    warp: Warp, size_wh: tuple[int, int], unit: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Column and row that each pixel of the canvas is taken from: two float32 ``(H, W)``."""
    width, height = size_wh
    col, row = np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]
    middle = row - np.float32(height / 2)
    lean, grow = (float(v) for v in rng.uniform(-warp.keystone, warp.keystone, 2))
    wave, swell = (float(v) * unit for v in rng.uniform(0.6, 1.0, 2))
    down = sines(col, 0.8 * warp.wave * wave, warp, unit, rng) + sines(row, 0.2 * warp.wave * wave, warp, unit, rng)
    along = sines(row, 0.7 * warp.swell * swell, warp, unit, rng) + sines(
        col, 0.3 * warp.swell * swell, warp, unit, rng
    )
    cols = col + along + lean * middle
    rows = row + down + grow * middle * (col / width - np.float32(0.5))
    if warp.bend:
        cells = rng.normal(0, warp.bend * unit, (3, max(3, width // height * 3), 2)).astype(np.float32)
        bends = cv2.resize(cells, size_wh, interpolation=cv2.INTER_CUBIC)
        cols, rows = cols + bends[..., 0], rows + bends[..., 1]
    if warp.rough:
        cols = cols + rng.standard_normal((height, width), np.float32) * np.float32(warp.rough)
        rows = rows + rng.standard_normal((height, width), np.float32) * np.float32(warp.rough)
    return np.asarray(cols, np.float32), np.asarray(rows, np.float32)


def sines(
    at: NDArray[np.float32], size: float, warp: Warp, unit: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Sine of random phase and one of the warp's lengths, ``size`` high: float32 of the shape of ``at``."""
    turn = 2 * np.pi / (unit * uniform(warp.wave_length, rng))
    phase = uniform((0, 2 * np.pi), rng)
    return np.asarray(size * np.sin(turn * at + phase) if size else np.zeros_like(at), np.float32)


def placement_to_stamp(
    placement: Placement,
    look: Look,
    cols: NDArray[np.float32],
    rows: NDArray[np.float32],
    reach: tuple[float, float],
) -> Stamp:
    """Draw one character's mask, from what ``warp_to_sources`` gives and its largest shifts."""
    pad = look.paint.weight + 3 * look.paint.width + 2
    half_w, half_h = placement.half_extent() + np.array(reach) + pad
    left, top = max(0, int(placement.col - half_w)), max(0, int(placement.row - half_h))
    window = np.s_[top : max(0, int(placement.row + half_h) + 1), left : max(0, int(placement.col + half_w) + 1)]
    height, width = placement.glyph.mask.shape
    (a, b), (c, d) = (row.tolist() for row in np.linalg.inv(placement.turn))
    right, down = cols[window] - placement.col, rows[window] - placement.row
    glyph_cols = right * a + down * b + (width / 2 - 0.5)
    glyph_rows = right * c + down * d + (height / 2 - 0.5)
    mask = np.asarray(cv2.remap(placement.glyph.mask, glyph_cols, glyph_rows, cv2.INTER_LINEAR), np.uint8)
    if look.finish.sharp:
        mask = np.where(mask > SHARP_LEVEL, np.uint8(255), np.uint8(0))
    kept = 0 if look.paint.stroke is Stroke.SOLID else pad
    return crop(Stamp(grow(mask, look.paint.weight), top, left), kept)


def crop(stamp: Stamp, pad: int) -> Stamp:
    """Cut a stamp down to its ink and ``pad`` pixels round it."""
    left, top, width, height = cv2.boundingRect(stamp.mask)
    left, top = max(0, left - pad), max(0, top - pad)
    mask = stamp.mask[top : top + height + 2 * pad, left : left + width + 2 * pad]
    return Stamp(np.ascontiguousarray(mask), stamp.row + top, stamp.col + left)


def grow(mask: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """Widen a mask by so many pixels on each side, with round corners from 2 on."""
    if not pixels:
        return mask
    shape = cv2.MORPH_ELLIPSE if pixels > 1 else cv2.MORPH_CROSS
    kernel = cv2.getStructuringElement(shape, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask, kernel), np.uint8)


def merge(stamps: Sequence[Stamp]) -> Stamp:
    """Join stamps to one that covers them all."""
    top, left = min(s.row for s in stamps), min(s.col for s in stamps)
    bottom = max(s.row + s.mask.shape[0] for s in stamps)
    right = max(s.col + s.mask.shape[1] for s in stamps)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for s in stamps:
        window = Stamp(s.mask, s.row - top, s.col - left).window(canvas)
        np.maximum(window, s.mask, out=window)
    return Stamp(canvas, top, left)
