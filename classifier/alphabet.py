"""Class ids to characters and back, case policy, and what a user may know of the texts beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.segmenter.errors import LabelAlphabetError, SettingsError

MAX_LENGTH = 16
"""Longest text that a search considers."""


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
        groups = []
        for character in characters:
            other = character.swapcase()
            wanted = {character} if len(other) != 1 or other in characters else {character, other}
            groups.append([i for i, c in enumerate(self.characters) if c in wanted])
        return groups


def texts_to_alphabet(texts: Iterable[str]) -> Alphabet:
    """Collect the alphabet of labels, in code point order."""
    return Alphabet("".join(sorted(set("".join(texts)))))


@dataclass(frozen=True)
class Constraint:
    """What is known of the texts before reading them; everything not given comes from the model.

    Parameters
    ----------
    charset
        Characters that may occur.
    lengths
        Fewest and most characters, inclusive.
    pattern
        Alphabet by position, for example ``[A-Z]{2}[0-9]{4}``: literals, classes, ``.`` and counts ``{n}``.

    Raises
    ------
    SettingsError
        If a part is malformed, or pattern and lengths disagree.
    """

    charset: str | None = None
    lengths: tuple[int, int] | None = None
    pattern: str | None = None

    def __post_init__(self) -> None:
        if self.charset is not None:
            Alphabet(self.charset)
        if self.lengths is not None and not 1 <= self.lengths[0] <= self.lengths[1] <= MAX_LENGTH:
            raise SettingsError(
                f"length {self.lengths[0]}-{self.lengths[1]} is not a range within 1-{MAX_LENGTH}; give N or MIN-MAX"
            )
        if self.pattern is not None:
            length = len(parse_pattern(self.pattern))
            if self.lengths is not None and not self.lengths[0] <= length <= self.lengths[1]:
                raise SettingsError(f"pattern {self.pattern!r} has {length} characters; drop the length or change it")


def parse_lengths(text: str) -> tuple[int, int]:
    """Read ``4`` or ``4-6`` as an inclusive range.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", text.strip())
    if not match:
        raise SettingsError(f"length {text!r} is not understood; give N or MIN-MAX, for example 4 or 4-6")
    low = int(match[1])
    return low, int(match[2] or low)


def parse_charset(text: str) -> str:
    """Read a charset, with ranges such as ``a-z0-9``, as its characters, each once, in order.

    Raises
    ------
    SettingsError
        If a range runs backwards or nothing is left.
    """
    characters: list[str] = []
    for first, last in re.findall(r"(.)(?:-(.))?", text, flags=re.DOTALL):
        if last and last < first:
            raise SettingsError(f"range {first}-{last} in {text!r} runs backwards; write {last}-{first}")
        characters += [chr(c) for c in range(ord(first), ord(last or first) + 1)]
    return Alphabet("".join(dict.fromkeys(characters))).characters


def parse_pattern(pattern: str) -> list[str | None]:
    """Read a pattern as the characters allowed at each position; None allows all.

    Raises
    ------
    SettingsError
        If there is more in it than literals, ``[classes]``, ``.`` and ``{n}``.
    """
    token = re.compile(
        r"(?:\[(?P<set>[^\]\[]+)\]|(?P<any>\.)|(?P<one>[^\[\]{}().*+?|\\^$]))(?:\{(?P<count>\d{1,2})\})?"
    )
    positions: list[str | None] = []
    at = 0
    while at < len(pattern):
        match = token.match(pattern, at)
        if not match or len(positions) > MAX_LENGTH:
            raise SettingsError(
                f"pattern {pattern!r} is not understood at {pattern[at:]!r}; use literals, [classes], . and {{n}}, "
                f"at most {MAX_LENGTH} characters, for example [A-Z]{{2}}[0-9]{{4}}"
            )
        allowed = None if match["any"] else parse_charset(match["set"]) if match["set"] else match["one"]
        positions += [allowed] * int(match["count"] or 1)
        at = match.end()
    if not 1 <= len(positions) <= MAX_LENGTH:
        raise SettingsError(f"pattern {pattern!r} has {len(positions)} characters; 1 to {MAX_LENGTH} can be read")
    return positions
