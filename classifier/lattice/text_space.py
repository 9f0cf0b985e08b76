"""The texts that may be read: a model's alphabet, narrowed to what the user knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.alphabet import MAX_LENGTH, Alphabet, Constraint, Place, shorten
from kerf.classifier.lattice.lattices import Lattices
from kerf.segmenter.errors import SettingsError

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class TextSpace:
    """The texts that may be read, of C characters and at most L at a time.

    Attributes
    ----------
    characters
        The C characters that may occur.
    groups
        int32 ``(C, G)``; the model's classes that read as each of them, padded with their number, K.
    allowed
        bool ``(L, C)``; by position.
    lengths
        bool ``(L + 1,)``; numbers of characters.
    """

    characters: str
    groups: NDArray[np.int32]
    allowed: NDArray[np.bool_]
    lengths: NDArray[np.bool_]

    def spell(self, text: Iterable[int]) -> str:
        """Turn character ids into a text."""
        return "".join(self.characters[i] for i in text)


def to_text_space(alphabet: Alphabet, lengths: tuple[int, int], constraint: Constraint) -> TextSpace:
    """Narrow what a model reads to what the user knows.

    Raises
    ------
    SettingsError
        If the model knows none of the characters asked for, or none of those at some place of the pattern.
    """
    places = constraint.places
    charset = constraint.characters or constraint.spelt_out or alphabet.characters
    groups = dict(zip(charset, alphabet.folded_onto(charset), strict=True))
    characters = "".join(c for c in charset if groups[c])
    if not characters:
        raise SettingsError(
            f"the model knows none of the characters {shorten(charset)}; it reads {alphabet.characters!r}: "
            "correct the charset or train with these characters"
        )
    low, high = (len(places), len(places)) if places else constraint.lengths or lengths
    count = np.arange(min(high, MAX_LENGTH) + 1)
    rows = [[place.allows(c) for c in characters] for place in places or [Place("", negated=True)] * len(count[1:])]
    for number, row in enumerate(rows, start=1):
        if not any(row):
            raise SettingsError(
                f"no character that is asked for and that the model knows fits place {number} of the pattern; "
                f"it reads {alphabet.characters!r}: correct pattern or charset, or train with these characters"
            )
    width = max(len(group) for group in groups.values())
    padded = [(groups[c] + [len(alphabet)] * width)[:width] for c in characters]
    within = (count >= low) & (count <= high)
    return TextSpace(characters, np.array(padded, np.int32), np.array(rows, np.bool_), within)


def to_inputs(
    logits: NDArray[np.float32], skips: NDArray[np.float32], lattices: Lattices, space: TextSpace
) -> tuple[Floats, Floats, Ints, Ints, Ints, Ints, Bools, Bools]:
    """Arrays as the search in C takes them, in order, whatever types of number they come in."""
    return (
        np.ascontiguousarray(logits, np.float32),
        np.ascontiguousarray(skips, np.float32),
        lattices.spans,
        lattices.first_span,
        lattices.first_cut,
        space.groups,
        space.allowed,
        space.lengths,
    )
