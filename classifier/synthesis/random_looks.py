"""Looks drawn at random from the whole space, no harder together than a person can read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerf.classifier.synthesis.glyphs import CHARACTERS, DIGITS, LOWER, UPPER
from kerf.classifier.synthesis.kinds import Family, Stroke
from kerf.classifier.synthesis.layouts import CLEAR, CLEAR_LETTERS, Layout, Warp
from kerf.classifier.synthesis.looks import Ghosts, Look, Tiles
from kerf.classifier.synthesis.random_scenes import (
    Difficulty,
    chance,
    pick,
    random_finish,
    random_ghosts,
    random_ground,
    random_lines,
    random_paint,
    random_specks,
    random_tiles,
)

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

BITMAP_ALPHABETS = ((DIGITS, 0.45), (CLEAR, 0.2), (CLEAR_LETTERS, 0.15), (CLEAR.lower(), 0.2))
"""As above where letters have few pixels, and fewer of them are told apart."""

SPECIALS = "@#&%"
LENGTHS = (
    *((1, 0.02), (2, 0.02), (3, 0.05), (4, 0.3), (5, 0.24), (6, 0.2)),
    *((7, 0.06), (8, 0.05), (9, 0.02), (10, 0.02), (11, 0.01), (12, 0.01)),
)
"""Lengths and how often each occurs."""

FAMILIES = ((Family.ANY, 0.83), (Family.HAND, 0.1), (Family.SCREEN, 0.07))
"""Families of fonts and how often each occurs; those for screens are drawn in few pixels."""

PIXELS = ((8, 0.2), (9, 0.25), (10, 0.2), (12, 0.2), (14, 0.15))
"""Rows of their capitals and how often each occurs."""

STROKES = (
    (Stroke.SOLID, 0.22),
    (Stroke.SHADOWED, 0.1),
    (Stroke.BORDERED, 0.06),
    (Stroke.HOLLOW, 0.17),
    (Stroke.OUTLINE, 0.05),
    (Stroke.OPEN, 0.05),
    (Stroke.DOUBLE, 0.05),
    (Stroke.TWICE, 0.04),
    (Stroke.BLOCK, 0.06),
    (Stroke.EMBOSSED, 0.07),
    (Stroke.STRIPED, 0.03),
    (Stroke.SPRAYED, 0.03),
    (Stroke.CRAYON, 0.05),
    (Stroke.PEN, 0.04),
)
"""Strokes and how often each occurs."""

OFTEN = (0.65, 0.45, 0.45, 0.5, 0.4, 0.45, 0.35, 0.35, 0.5, 0.5, 0.13, 0.12)
"""How often each difficulty occurs, in the order of ``Difficulty``."""

WEIGHTS = (0.8, 1.2, 1.0, 1.4, 0.9, 0.8, 1.1, 1.1, 1.1, 0.7, 0.9, 0.5)
"""How hard each makes reading."""

MOST = 2.0  # largest sum of weighted difficulties


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
    family = pick(FAMILIES, rng)
    stroke = pick(STROKES, rng) if hard.stroke and family is not Family.SCREEN else Stroke.SOLID
    texts = random_texts(family, alphabet, lengths, rng)
    tiles = random_tiles(rng) if chance(0.05, rng) else None
    layout = random_layout(hard, stroke, family, texts, tiles, rng)
    ground = random_ground(hard, rng)
    return Look(
        layout,
        Warp() if tiles else random_warp(hard, rng),
        random_paint(hard, stroke, layout, ground, rng),
        ground,
        random_lines(hard, layout, rng),
        random_specks(hard, layout, rng),
        Ghosts() if tiles else random_ghosts(hard, ground, rng),
        tiles,
        random_finish(hard, stroke, layout, rng),
    )


def random_texts(
    family: Family, alphabet: str | None, lengths: tuple[int, int] | None, rng: np.random.Generator
) -> Layout:
    """Draw what texts are made of, as far as it is not given."""
    if chance(0.06, rng) and not alphabet and not lengths:
        return Layout(DIGITS, (3, 7), arithmetic=True)
    length = pick(LENGTHS, rng)
    letters = pick(BITMAP_ALPHABETS if family is Family.SCREEN else ALPHABETS, rng)
    if chance(0.03, rng):
        letters += SPECIALS
    return Layout(alphabet or letters, lengths or (length, length))


def random_difficulty(rng: np.random.Generator) -> Difficulty:
    """Draw which difficulties there are, and how strong."""
    strengths = rng.random(len(OFTEN)) * (rng.random(len(OFTEN)) < OFTEN)
    strengths *= min(1.0, MOST / max(float(strengths @ np.array(WEIGHTS)), 1e-6))
    return Difficulty(*(float(s) for s in strengths))


def random_layout(
    hard: Difficulty, stroke: Stroke, family: Family, texts: Layout, tiles: Tiles | None, rng: np.random.Generator
) -> Layout:
    """Draw the characters' places."""
    tiny = stroke is Stroke.SOLID and not tiles and chance(0.1, rng)
    height = float(rng.uniform(12, 20)) if tiny else random_height(hard, stroke, rng)
    pixels = pick(PIXELS, rng) if family is Family.SCREEN else 0
    if pixels:
        height = float(pixels * pick(((1, 0.3), (2, 0.4), (3, 0.3)), rng))
    mean, spread = random_gap(hard, tiny, texts.arithmetic, tiles, rng), 0.05 + 0.12 * float(rng.random())
    one_sided = chance(0.12, rng)
    layout = replace(
        random_jitter(hard, texts, rng),
        text_height=height,
        faces=pick(((1, 0.6), (2, 0.15), (4, 0.15), (8, 0.1)), rng),
        family=family,
        pixels=pixels,
        dotted=chance(0.25, rng),
        spacing=(max(mean - spread, -0.38), max(mean + spread, -0.3)),
        monospaced=chance(0.3, rng),
        align=(0.0, 0.1) if one_sided else (0.3, 0.7) if chance(0.8, rng) else (0.0, 1.0),
    )
    if pixels and chance(0.6, rng):
        layout = replace(layout, tilt=0.0, lean=0.0, stretch=0.0, aspect=1.0)
    length = texts.lengths[1] * (0.8 * layout.aspect + max(mean, 0.6 * mean))
    return replace(layout, size_wh=random_size(layout, length, one_sided, rng))


def random_jitter(hard: Difficulty, texts: Layout, rng: np.random.Generator) -> Layout:
    """Draw how characters are turned and shifted: where case matters, so that it shows; signs stay what they are."""
    alphabet = texts.alphabet
    cased = alphabet.lower() != alphabet and alphabet.upper() != alphabet
    own = hard.jitter * rng.random(4) * (1, 1, 0.3 if cased else 1, 1)
    sway, climb = (share * float(rng.random()) if chance(0.14, rng) else 0.0 for share in (0.45, 0.9))
    return replace(
        texts,
        centred=not cased and not texts.arithmetic and chance(0.3, rng),
        aspect=float(rng.uniform(0.75, 1.3)) if chance(0.4, rng) else 1.0,
        tilt=(12 if texts.arithmetic else 38) * float(own[0]),
        lean=0.4 * float(own[1]),
        stretch=0.3 * float(own[2]),
        bounce=0.4 * float(own[3]),
        sway=sway,
        climb=climb,
        cut=0.08 + (0.14 if alphabet.upper() == alphabet else 0.04) * hard.cut if hard.cut else 0.0,
    )


def random_height(hard: Difficulty, stroke: Stroke, rng: np.random.Generator) -> float:
    """Draw the height of capitals in pixels."""
    lowest = 22.0 if stroke is not Stroke.SOLID or hard.lines else 10.0
    return max(lowest, float(np.exp(rng.uniform(np.log(20), np.log(44)))) * (1 - 0.5 * hard.small))


def random_gap(hard: Difficulty, tiny: bool, arithmetic: bool, tiles: Tiles | None, rng: np.random.Generator) -> float:
    """Draw the mean gap between neighbours as ``Layout.spacing`` has it."""
    if tiles:
        return 2 * tiles.margin + float(rng.uniform(0.05, 0.4))
    if tiny and not arithmetic:
        return float(rng.uniform(-0.15, 0.08))
    if hard.overlap and not arithmetic:
        return -0.4 * hard.overlap
    return float(rng.uniform(0.4, 1.2)) if chance(0.08, rng) else float(rng.gamma(1.5, 0.17))


def random_size(layout: Layout, length: float, one_sided: bool, rng: np.random.Generator) -> tuple[int, int]:
    """Draw width and height of an image whose text is about ``length`` times as long as high."""
    tight = chance(0.15, rng)
    width = layout.text_height * (length + float(rng.uniform(0.1, 0.3) if tight else rng.uniform(0.3, 2.0)))
    rise = 1.2 * layout.sway + 0.8 * layout.climb
    high = layout.text_height * (rise + float(rng.uniform(1.15, 1.5) if tight else rng.uniform(1.35, 2.6)))
    if one_sided:
        width *= float(rng.uniform(1.2, 1.8))
    if layout.cut:
        width, high = 0.9 * width, layout.text_height * (rise + float(rng.uniform(1.0, 1.15)))
    return round(min(max(width, 24), 500)), round(min(max(high, 20), 120))


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
