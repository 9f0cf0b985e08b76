"""Alphabet, case policy and constraints."""

from __future__ import annotations

import pytest

from kerf.classifier.alphabet import (
    MAX_CHARACTERS,
    MAX_LENGTH,
    Alphabet,
    Constraint,
    Place,
    parse_charset,
    parse_lengths,
    parse_pattern,
    texts_to_alphabet,
)
from kerf.segmenter.errors import LabelAlphabetError, SettingsError


def test_alphabet_comes_from_the_labels_in_order() -> None:
    alphabet = texts_to_alphabet(["b2", "a2", "Z"])
    assert alphabet.characters == "2Zab"
    assert alphabet.encode("aZ2").tolist() == [2, 1, 0]
    assert alphabet.decode([2, 1, 0]) == "aZ2"


def test_foreign_character_is_named() -> None:
    with pytest.raises(LabelAlphabetError, match="'x'"):
        Alphabet("abc").encode("abx")


def test_case_is_folded_where_only_one_case_is_asked_for() -> None:
    alphabet = Alphabet("0Aab")
    assert alphabet.folded_onto("ab0") == [[1, 2], [3], [0]]
    assert alphabet.folded_onto("Aa") == [[1], [2]]
    assert alphabet.folded_onto("Bz") == [[3], []]


@pytest.mark.parametrize(("text", "expected"), [("4", (4, 4)), ("4-6", (4, 6)), (" 5 ", (5, 5))])
def test_lengths(text: str, expected: tuple[int, int]) -> None:
    assert parse_lengths(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-9", "0123456789"),
        ("a-cx", "abcx"),
        ("-", "-"),
        ("aab", "ab"),
        ("A-", "A-"),
        (r"\d", "0123456789"),
        (r"a\-z", "a-z"),
    ],
)
def test_charset_ranges(text: str, expected: str) -> None:
    assert parse_charset(text) == expected


def test_pattern_by_position() -> None:
    anything = Place("", negated=True)
    assert parse_pattern("[A-C]{2}x.[01]") == [Place("ABC"), Place("ABC"), Place("x"), anything, Place("01")]
    assert parse_pattern(r"[^0-2a]\d\.[\]\-\d]") == [
        Place("012a", negated=True),
        Place("0123456789"),
        Place("."),
        Place("]-0123456789"),
    ]
    assert parse_pattern("." * MAX_LENGTH) == [anything] * MAX_LENGTH


def test_a_place_allows_its_characters_or_all_but_them() -> None:
    assert [Place("ab").allows(c) for c in "abc"] == [True, True, False]
    assert [Place("ab", negated=True).allows(c) for c in "abc"] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\x00-\U0010ffff", "shorter"),
        ("z-a", "write a-z"),
        ("ab\\", "ends in a backslash"),
        (r"a\w", "not understood"),
        ("", "empty"),
    ],
)
def test_bad_charset_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        parse_charset(text)
    assert "\n" not in str(caught.value)


def test_the_longest_range() -> None:
    last = chr(0x4E00 + MAX_CHARACTERS - 1)
    assert len(parse_charset(f"\u4e00-{last}")) == MAX_CHARACTERS
    with pytest.raises(SettingsError, match=str(MAX_CHARACTERS)):
        parse_charset(f"\u4e00-{chr(ord(last) + 1)}")


@pytest.mark.parametrize(
    "pattern",
    ["a+", "[", "(ab)", "a{2,3}", "", "[]", ".{40}", "a|b", "a?", r"\w", "[a", "a" * 17, "a" * 10_000, "[^]", "a\\"],
)
def test_bad_pattern_is_refused_in_one_line(pattern: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_pattern(pattern)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "x", "4-", "-4", "4-5-6", "0", "0-4", "5-4", "17", "1-17", "٤"])
def test_bad_length_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="for example"):
        parse_lengths(text)


def test_constraint_refuses_what_cannot_be() -> None:
    for wrong in ({"length": "5-4"}, {"length": "1-99"}, {"charset": ""}, {"charset": "b-a"}, {"pattern": "("}):
        with pytest.raises(SettingsError):
            Constraint(**wrong)
    with pytest.raises(SettingsError, match="has 4 places"):
        Constraint(pattern="[a-z]{4}", length="5-6")
    with pytest.raises(SettingsError, match="has 4 places"):
        Constraint(pattern="[a-z]{4}", length=3)


def test_constraint_has_one_syntax() -> None:
    known = Constraint(charset="0-3x", length="4-6", pattern="[0-9]{5}")
    assert (known.characters, known.lengths, known.places) == ("0123x", (4, 6), [Place("0123456789")] * 5)
    assert Constraint(length=4).lengths == Constraint(length=" 4 ").lengths == (4, 4)
    assert (Constraint().characters, Constraint().lengths, Constraint().places) == (None, None, None)
    assert Constraint(length=f"1-{MAX_LENGTH}", pattern=".").lengths == (1, MAX_LENGTH)


def test_both_cases_are_those_of_one_letter() -> None:
    assert Alphabet("0aBb").has_both_cases
    assert not Alphabet("0aBc").has_both_cases
    assert not Alphabet("01").has_both_cases
