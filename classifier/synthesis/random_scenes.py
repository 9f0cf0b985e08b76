"""All of a random look but the places of its characters: ground, paint, lines, specks, ghosts, tiles and finish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kerf.classifier.synthesis.kinds import Depth, GroundKind, LineKind, SpeckKind, Stroke, Tint
from kerf.classifier.synthesis.layouts import Layout
from kerf.classifier.synthesis.looks import Finish, Ghosts, Ground, Lines, Paint, Specks, Tiles

T = TypeVar("T")

GROUNDS = (
    (GroundKind.FLAT, 0.15),
    (GroundKind.GRADIENT, 0.25),
    (GroundKind.CLOUDS, 0.25),
    (GroundKind.GRID, 0.1),
    (GroundKind.HATCH, 0.07),
    (GroundKind.CIRCLES, 0.07),
    (GroundKind.PATCHES, 0.11),
)
"""Grounds and how often each occurs."""

LINES = (
    (LineKind.STRAIGHT, 0.34),
    (LineKind.CURVE, 0.31),
    (LineKind.WAVE, 0.13),
    (LineKind.SCRIBBLE, 0.09),
    (LineKind.CIRCLE, 0.07),
    (LineKind.GRID, 0.06),
)
"""Courses of lines and how often each occurs."""

CLOSED = (LineKind.CIRCLE, LineKind.GRID)  # as thick as letters, they would look like one

WIDTHS = {
    Stroke.HOLLOW: (0.02, 0.1),
    Stroke.OUTLINE: (0.02, 0.08),
    Stroke.OPEN: (0.03, 0.08),
    Stroke.DOUBLE: (0.03, 0.06),
    Stroke.TWICE: (0.05, 0.1),
    Stroke.BLOCK: (0.06, 0.16),
}
"""Smallest and largest width as a share of the text's height, where it is not that of thin lines."""


@dataclass(frozen=True)
class Difficulty:
    """How strong each kind of difficulty is, from 0 to 1."""

    jitter: float
    overlap: float
    warp: float
    lines: float
    specks: float
    ground: float
    faint: float
    blur: float
    small: float
    stroke: float
    ghosts: float
    cut: float


def pick(options: tuple[tuple[T, float], ...], rng: np.random.Generator) -> T:
    """Draw one of several options that have a share each."""
    at = float(rng.random()) * sum(share for _, share in options)
    for option, share in options:
        at -= share
        if at < 0:
            return option
    return options[-1][0]


def chance(share: float, rng: np.random.Generator) -> bool:
    """Draw true this often."""
    return float(rng.random()) < share


def random_ground(hard: Difficulty, rng: np.random.Generator) -> Ground:
    """Draw the background."""
    low, high = pick((((255.0, 255.0), 0.3), ((222.0, 255.0), 0.36), ((150.0, 230.0), 0.1), ((0.0, 90.0), 0.24)), rng)
    colourful = 0.0 if chance(0.3, rng) else float(rng.random()) ** (1 if high < 222 else 2)
    if not hard.ground:
        return Ground(brightness=(low, high), saturation=colourful)
    kind = pick(GROUNDS, rng)
    return Ground(
        kind=kind,
        brightness=(low, high),
        saturation=colourful,
        change=60 * hard.ground,
        grain=20 * hard.ground if chance(0.4, rng) else 0.0,
        frame=pick(((0, 0.6), (1, 0.3), (2, 0.1)), rng),
    )


def random_paint(hard: Difficulty, stroke: Stroke, layout: Layout, ground: Ground, rng: np.random.Generator) -> Paint:
    """Draw strokes and colours."""
    room = ground.brightness[0] if ground.brightness[0] >= 128 else 255 - ground.brightness[1]
    room -= ground.change / 2
    weakest = (
        (55 if stroke is Stroke.SOLID else 85) + 40 * (hard.ghosts + hard.blur) + 1.2 * ground.change + 2 * ground.grain
    )
    middle = min(room, weakest + (1 - hard.faint) * float(rng.uniform(0.2, 1.0)) * max(room - weakest, 0.0))
    spread = float(rng.uniform(0, 35))
    thick = layout.text_height > 24 and chance(0.2, rng)
    return Paint(
        stroke=stroke,
        joined=stroke is not Stroke.EMBOSSED and chance(0.4, rng),
        width=random_width(stroke, layout.text_height, rng),
        weight=1 if thick else 0,
        contrast=(max(40.0, middle - spread), min(255.0, max(40.0, middle + spread * 0.5))),
        saturation=0.0 if chance(0.25, rng) else float(rng.random()),
        each=chance(0.35, rng),
    )


def random_width(stroke: Stroke, height: float, rng: np.random.Generator) -> int:
    """Draw the width of outlines and shadows."""
    low, high = WIDTHS.get(stroke, (0.03, 0.07))
    return min(8, max(1, round(height * float(rng.uniform(low, high)))))


def random_lines(hard: Difficulty, layout: Layout, rng: np.random.Generator) -> tuple[Lines, ...]:
    """Draw up to two kinds of lines."""
    if not hard.lines:
        return ()
    return tuple(random_line_kind(hard, layout, rng) for _ in range(2 if chance(0.3, rng) else 1))


def random_line_kind(hard: Difficulty, layout: Layout, rng: np.random.Generator) -> Lines:
    """Draw one kind of lines: the more of them, the thinner."""
    kind = pick(LINES, rng)
    if chance(0.25, rng) and kind not in CLOSED and not layout.arithmetic:
        return random_stem_lines(hard, kind, layout, rng)
    thickest = max(1, round(layout.text_height * 0.09 * float(rng.random() + 0.3)))
    most = max(1, round(hard.lines * layout.text_height * float(rng.uniform(0.06, 0.24)) / thickest))
    if layout.arithmetic:  # a thick line would hide a sign
        most, thickest = min(most, 2), 1
    short = chance(0.2, rng) and kind in (LineKind.STRAIGHT, LineKind.CURVE) and not layout.arithmetic
    tint = pick(((Tint.INK, 0.4), (Tint.OTHER, 0.33), (Tint.FAINT, 0.2), (Tint.GROUND, 0.07)), rng)
    if kind is LineKind.WAVE:
        most = min(most, 2)
    elif kind in (LineKind.SCRIBBLE, *CLOSED):
        most = most if kind is LineKind.CIRCLE else 1
        thickest = min(thickest, 2 if kind is LineKind.SCRIBBLE or tint is Tint.FAINT else 1)
    else:
        most *= 3 if short or tint is Tint.FAINT else 1
    return Lines(
        count=(max(1, most // 2), most),
        kind=kind,
        tint=tint,
        width=(max(1, thickest - 1), thickest),
        reach=(0.1, 0.3) if short else (0.6, 1.1),
        depth=Depth.BEHIND if tint is not Tint.GROUND and chance(0.35, rng) else Depth.BEFORE,
    )


def random_stem_lines(hard: Difficulty, kind: LineKind, layout: Layout, rng: np.random.Generator) -> Lines:
    """Draw one or two lines as wide as the characters' stems and in their colour."""
    width = min(8, max(1, round(layout.text_height * float(rng.uniform(0.07, 0.07 + 0.07 * hard.lines)))))
    most = 2 if hard.lines > 0.5 and kind in (LineKind.STRAIGHT, LineKind.CURVE) else 1
    return Lines((1, most), kind, Tint.INK, (width, width), (0.7, 1.1), (0.2, 0.8))


def random_specks(hard: Difficulty, layout: Layout, rng: np.random.Generator) -> tuple[Specks, ...]:
    """Draw a kind of specks: the more of them, the smaller."""
    if not hard.specks:
        return ()
    kind = pick(((SpeckKind.POINT, 0.5), (SpeckKind.DISC, 0.2), (SpeckKind.DASH, 0.2), (SpeckKind.RING, 0.1)), rng)
    largest = max(1, round(layout.text_height * 0.06 * float(rng.random() + 0.3)))
    area = largest**2 * (1 if kind is SpeckKind.POINT else 2)
    tint = pick(((Tint.INK, 0.38), (Tint.OTHER, 0.34), (Tint.FAINT, 0.19), (Tint.GROUND, 0.09)), rng)
    depth = pick(((Depth.BEHIND, 0.25), (Depth.BEFORE, 0.5), (Depth.ON_TOP, 0.25)), rng)
    return (Specks(60 * hard.specks * float(rng.random()) / area, kind, tint, (1, largest), depth),)


def random_ghosts(hard: Difficulty, ground: Ground, rng: np.random.Generator) -> Ghosts:
    """Draw the characters behind: many small or few large ones; on a dark ground more often."""
    strength = hard.ghosts or (0.5 if ground.brightness[1] < 128 and chance(0.2, rng) else 0.0)
    if not strength:
        return Ghosts()
    if chance(0.5, rng):
        return Ghosts((6, round(8 + 40 * strength)), (0.25, 0.5), (0.15, 0.25 + 0.25 * strength))
    return Ghosts((2, round(3 + 8 * strength)), (0.8, 1.8), (0.06, 0.12 + 0.18 * strength))


def random_tiles(rng: np.random.Generator) -> Tiles:
    """Draw tiles, or frames alone."""
    page = pick((((0.0, 255.0), 0.4), ((225.0, 255.0), 0.2), (None, 0.4)), rng)
    frame = pick(((0, 0.4), (1, 0.4), (2, 0.2)), rng) if page else int(rng.integers(1, 3))
    return Tiles(float(rng.uniform(0.08, 0.3)), frame, page)


def random_finish(hard: Difficulty, stroke: Stroke, layout: Layout, rng: np.random.Generator) -> Finish:
    """Draw what happens to the drawing."""
    style = float(rng.random())
    if layout.pixels and style < 0.7:
        scale, sharp = 1.0, True
    elif style < 0.14:
        scale, sharp = (0.5 if layout.text_height > 26 and stroke is Stroke.SOLID else 1.0), True
    else:
        scale, sharp = (float(rng.uniform(1.3, 2.5)) if style > 0.6 else 1.0), False
    return Finish(
        scale=scale,
        sharp=sharp,
        blur=layout.text_height * (0.08 if chance(0.2, rng) else 0.045) * hard.blur + 0.25 if hard.blur else 0.0,
        grain=float(rng.uniform(2, 14)) if chance(0.12, rng) else 0.0,
        jpeg=int(rng.integers(35, 92)) if chance(0.35, rng) else 0,
        grey=chance(0.1, rng),
    )
