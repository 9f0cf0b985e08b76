"""Charsets and patterns, as users write them: which characters a text may have, and which at which place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from string import ascii_letters, digits

from kerf.segmenter.errors import SettingsError

MAX_LENGTH = 16
"""Longest text that a search considers."""
MAX_CHARSET = 50_000
"""Most characters of a charset: all that are in use of the largest script."""

SETS = {"d": digits, "w": ascii_letters + digits + "_"}
"""What escaped letters stand for."""
TOKEN = re.compile(
    r"(?:\[(?P<not>\^?+)(?P<set>(?:\\.|[^]\\])+)\]|(?P<any>\.)|(?P<one>\\.|[^][{}().*+?|\\^$]))"
    r"(?:\{(?P<least>[0-9]{1,2})(?:,(?P<most>[0-9]{1,2}))?\}|(?P<maybe>\?))?",
    re.DOTALL,
)
REFUSED = {
    "*+": "a part is repeated by a count such as {4} or {1,6}",
    "?{": "a part has one count after it, such as {4} or {1,2}, or one ?, where it may be left out",
    "()|": "there are no groups and no choices; a class such as [ab] is a choice of characters",
    "^$": "a pattern is always for the whole text; leave it out",
    "[]": "a class is [a-z] or [^a-z], and not empty",
    "}\\": "a character that means something in patterns has a \\ before it",
}
"""Why a pattern cannot go on with such a character, and what would do."""


@dataclass(frozen=True)
class Place:
    """What may stand at one place of a pattern: one of ``characters``, or, if ``negated``, any but these.

    An ``optional`` place may be left out.
    """

    characters: str
    negated: bool = False
    optional: bool = False

    def allows(self, character: str) -> bool:
        """Whether a character may stand here."""
        return (character in self.characters) != self.negated


def parse_charset(text: str) -> str:
    r"""Read a charset, with ranges such as ``a-z0-9`` and escapes, as its characters, each once, in order.

    Raises
    ------
    SettingsError
        If it is empty or too large, a range runs backwards, or an escape is unknown.
    """
    if not text:
        raise SettingsError("the charset is empty; name the characters that can occur, for example 0-9A-F")
    characters: dict[str, None] = {}
    for match in re.finditer(r"(\\.|[^\\]|\\\Z)(?:-(\\.|[^\\]))?", text, flags=re.DOTALL):
        part, first, last = match[0], unescape(match[1]), unescape(match[2] or match[1])
        if match[2] and len(first + last) > 2:
            raise SettingsError(f"range {part} in {shorten(text)} has no two ends; write \\- for the character -")
        if match[2] and last < first:
            raise SettingsError(f"range {part} in {shorten(text)} runs backwards; write {match[2]}-{match[1]}")
        ends = range(ord(first[0]), ord(last[0]) + 1)
        if len(characters) + len(ends) > MAX_CHARSET:
            raise SettingsError(f"{shorten(text)} has more than {MAX_CHARSET} characters; name those that can occur")
        characters |= dict.fromkeys(map(chr, ends) if match[2] else first)
    return "".join(characters)


def unescape(part: str) -> str:
    r"""Return the characters that ``x``, ``\d``, ``\w`` or an escaped character stands for.

    Raises
    ------
    SettingsError
        If the escape is unknown.
    """
    if not part.startswith("\\"):
        return part
    if part[1:] in SETS:
        return SETS[part[1:]]
    if part == "\\" or part[1].isalnum():
        raise SettingsError(
            rf"{part} is not understood; use \d for digits, \w for letters, digits and _, \\ for the character \, "
            r"or \ before punctuation"
        )
    return part[1:]


def parse_pattern(pattern: str) -> tuple[Place, ...]:
    r"""Read a pattern as what may stand at each place.

    Raises
    ------
    SettingsError
        If there is more in it than literals, ``[classes]``, escapes, ``.``, ``{n}``, ``{m,n}`` and ``?``, or if it
        fits the empty text or one of more than ``MAX_LENGTH``.
    """
    places: list[Place] = []
    at = 0
    while at < len(pattern) and len(places) <= MAX_LENGTH:
        match = TOKEN.match(pattern, at)
        if not match:
            reason = next(reason for characters, reason in REFUSED.items() if pattern[at] in characters)
            where = f"at character {at + 1}, {shorten(pattern[at:], 12)}"
            raise SettingsError(f"pattern {shorten(pattern)} is not understood {where}: {reason}")
        places += token_to_places(match)
        at = match.end()
    if len(places) > MAX_LENGTH or all(place.optional for place in places):
        many = f"more than {MAX_LENGTH}" if len(places) > MAX_LENGTH else "perhaps no" if places else "no"
        raise SettingsError(f"pattern {shorten(pattern)} has {many} characters; 1 to {MAX_LENGTH} can be read")
    return tuple(places)


def token_to_places(token: re.Match[str]) -> list[Place]:
    """Read one token of a pattern as so many places as its count says.

    Raises
    ------
    SettingsError
        If its count runs backwards.
    """
    least = 0 if token["maybe"] else int(token["least"] or 1)
    most = int(token["most"] or token["least"] or 1)
    if most < least:
        raise SettingsError(f"the count of {shorten(token[0])} runs backwards; write {{{most},{least}}}")
    place = token_to_place(token)
    return [place] * least + [replace(place, optional=True)] * (most - least)


def token_to_place(token: re.Match[str]) -> Place:
    """Read one token of a pattern, without its count."""
    if token["any"]:
        return Place("", negated=True)
    if token["one"]:
        return Place(unescape(token["one"]))
    return Place(parse_charset(token["set"]), negated=bool(token["not"]))


def shorten(text: str, most: int = 40) -> str:
    """Quote a text, the beginning of it if it is long."""
    return repr(text) if len(text) <= most else repr(text[:most]) + "..."
