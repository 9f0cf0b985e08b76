"""Alphabet, case policy and constraints."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

from kerf.classifier.alphabet import (
    MAX_CHARSET,
    Alphabet,
    Constraint,
    Place,
    parse_pattern,
    shorten,
    texts_to_alphabet,
)
from kerf.segmenter.errors import LabelAlphabetError, SettingsError


def test_alphabet_comes_from_the_labels_in_order() -> None:
    alphabet = texts_to_alphabet(["b2", "a2", "Z"])
    assert alphabet.characters == "2Zab"
    assert alphabet.encode("aZ2").tolist() == [2, 1, 0]
    assert alphabet.encode("").dtype == np.int64
    assert alphabet.decode([2, 1, 0]) == "aZ2"


def test_foreign_character_is_named() -> None:
    message = "label 'abx' has 'x', which is outside the alphabet 'abc'; correct the label or train with this character"
    with pytest.raises(LabelAlphabetError, match=f"^{message}$"):
        Alphabet("abc").encode("abx")


@pytest.mark.parametrize("characters", ["", "aba"])
def test_alphabet_has_each_character_once(characters: str) -> None:
    with pytest.raises(SettingsError, match=f"^alphabet '{characters}' is empty or repeats a character; list each"):
        Alphabet(characters)


def test_case_is_folded_where_only_one_case_is_asked_for() -> None:
    alphabet = Alphabet("0Aab")
    assert alphabet.folded_onto("ab0") == [[1, 2], [3], [0]]
    assert alphabet.folded_onto("Aa") == [[1], [2]]
    assert alphabet.folded_onto("Bz") == [[3], []]
    assert Alphabet("aA").folded_onto("a") == [[0, 1]]
    assert Alphabet("ßs").folded_onto("ßS") == [[0], [1]]


@pytest.mark.parametrize(
    ("length", "expected"),
    [("4", (4, 4)), ("4-6", (4, 6)), (" 5 ", (5, 5)), (4, (4, 4)), ((2, 3), (2, 3)), ("1-16", (1, 16)), (16, (16, 16))],
)
def test_length(length: str | int | tuple[int, int], expected: tuple[int, int]) -> None:
    assert Constraint(length=length).lengths == expected


@pytest.mark.parametrize(
    "length", ["", "x", "4-", "-4", "4-5-6", "6-4", 0, 17, "0-4", "4-17", (5, 4), "1234-1235", "\u0664", "4\n5"]
)
def test_bad_length_is_refused(length: str | int | tuple[int, int]) -> None:
    said = rf"^length {re.escape(repr(length))} is not .* within 1-16; give N or MIN-MAX, for example 4 or 4-6$"
    with pytest.raises(SettingsError, match=said):
        Constraint(length=length)


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


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a+", r"'a\+' is not understood at character 2, '\+': a part is repeated by a count such as \{4\}"),
        ("a*b", "at character 2, '\\*b': a part is repeated by a count"),
        ("[AB]?x", r"at character 5, '\?x': .* one count .* give charset and length"),
        ("a{2,3}", r"at character 2, '\{2,3\}': .* one count"),
        ("a{2}{3}", r"at character 5"),
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
    began = time.monotonic()
    with pytest.raises(SettingsError) as caught:
        Constraint(pattern=pattern)
    assert time.monotonic() - began < 0.5
    assert len(str(caught.value)) < 250
    assert f"{pattern[:40]!r}..." in str(caught.value)


def test_long_texts_are_shortened_in_messages() -> None:
    assert shorten("a" * 40) == repr("a" * 40)
    assert shorten("a" * 41) == repr("a" * 40) + "..."


def test_pattern_and_length_agree() -> None:
    assert Constraint(pattern="[a-z]{4}", length="4-6").lengths == (4, 6)
    assert Constraint(pattern="[a-z]{4}", length=(1, 4)).lengths == (1, 4)
    message = "pattern '[a-z]{4}' has 4 characters, length says otherwise; drop one of them or change it"
    for length in ("5-6", "1-3"):
        with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
            Constraint(pattern="[a-z]{4}", length=length)


def test_nothing_is_known_unless_it_is_said() -> None:
    nothing = Constraint()
    assert (nothing.characters, nothing.lengths, nothing.places, nothing.spelt_out) == (None, None, None, None)
    assert nothing.unknown_to(Alphabet("ab")) == ""


def test_what_the_model_does_not_know_is_told() -> None:
    alphabet = Alphabet("0123456789abc")
    assert Constraint(charset="0-9+=?").unknown_to(alphabet) == "+=?"
    assert Constraint(charset="0-9A-C").unknown_to(alphabet) == ""  # read as the other case
    assert Constraint(charset="Aax").unknown_to(alphabet) == "Ax"
    assert Constraint(pattern="[^+]=[a-d].").unknown_to(alphabet) == "=d"
    assert Constraint(charset="ab+", pattern="[=+]a").unknown_to(alphabet) == "+="


def test_pattern_that_names_all_its_characters_spells_them_out() -> None:
    assert Constraint(pattern="[ab]bc").spelt_out == "abc"
    assert Constraint(pattern="[ab].").spelt_out is None
    assert Constraint(pattern="[^ab]b").spelt_out is None


def test_both_cases_are_those_of_one_letter() -> None:
    assert Alphabet("0aBb").has_both_cases
    assert not Alphabet("0aBc").has_both_cases
    assert not Alphabet("01").has_both_cases
