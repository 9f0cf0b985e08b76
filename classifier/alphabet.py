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
MAX_CHARACTERS = 10_000
"""Longest range of a charset."""


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
class Place:
    """What may stand at one place of a text: ``characters``, or with ``negated`` all but these."""

    characters: str
    negated: bool = False

    def allows(self, character: str) -> bool:
        """Return whether a character may stand there."""
        return (character in self.characters) != self.negated


@dataclass(frozen=True)
class Constraint:
    r"""What is known of the texts before reading them; everything not given comes from the model.

    The same syntax as on the command line.

    Parameters
    ----------
    charset
        Characters that may occur, with ranges: ``0-9A-F``; ``\d`` for the digits, ``\-`` for a hyphen.
    length
        Number of characters, ``4`` or ``4-6``.
    pattern
        Characters by place, for example ``[A-Z]{2}[0-9]{4}``: literals, ``[classes]``, ``[^all but these]``, ``.``
        for any, ``\d`` for a digit, ``\`` before a sign that is meant itself, and counts ``{n}``.

    Raises
    ------
    SettingsError
        If a part is malformed, or pattern and length disagree.
    """

    charset: str | None = None
    length: str | int | None = None
    pattern: str | None = None

    def __post_init__(self) -> None:
        lengths, places, _ = self.lengths, self.places, self.characters
        if lengths and places and not lengths[0] <= len(places) <= lengths[1]:
            raise SettingsError(f"pattern {self.pattern!r} has {len(places)} places; drop the length or change it")

    @property
    def characters(self) -> str | None:
        """The characters that may occur, each once; None for all."""
        return None if self.charset is None else parse_charset(self.charset)

    @property
    def lengths(self) -> tuple[int, int] | None:
        """Fewest and most characters, inclusive; None for what the model has seen."""
        return None if self.length is None else parse_lengths(str(self.length))

    @property
    def places(self) -> list[Place] | None:
        """What may stand at each place; None for anything."""
        return None if self.pattern is None else parse_pattern(self.pattern)


def parse_lengths(text: str) -> tuple[int, int]:
    """Read ``4`` or ``4-6`` as an inclusive range.

    Raises
    ------
    SettingsError
        If it is neither, or not within 1 and ``MAX_LENGTH``.
    """
    match = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", text.strip())
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high <= MAX_LENGTH:
        raise SettingsError(
            f"length {text[:20]!r} is not understood; give N or MIN-MAX within 1-{MAX_LENGTH}, for example 4 or 4-6"
        )
    return low, high


ITEM = re.compile(r"\\(?P<escaped>.)|(?P<first>[^\\])(?:-(?P<last>[^\\]))?", re.DOTALL)
DIGITS = "0123456789"


def parse_charset(text: str) -> str:
    """Read a charset, with ranges such as ``a-z0-9``, as its characters, each once, in order.

    Raises
    ------
    SettingsError
        If a range runs backwards or is too long, an escape is not known, or nothing is left.
    """
    characters: list[str] = []
    at = 0
    while at < len(text):
        match = ITEM.match(text, at)
        if not match:
            raise SettingsError(f"{text[:40]!r} ends in a backslash; write \\\\ for a backslash itself")
        at = match.end()
        if match["escaped"]:
            characters += DIGITS if match["escaped"] == "d" else to_literal(match["escaped"], text)
            continue
        first, last = match["first"], match["last"] or match["first"]
        if last < first:
            raise SettingsError(f"range {first}-{last} in {text[:40]!r} runs backwards; write {last}-{first}")
        if ord(last) - ord(first) >= MAX_CHARACTERS:
            raise SettingsError(f"range {first}-{last} has more than {MAX_CHARACTERS} characters; give a shorter one")
        characters += [chr(c) for c in range(ord(first), ord(last) + 1)]
    return Alphabet("".join(dict.fromkeys(characters))).characters


def to_literal(escaped: str, text: str) -> str:
    """Return a sign that a backslash stood before, which means it itself.

    Raises
    ------
    SettingsError
        If it is a letter or digit, which may mean something elsewhere.
    """
    if escaped.isalnum():
        raise SettingsError(
            f"\\{escaped} in {text[:40]!r} is not understood; use \\d, [classes] or the character itself"
        )
    return escaped


TOKEN = re.compile(
    r"(?:\[(?P<negated>\^?)(?P<set>(?!\^)(?:\\.|[^\]\\])+)\]|(?P<any>\.)|\\(?P<escaped>.)|(?P<one>[^\[\]{}().*+?|\\^$]))"
    r"(?:\{(?P<count>[0-9]{1,2})\})?"
)


def parse_pattern(pattern: str) -> list[Place]:
    """Read a pattern as what may stand at each place.

    Raises
    ------
    SettingsError
        If there is anything in it that ``Constraint`` does not name, or more than ``MAX_LENGTH`` places.
    """
    places: list[Place] = []
    at = 0
    while at < len(pattern):
        match = TOKEN.match(pattern, at)
        if not match or len(places) > MAX_LENGTH:
            raise SettingsError(
                f"pattern {pattern[:40]!r} is not understood at {pattern[at:][:20]!r}; use literals, [classes], "
                f"[^others], ., \\d and {{n}}, at most {MAX_LENGTH} characters, for example [A-Z]{{2}}[0-9]{{4}}"
            )
        places += [to_place(match)] * int(match["count"] or 1)
        at = match.end()
    if not 1 <= len(places) <= MAX_LENGTH:
        raise SettingsError(f"pattern {pattern[:40]!r} has {len(places)} places; 1 to {MAX_LENGTH} can be read")
    return places


def to_place(match: re.Match[str]) -> Place:
    """Say what one part of a pattern allows."""
    if match["any"]:
        return Place("", negated=True)
    if match["set"]:
        return Place(parse_charset(match["set"]), negated=bool(match["negated"]))
    return Place(parse_charset(f"\\{match['escaped']}") if match["escaped"] else match["one"])
