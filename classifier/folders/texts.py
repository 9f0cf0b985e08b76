"""What a label may say: raw texts to labels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

ZERO_WIDTH = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
"""What nobody can see in an image: soft hyphens, joiners, marks of direction, variation selectors."""
REFUSED = {"Cc": "control character", "Cs": "lone surrogate", "Zl": "line break", "Zp": "line break"}
"""General categories of Unicode that no text in an image has."""


def to_label(text: str) -> str:
    """Strip a text, drop ``ZERO_WIDTH``, and compose accents, which some file systems store apart from their letters.

    Returns
    -------
    str
        In Unicode's composed form (NFC); empty if nothing is left.
    """
    return unicodedata.normalize("NFC", ZERO_WIDTH.sub("", text).strip())


def find_refused(label: str) -> str | None:
    """Name the first character that no label may have, as ``control character U+0007``; None if there is none."""
    for character in label:
        if kind := REFUSED.get(unicodedata.category(character)):
            return f"{kind} U+{ord(character):04X}"
    return None


def texts_to_remarks(texts: Iterable[str]) -> Iterator[str]:
    """Warn of what a text in an image has otherwise than a text in a file, where labels have that."""
    backwards = combined = 0
    for text in texts:
        backwards += any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)
        combined += any(unicodedata.category(character) in ("Mn", "Me") for character in text)
    if backwards:
        yield (
            f"warning: {backwards} labels have letters that are written from right to left; characters are learnt and "
            "read from left to right, so a label must have them in the order in which they stand in the image"
        )
    if combined:
        yield (
            f"warning: {combined} labels have accents that Unicode has as characters of their own; each is taken for "
            "one that stands beside the others, so leave them out"
        )
