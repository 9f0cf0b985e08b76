"""Looks drawn at random from the whole space, no harder together than a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kerf.classifier.synthesis.glyphs import CHARACTERS, DIGITS, LOWER, UPPER
from kerf.classifier.synthesis.kinds import Depth, GroundKind, LineKind, SpeckKind, Stroke, Tint
from kerf.classifier.synthesis.looks import (
    CLEAR,
    CLEAR_LETTERS,
    Finish,
    Ground,
    Layout,
    Lines,
    Look,
    Paint,
    Specks,
    Warp,
)

T = TypeVar("T")

ALPHABETS: tuple[tuple[str, float], ...] = (
    (DIGITS, 0.16),
    (UPPER, 0.08),
    (CLEAR_LETTERS, 0.04),
    (LOWER, 0.13),
    (CLEAR_LETTERS.lower(), 0.03),
    (DIGITS + UPPER, 0.1),
    (CLEAR, 0.1),
    (DIGITS + LOWER, 0.09),
    (CLEAR.lower(), 0.09),
    (CHARACTERS, 0.12),
    (CLEAR + CLEAR_LETTERS.lower(), 0.06),
)
"""Alphabets and how often each occurs."""

LENGTHS = ((3, 0.05), (4, 0.33), (5, 0.26), (6, 0.22), (7, 0.08), (8, 0.06))
"""Lengths and how often each occurs."""

STROKES = (
    (Stroke.SOLID, 0.5),
    (Stroke.SHADOWED, 0.09),
    (Stroke.BORDERED, 0.05),
    (Stroke.HOLLOW, 0.15),
    (Stroke.OUTLINE, 0.04),
    (Stroke.EMBOSSED, 0.1),
    (Stroke.STRIPED, 0.04),
    (Stroke.SPRAYED, 0.03),
)
"""Strokes and how often each occurs."""

OFTEN = (0.65, 0.45, 0.45, 0.5, 0.4, 0.45, 0.35, 0.35, 0.5, 0.4)
"""How often each difficulty occurs, in the order of ``Difficulty``."""

WEIGHTS = (0.8, 1.2, 1.0, 1.4, 0.9, 0.8, 1.1, 1.1, 1.1, 0.7)
"""How hard each makes reading."""

MOST = 1.9  # largest sum of weighted difficulties


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


def pick(options: tuple[tuple[T, float], ...], rng: np.random.Generator) -> T:
    """Draw one of several options that have a share each."""
    at = float(rng.random()) * sum(share for _, share in options)
    for option, share in options:
        at -= share
        if at < 0:
            return option
    return options[-1][0]


def random_look(rng: np.random.Generator, alphabet: str | None = None, lengths: tuple[int, int] | None = None) -> Look:
    """Draw a look from the whole space, readable by a person nearly always.

    Each kind of difficulty is there or not; where they add up to too much, all are reduced.

    Parameters
    ----------
    rng
        Source of the look.
    alphabet, lengths
        What texts are made of, and their smallest and largest length; drawn too if not given.

    Raises
    ------
    SettingsError
        If an alphabet or lengths given are out of range.
    """
    hard = random_difficulty(rng)
    stroke = pick(STROKES, rng) if hard.stroke else Stroke.SOLID
    length = pick(LENGTHS, rng)
    letters = pick(ALPHABETS, rng)
    layout = random_layout(hard, stroke, alphabet or letters, lengths or (length, length), rng)
    ground = random_ground(hard, rng)
    return Look(
        layout,
        random_warp(hard, rng),
        random_paint(hard, stroke, layout, ground, rng),
        ground,
        random_lines(hard, layout, rng),
        random_specks(hard, layout, rng),
        random_finish(hard, layout, rng),
    )


def random_difficulty(rng: np.random.Generator) -> Difficulty:
    """Draw which difficulties there are, and how strong."""
    strengths = rng.random(10) * (rng.random(10) < OFTEN)
    strengths *= min(1.0, MOST / max(float(strengths @ np.array(WEIGHTS)), 1e-6))
    return Difficulty(*(float(s) for s in strengths))


def chance(share: float, rng: np.random.Generator) -> bool:
    """Draw true this often."""
    return float(rng.random()) < share


def random_layout(
    hard: Difficulty, stroke: Stroke, alphabet: str, lengths: tuple[int, int], rng: np.random.Generator
) -> Layout:
    """Draw the characters' places; where case matters, their sizes and rows stay such that it shows."""
    lowest = 22.0 if stroke is not Stroke.SOLID or hard.lines else 10.0
    height = max(lowest, float(np.exp(rng.uniform(np.log(20), np.log(44)))) * (1 - 0.5 * hard.small))
    mean = -0.4 * hard.overlap if hard.overlap else float(rng.gamma(1.5, 0.17))
    spread = 0.05 + 0.12 * float(rng.random())
    aspect = float(rng.uniform(0.75, 1.3)) if chance(0.4, rng) else 1.0
    one_sided = chance(0.12, rng)
    cased = alphabet.lower() != alphabet and alphabet.upper() != alphabet
    own = hard.jitter * rng.random(4) * (1, 1, 0.3 if cased else 1, 1)
    return Layout(
        alphabet=alphabet,
        lengths=lengths,
        size_wh=random_size(height, lengths[1] * (0.8 * aspect + max(mean, 0.6 * mean)), one_sided, rng),
        text_height=height,
        faces=pick(((1, 0.6), (2, 0.15), (4, 0.15), (8, 0.1)), rng),
        spacing=(max(mean - spread, -0.38), max(mean + spread, -0.3)),
        monospaced=chance(0.3, rng),
        align=(0.0, 0.1) if one_sided else (0.3, 0.7) if chance(0.8, rng) else (0.0, 1.0),
        centred=not cased and chance(0.3, rng),
        aspect=aspect,
        tilt=38 * float(own[0]),
        lean=0.4 * float(own[1]),
        stretch=0.3 * float(own[2]),
        bounce=0.4 * float(own[3]),
    )


def random_size(height: float, length: float, one_sided: bool, rng: np.random.Generator) -> tuple[int, int]:
    """Draw width and height of an image whose text is ``height`` high and about ``length`` times as long."""
    tight = chance(0.15, rng)
    width = height * (length + float(rng.uniform(0.1, 0.3) if tight else rng.uniform(0.3, 2.0)))
    high = height * float(rng.uniform(1.15, 1.5) if tight else rng.uniform(1.35, 2.6))
    if one_sided:
        width *= float(rng.uniform(1.2, 1.8))
    return round(min(max(width, 24), 500)), round(min(max(high, 20), 110))


def random_warp(hard: Difficulty, rng: np.random.Generator) -> Warp:
    """Draw the distortion of the whole."""
    if not hard.warp:
        return Warp(keystone=0.2 if chance(0.1, rng) else 0.0)
    wave, swell, bend, keystone = hard.warp * rng.random(4) ** 1.5
    shortest = float(rng.uniform(1.2, 4.0))
    return Warp(
        wave=0.35 * wave * min(1.0, shortest / 2.5),
        swell=0.22 * swell,
        wave_length=(shortest, 1.6 * shortest),
        bend=0.1 * bend,
        keystone=0.5 * keystone,
        rough=1.3 * hard.warp if chance(0.12, rng) else 0.0,
    )


def random_ground(hard: Difficulty, rng: np.random.Generator) -> Ground:
    """Draw the background."""
    low, high = pick((((255.0, 255.0), 0.3), ((222.0, 255.0), 0.36), ((150.0, 230.0), 0.1), ((0.0, 90.0), 0.24)), rng)
    colourful = 0.0 if chance(0.3, rng) else float(rng.random()) ** (1 if high < 222 else 2)
    if not hard.ground:
        return Ground(brightness=(low, high), saturation=colourful)
    kind = pick(
        (
            (GroundKind.FLAT, 0.2),
            (GroundKind.GRADIENT, 0.35),
            (GroundKind.CLOUDS, 0.35),
            (GroundKind.GRID, 0.1),
        ),
        rng,
    )
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
    weakest = (55 if stroke is Stroke.SOLID else 85) + 1.2 * ground.change + 2 * ground.grain
    middle = min(room, weakest + (1 - hard.faint) * float(rng.uniform(0.2, 1.0)) * max(room - weakest, 0.0))
    spread = float(rng.uniform(0, 35))
    thick = layout.text_height > 24 and chance(0.2, rng)
    return Paint(
        stroke=stroke,
        joined=stroke is not Stroke.EMBOSSED and chance(0.4, rng),
        width=2 if layout.text_height > 30 and chance(0.5, rng) else 1,
        weight=1 if thick else 0,
        contrast=(max(40.0, middle - spread), min(255.0, max(40.0, middle + spread * 0.5))),
        saturation=0.0 if chance(0.25, rng) else float(rng.random()),
        each=chance(0.35, rng),
    )


def random_lines(hard: Difficulty, layout: Layout, rng: np.random.Generator) -> tuple[Lines, ...]:
    """Draw up to two kinds of lines."""
    if not hard.lines:
        return ()
    return tuple(random_line_kind(hard, layout, rng) for _ in range(2 if chance(0.3, rng) else 1))


def random_line_kind(hard: Difficulty, layout: Layout, rng: np.random.Generator) -> Lines:
    """Draw one kind of lines: the more of them, the thinner."""
    thickest = max(1, round(layout.text_height * 0.09 * float(rng.random() + 0.3)))
    room = hard.lines * layout.text_height * float(rng.uniform(0.06, 0.24))
    most = max(1, round(room / thickest))
    short = chance(0.2, rng)
    tint = pick(((Tint.INK, 0.4), (Tint.OTHER, 0.33), (Tint.FAINT, 0.22), (Tint.GROUND, 0.05)), rng)
    kind = pick(((LineKind.STRAIGHT, 0.4), (LineKind.CURVE, 0.4), (LineKind.WAVE, 0.2)), rng)
    most = min(most, 2) if kind is LineKind.WAVE else most * (3 if short or tint is Tint.FAINT else 1)
    return Lines(
        count=(max(1, most // 2), most),
        kind=kind,
        tint=tint,
        width=(max(1, thickest - 1), thickest),
        reach=(0.1, 0.3) if short else (0.6, 1.1),
        depth=Depth.BEHIND if tint is not Tint.GROUND and chance(0.35, rng) else Depth.BEFORE,
    )


def random_specks(hard: Difficulty, layout: Layout, rng: np.random.Generator) -> tuple[Specks, ...]:
    """Draw a kind of specks: the more of them, the smaller."""
    if not hard.specks:
        return ()
    kind = pick(((SpeckKind.POINT, 0.5), (SpeckKind.DISC, 0.2), (SpeckKind.DASH, 0.2), (SpeckKind.RING, 0.1)), rng)
    largest = max(1, round(layout.text_height * 0.06 * float(rng.random() + 0.3)))
    area = largest**2 * (1 if kind is SpeckKind.POINT else 2)
    tint = pick(((Tint.INK, 0.4), (Tint.OTHER, 0.35), (Tint.FAINT, 0.2), (Tint.GROUND, 0.05)), rng)
    depth = pick(((Depth.BEHIND, 0.25), (Depth.BEFORE, 0.5), (Depth.ON_TOP, 0.25)), rng)
    return (Specks(60 * hard.specks * float(rng.random()) / area, kind, tint, (1, largest), depth),)


def random_finish(hard: Difficulty, layout: Layout, rng: np.random.Generator) -> Finish:
    """Draw what happens to the drawing."""
    style = float(rng.random())
    if style < 0.14:
        scale, sharp = (0.5 if layout.text_height > 26 else 1.0), True
    else:
        scale, sharp = (float(rng.uniform(1.3, 2.5)) if style > 0.6 else 1.0), False
    return Finish(
        scale=scale,
        sharp=sharp,
        blur=layout.text_height * 0.045 * hard.blur + 0.25 if hard.blur else 0.0,
        grain=float(rng.uniform(2, 14)) if chance(0.12, rng) else 0.0,
        jpeg=int(rng.integers(35, 92)) if chance(0.35, rng) else 0,
        grey=chance(0.1, rng),
    )
