"""Alphabet, case policy and constraints."""

from __future__ import annotations

import pytest

from kerf.classifier.alphabet import (
    Alphabet,
    Constraint,
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
    ("text", "expected"), [("0-9", "0123456789"), ("a-cx", "abcx"), ("-", "-"), ("aab", "ab"), ("A-", "A-")]
)
def test_charset_ranges(text: str, expected: str) -> None:
    assert parse_charset(text) == expected


def test_pattern_by_position() -> None:
    assert parse_pattern("[A-C]{2}x.[01]") == ["ABC", "ABC", "x", None, "01"]


@pytest.mark.parametrize("pattern", ["a+", "[", "(ab)", "a{2,3}", "", "[]", ".{40}", "a|b"])
def test_bad_pattern_is_refused_in_one_line(pattern: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_pattern(pattern)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "x", "4-", "-4", "4-5-6"])
def test_bad_length_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="for example"):
        parse_lengths(text)


def test_constraint_refuses_what_cannot_be() -> None:
    with pytest.raises(SettingsError):
        Constraint(lengths=(5, 4))
    with pytest.raises(SettingsError):
        Constraint(lengths=(1, 99))
    with pytest.raises(SettingsError):
        Constraint(charset="aa")
    with pytest.raises(SettingsError, match="pattern"):
        Constraint(pattern="[a-z]{4}", lengths=(5, 6))


def test_both_cases_are_those_of_one_letter() -> None:
    assert Alphabet("0aBb").has_both_cases
    assert not Alphabet("0aBc").has_both_cases
    assert not Alphabet("01").has_both_cases
