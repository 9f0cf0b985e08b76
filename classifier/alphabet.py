"""Class ids to characters and back, case policy, and what a user may know of the texts beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.texts.patterns import MAX_LENGTH, Place, parse_charset, parse_pattern, shorten
from kerf.segmenter.errors import LabelAlphabetError, SettingsError


@dataclass(frozen=True)
class Alphabet:
    """The characters a model tells apart; class id = index.

    Case policy: case matters as far as the characters say so. An alphabet of lower case letters alone reads every
    letter as lower case.

    Parameters
    ----------
    characters
        Each character once.

    Raises
    ------
    SettingsError
        If it is empty or a character occurs twice.
    """

    characters: str

    def __post_init__(self) -> None:
        if not self.characters or len(set(self.characters)) != len(self.characters):
            raise SettingsError(f"alphabet {self.characters!r} is empty or repeats a character; list each one once")

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def has_both_cases(self) -> bool:
        """Whether some letter is there in upper and in lower case."""
        return any(c.isupper() and c.lower() in self.characters for c in self.characters)

    def encode(self, text: str) -> NDArray[np.int64]:
        """Turn a text into class ids, int64 ``(len(text),)``.

        Raises
        ------
        LabelAlphabetError
            If a character is not in the alphabet.
        """
        for character in text:
            if character not in self.characters:
                raise LabelAlphabetError(
                    f"label {text!r} has {character!r}, which is outside the alphabet {self.characters!r}; "
                    "correct the label or train with this character"
                )
        return np.array([self.characters.index(c) for c in text], np.int64)

    def decode(self, ids: Iterable[int]) -> str:
        """Turn class ids into a text."""
        return "".join(self.characters[i] for i in ids)

    def folded_onto(self, characters: str) -> list[list[int]]:
        """Class ids that read as each of ``characters``.

        A class counts for its own character, and for its other case where that case is not asked for itself.
        """
        asked, ids = set(characters), {character: i for i, character in enumerate(self.characters)}
        groups = []
        for character in characters:
            other = character.swapcase()
            wanted = {character} if other in asked else {character, other}
            groups.append(sorted(ids[c] for c in wanted & ids.keys()))
        return groups


def texts_to_alphabet(texts: Iterable[str]) -> Alphabet:
    """Collect the alphabet of labels, in code point order."""
    return Alphabet("".join(sorted(set("".join(texts)))))


@dataclass(frozen=True)
class Constraint:
    r"""What is known of the texts before reading them; everything not given comes from the model.

    The same on the command line and in Python.

    Parameters
    ----------
    charset
        Characters that may occur, as between the brackets of a regular expression: ``0-9A-F``, ``\d+=?``.
    length
        Number of characters: ``"4"`` or 4, ``"4-6"`` or (4, 6), both ends included.
    pattern
        Characters by position, for example ``[A-Z]{2}\d{4}``: literals, classes ``[a-z]`` and ``[^a-z]``, ``\d``,
        ``\w``, ``.``, a ``\`` before punctuation, counts ``{n}`` and ``{m,n}``, and ``?`` after what may be left out.

    Raises
    ------
    SettingsError
        If a part is malformed, or pattern and length disagree.
    """

    charset: str | None = None
    length: str | int | tuple[int, int] | None = None
    pattern: str | None = None

    def __post_init__(self) -> None:
        places, lengths, _ = self.places, self.lengths, self.characters
        fewest, most = sum(not place.optional for place in places or ()), len(places or ())
        if places and lengths and (lengths[1] < fewest or most < lengths[0]):
            count = most if fewest == most else f"{fewest} to {most}"
            raise SettingsError(
                f"pattern {shorten(self.pattern or '')} has {count} characters, length says otherwise; "
                "drop one of them or change it"
            )

    @cached_property
    def characters(self) -> str | None:
        """The characters of the charset, each once."""
        return None if self.charset is None else parse_charset(self.charset)

    @cached_property
    def lengths(self) -> tuple[int, int] | None:
        """Fewest and most characters."""
        return None if self.length is None else parse_length(self.length)

    @cached_property
    def places(self) -> tuple[Place, ...] | None:
        """What may stand at each place, if it is not left out."""
        return None if self.pattern is None else parse_pattern(self.pattern)

    @property
    def spelt_out(self) -> str | None:
        """All characters that the pattern allows, each once; None if there is none or it does not name them all."""
        if not self.places or any(place.negated for place in self.places):
            return None
        return "".join(dict.fromkeys("".join(place.characters for place in self.places)))

    def unknown_to(self, alphabet: Alphabet) -> str:
        """Characters that are named here but that a model with this alphabet does not read: they are left out."""
        places = [place.characters for place in self.places or () if not place.negated]
        named = "".join(dict.fromkeys("".join([self.characters or "", *places])))
        return "".join(c for c, ids in zip(named, alphabet.folded_onto(named), strict=True) if not ids)


def parse_length(length: str | int | tuple[int, int]) -> tuple[int, int]:
    """Read ``4`` or ``4-6`` as an inclusive range.

    Raises
    ------
    SettingsError
        If it is neither, or not within 1 and ``MAX_LENGTH``.
    """
    if isinstance(length, str):
        match = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", length.strip())
        ends = (int(match[1]), int(match[2] or match[1])) if match else None
    else:
        ends = (length, length) if isinstance(length, int) else length
    if ends is None or not 1 <= ends[0] <= ends[1] <= MAX_LENGTH:
        shown = shorten(length) if isinstance(length, str) else length
        raise SettingsError(
            f"length {shown} is not a number or a range within 1-{MAX_LENGTH}; give N or MIN-MAX, for example 4 or 4-6"
        )
    return ends
