"""Characters that people cannot tell apart either: both are drawn, in many fonts, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.fonts import (
    font_files,
    is_usable,
    mask_to_feature,
    square_distances,
    system_font_folders,
)
from kerf.classifier.synthesis.glyphs import BUILT_IN_FONT, CHARACTERS, draw_mask, load_font

FONTS = 24
"""Fonts that are compared in."""
SIZE = 28
"""Of the drawings, in pixels an em."""
TAKEN = 1 / 6
"""Share of the drawings from which two characters are lookalikes. Of 44, 0 and O, 1 and l, I and l, x and X have from a
fifth to a half, 5 and S a seventh, 1 and I a ninth, 8 and B hardly one."""


@dataclass(frozen=True)
class Pair:
    """Two characters, and how many of how many drawings of them are more like the other one, in another font."""

    first: str
    second: str
    taken: int
    drawings: int

    @property
    def is_lookalike(self) -> bool:
        """Whether people, who do not know the font, cannot be asked to tell them apart."""
        return self.taken >= TAKEN * self.drawings


def alphabet_to_pairs(characters: Iterable[str]) -> list[Pair]:
    """Find the lookalikes of an alphabet, the worst first; characters other than 0-9A-Za-z are not judged."""
    known = [c for c in sorted(set(characters)) if c in CHARACTERS]
    pairs = [pair for pair in (to_pair(*both) for both in combinations(known, 2)) if pair.is_lookalike]
    return sorted(pairs, key=lambda pair: -pair.taken)


def to_pair(first: str, second: str) -> Pair:
    """Compare two of ``CHARACTERS``: each drawing goes by the nearest of those in other fonts (Cover and Hart 1967).

    Drawings are compared by shape and proportion, not by size, as a captcha's letters vary in size.
    """
    features = font_features()[:, [CHARACTERS.index(first), CHARACTERS.index(second)]]
    fonts, both, _ = features.shape
    flat = features.reshape(fonts * both, -1)
    font, character = np.divmod(np.arange(fonts * both), both)
    distances = np.where(font[:, None] == font, np.inf, square_distances(flat, flat))
    return Pair(first, second, int((character[distances.argmin(axis=1)] != character).sum()), fonts * both)


@lru_cache(maxsize=1)
def font_features() -> NDArray[np.float32]:
    """Describe all of ``CHARACTERS`` in every font: float32 ``(F, 62, K)``."""
    fonts = [load_font(path, SIZE) for path in some_fonts()]
    return np.stack([np.stack([mask_to_feature(draw_mask(font, c)[0]) for c in CHARACTERS]) for font in fonts])


@lru_cache(maxsize=1)
def some_fonts() -> Sequence[Path]:
    """Choose fonts of the system, far apart in its list, for many families; the first is the built-in one."""
    files = list({path.stem: path for path in font_files(system_font_folders())}.values())
    chosen = [BUILT_IN_FONT]
    for path in files[:: max(1, len(files) // FONTS)]:
        if len(chosen) < FONTS and is_usable(path):
            chosen.append(path)
    return chosen
