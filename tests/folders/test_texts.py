import unicodedata

import pytest

from kerf.classifier.folders.texts import find_refused, to_label

NOT_SEEN = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2064\u2066\u2069\ufe00\ufe0f\ufeff"


@pytest.mark.parametrize("character", NOT_SEEN)
def test_what_nobody_can_see_is_dropped(character: str) -> None:
    assert to_label(f"{character}A{character}B{character}") == "AB"
    assert to_label(f" {character} ") == ""


@pytest.mark.parametrize(
    "text", ["AB", "a b", "+-=?", "\u00e9", "\u4e2d", "\u2010\u202f\u2065\u206a\u00ac", "\U0001f600"]
)
def test_what_can_be_seen_stays(text: str) -> None:
    assert to_label(f"\u00a0{text}\t\n") == text


def test_accents_are_composed_also_where_something_unseen_was_between() -> None:
    assert to_label(unicodedata.normalize("NFD", "\u00e91")) == "\u00e91"
    assert to_label("e\u200d\u0301") == "\u00e9"
    assert to_label("\uff21\ufb01") == "\uff21\ufb01"  # NFC, not NFKC: other characters stay other


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("A\x00", "control character U+0000"),
        ("\x1f", "control character U+001F"),
        ("A\nB", "control character U+000A"),
        ("\x7f", "control character U+007F"),
        ("AB\x9f", "control character U+009F"),
        ("\ud800", "lone surrogate U+D800"),
        ("a\udcff\x01", "lone surrogate U+DCFF"),
        ("a\u2028b", "line break U+2028"),
        ("a\u2029b", "line break U+2029"),
        ("A B", None),
        ("\u00e9\U0001f600", None),
        ("", None),
    ],
)
def test_characters_that_no_label_has(label: str, expected: str | None) -> None:
    assert find_refused(label) == expected
