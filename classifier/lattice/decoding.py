"""Scores to texts: the most probable one, its path, its probability, that of each character, and the texts after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.lattice import _search
from kerf.classifier.lattice.lattices import Lattices
from kerf.classifier.lattice.text_space import TextSpace, to_inputs

CERTAIN = 0.5
"""A text that holds such a share of all paths is the most probable one, whatever else there is."""
EXPANSIONS = 500
"""Prefixes extended for one image before the search becomes a narrow one, which may miss a text."""
NARROW = 32
"""Open prefixes kept from then on."""


@dataclass(frozen=True)
class Decoded:
    """The most probable text of one image.

    Attributes
    ----------
    text
        The text whose paths together score most; empty where no path has an allowed length.
    confidence
        Posterior of the text: its paths' share of all paths.
    candidates
        The best path that spells it, as indices into the image's own lattice.
    character_confidences
        Posterior of each character at its position, wherever it is cut.
    alternatives
        The next most probable texts and their posteriors; empty unless asked for.
    """

    text: str
    confidence: float
    candidates: tuple[int, ...]
    character_confidences: tuple[float, ...]
    alternatives: tuple[tuple[str, float], ...] = ()


def decode(
    logits: NDArray[np.float32],
    skips: NDArray[np.float32],
    lattices: Lattices,
    space: TextSpace,
    *,
    temperature: float = 1.0,
    best: int = 1,
    exact: bool = True,
) -> list[Decoded]:
    """Read every image of a batch.

    Parameters
    ----------
    logits
        float32 ``(N, K)``; scores of the candidates.
    skips
        float32 ``(M,)``; scores of skipping to each cut from the one before it; not looked at for an image's first.
    lattices
        The candidates.
    space
        What may be read.
    temperature
        Divides all scores.
    best
        How many texts to find for each image.
    exact
        If not, the text is that of the best path: nearly always the same, and as quick where all texts are as good
        as each other, as they are when training begins.

    Returns
    -------
    list of Decoded
        One an image, in order.
    """
    count, length = len(lattices), len(space.allowed)
    best = min(best, 2 * EXPANSIONS + 1)  # no search finds more
    texts, text_lengths = np.zeros((count, best, length), np.int32), np.zeros((count, best), np.int32)
    shares = np.zeros((count, best))
    candidates, characters = np.zeros((count, length), np.int32), np.zeros((count, length))
    _search.decode(
        *to_inputs(logits, skips, lattices, space),
        temperature,
        best,
        exact,
        CERTAIN,
        EXPANSIONS,
        NARROW,
        texts,
        text_lengths,
        shares,
        candidates,
        characters,
    )
    rows = zip(*(array.tolist() for array in (texts, text_lengths, shares, candidates, characters)), strict=True)
    return [to_decoded(space, *row) for row in rows]


def to_decoded(
    space: TextSpace,
    texts: list[list[int]],
    lengths: list[int],
    shares: list[float],
    candidates: list[int],
    characters: list[float],
) -> Decoded:
    """Spell what was found for one image; a text that was not found has a length of -1."""
    found = [
        (space.spell(text[:length]), share)
        for text, length, share in zip(texts, lengths, shares, strict=True)
        if length >= 0
    ]
    if not found:
        return Decoded("", 0.0, (), ())
    (text, confidence), *others = found
    return Decoded(text, confidence, tuple(candidates[: lengths[0]]), tuple(characters[: lengths[0]]), tuple(others))
