"""Labelled captchas drawn from a seed: for training, for tests, and for users who have none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kerf.classifier.synthesis.folder import write_dataset
from kerf.classifier.synthesis.fonts import find_fonts
from kerf.classifier.synthesis.gallery import LOOKS, name_to_look
from kerf.classifier.synthesis.glyphs import BUILT_IN_FONT, CHARACTERS, SIGNS
from kerf.classifier.synthesis.looks import Look
from kerf.classifier.synthesis.random_looks import random_look
from kerf.classifier.synthesis.rendering import RenderedCaptcha, render
from kerf.classifier.synthesis.texts import random_text
from kerf.segmenter.errors import SettingsError

__all__ = [
    "BUILT_IN_FONT",
    "CHARACTERS",
    "LOOKS",
    "SIGNS",
    "Look",
    "RenderedCaptcha",
    "find_fonts",
    "random_look",
    "render",
    "synthesize",
    "synthesize_one",
    "write_dataset",
]


def synthesize(
    count: int,
    seed: int,
    look: str | None = None,
    alphabet: str | None = None,
    lengths: tuple[int, int] | None = None,
    fonts: Sequence[Path] | None = None,
) -> Iterator[RenderedCaptcha]:
    """Draw captchas; the i-th depends on the seed, i and the other settings alone.

    Parameters
    ----------
    count
        How many.
    seed
        From 0.
    look
        One of ``LOOKS``; without it, each image has a random look of its own.
    alphabet, lengths
        Characters, and smallest and largest number of them; without them, the look's own.
    fonts
        Fonts to choose from; without them, ``find_fonts()``.

    Yields
    ------
    RenderedCaptcha
        Image, text and true boxes.

    Raises
    ------
    SettingsError
        If a setting is out of range.
    """
    usable = find_fonts() if fonts is None else fonts
    return (synthesize_one(i, seed, usable, look, alphabet, lengths) for i in range(count))


def synthesize_one(
    index: int,
    seed: int,
    fonts: Sequence[Path],
    look: str | None = None,
    alphabet: str | None = None,
    lengths: tuple[int, int] | None = None,
) -> RenderedCaptcha:
    """Draw the captcha that ``synthesize`` yields at ``index``; parameters and errors as there."""
    if seed < 0:
        raise SettingsError(f"seed {seed} is negative; give 0 or more")
    rng = np.random.default_rng((seed, index))
    chosen = resize_for(name_to_look(look), alphabet, lengths) if look else random_look(rng, alphabet, lengths)
    return render(random_text(chosen.layout, rng), chosen, rng, fonts)


def resize_for(look: Look, alphabet: str | None, lengths: tuple[int, int] | None) -> Look:
    """Give a look other texts, and images as much wider as these can be longer."""
    own = look.layout
    arithmetic = own.arithmetic and not alphabet
    layout = replace(own, alphabet=alphabet or own.alphabet, lengths=lengths or own.lengths, arithmetic=arithmetic)
    width, height = layout.size_wh
    longer = max(1.0, layout.lengths[1] / look.layout.lengths[1])
    return replace(look, layout=replace(layout, size_wh=(round(width * longer), height)))
