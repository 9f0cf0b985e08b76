"""Charsets and patterns as users write them."""

from __future__ import annotations

import time

import pytest

from kerf.classifier.alphabet import Constraint
from kerf.classifier.texts.patterns import MAX_CHARSET, Place, parse_pattern, shorten
from kerf.segmenter.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-9", "0123456789"),
        ("a-cx", "abcx"),
        ("-", "-"),
        ("aab", "ab"),
        ("A-", "A-"),
        ("a-a", "a"),
        (r"\d+=?", "0123456789+=?"),
        (r"x\-z\\", "x-z\\"),
        (r"\[-\]", "[\\]"),
        ("^\n", "^\n"),
        ("\t-\n", "\t\n"),
        ("\t-\\\n", "\t\n"),
        (r"1\w", "1abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ023456789_"),
    ],
)
def test_charset(text: str, expected: str) -> None:
    assert Constraint(charset=text).characters == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "^the charset is empty; name the characters that can occur, for example 0-9A-F$"),
        ("z-a", "range z-a in 'z-a' runs backwards; write a-z"),
        (r"\d-z", r"range \\d-z in .* has no two ends"),
        ("a\\", r"\\ is not understood"),
        (r"\s", r"\\s is not understood"),
        ("\u0000-\U0010ffff", "more than 50000 characters"),
        ("\u4e00-\u9fff\uac00-\ud7a3" * 2 + "\U00020000-\U00029fff", "more than 50000 characters"),
    ],
)
def test_bad_charset_is_refused(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        Constraint(charset=text)
    assert len(str(caught.value)) < 250


def test_largest_charset() -> None:
    assert len(Constraint(charset="\U00020000-\U0002c34f").characters or "") == MAX_CHARSET
    with pytest.raises(SettingsError, match="more than"):
        Constraint(charset="\U00020000-\U0002c350")


def test_pattern_by_place() -> None:
    places = parse_pattern(r"[A-C]{2}x.[^01]\d\.[\]\-]")
    digits = Place("0123456789")
    assert places == (
        *[Place("ABC")] * 2,
        Place("x"),
        Place("", negated=True),
        Place("01", negated=True),
        digits,
        Place("."),
        Place("]-"),
    )
    assert [place.allows("1") for place in places] == [False, False, False, True, False, True, False, False]
    assert parse_pattern("[0-9]{4}") == parse_pattern(r"\d{4}") == parse_pattern(r"[\d]\d{3}") == (digits,) * 4
    assert len(parse_pattern(".{16}")) == 16
    assert parse_pattern("7") == (Place("7"),)


def test_places_that_may_be_left_out() -> None:
    ones = Place("1"), Place("1", optional=True)
    assert parse_pattern("1{1,2}") == parse_pattern("11?") == ones
    assert parse_pattern(r"1[?]?\?") == (Place("1"), Place("?", optional=True), Place("?"))
    assert parse_pattern("12{0}.{0,1}") == (Place("1"), Place("", negated=True, optional=True))
    assert parse_pattern("1{1,16}") == (ones[0], *[ones[1]] * 15)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a+", r"'a\+' is not understood at character 2, '\+': a part is repeated by a count such as \{4\}"),
        ("a*b", "at character 2, '\\*b': a part is repeated by a count"),
        ("[AB]{2}?x", r"at character 8, '\?x': a part has one count after it, such as \{4\} or \{1,2\}, or one \?"),
        ("a??", "at character 3, .* one count"),
        ("a{2}{3}", "at character 5, .* one count"),
        ("a{,3}", "at character 2, .* one count"),
        ("a{3,}", "at character 2, .* one count"),
        ("?a", "at character 1, .* one count"),
        ("a{3,2}", r"the count of 'a\{3,2\}' runs backwards; write \{2,3\}$"),
        ("a?[b-d]{0,15}", "has perhaps no characters; 1 to 16"),
        ("ab{0,16}", "has more than 16 characters"),
        ("[", r"at character 1, '\[': a class"),
        ("[]", r"at character 1, '\[\]': a class"),
        ("a[^]", r"at character 2, '\[\^\]': a class"),
        ("(ab)", "at character 1, .* no groups"),
        ("a|b", "at character 2, .* no choices"),
        ("^a", "at character 1, .* whole text; leave it out"),
        ("a$", "at character 2, .* whole text"),
        ("a}", r"at character 2, .* has a \\ before it"),
        ("ab\\", r"at character 3, .* has a \\ before it"),
        (r"\s", r"\\s is not understood; use \\d for digits, .* \\ before punctuation$"),
        ("a(23456789abcdef)", r"'\(23456789abc'\.\.\.: there"),
        ("[z-a]", "runs backwards"),
        ("", "'' has no characters; 1 to 16 can be read"),
        (".{17}", r"'\.\{17\}' has more than 16 characters; 1 to 16"),
        ("a{0}", "has no characters"),
        ("." * 17, "has more than 16 characters"),
    ],
)
def test_bad_pattern_is_refused_in_one_line(pattern: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        Constraint(pattern=pattern)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("pattern", ["a" * 100_000, "[" * 100_000, "[a" * 100_000, "(" * 100_000, ".{1}" * 100_000])
def test_long_pattern_is_refused_at_once(pattern: str) -> None:
    began = time.process_time()
    with pytest.raises(SettingsError) as caught:
        Constraint(pattern=pattern)
    assert time.process_time() - began < 0.5
    assert len(str(caught.value)) < 250
    assert f"{pattern[:40]!r}..." in str(caught.value)


def test_long_texts_are_shortened_in_messages() -> None:
    assert shorten("a" * 40) == repr("a" * 40)
    assert shorten("a" * 41) == repr("a" * 40) + "..."
