"""Alphabet, case policy and constraints."""

from __future__ import annotations

import re

import numpy as np
import pytest

from kerf.classifier.alphabet import Alphabet, Constraint, texts_to_alphabet
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


def test_pattern_and_length_agree() -> None:
    assert Constraint(pattern="[a-z]{4}", length="4-6").lengths == (4, 6)
    assert Constraint(pattern="[a-z]{4}", length=(1, 4)).lengths == (1, 4)
    message = "pattern '[a-z]{4}' has 4 characters, length says otherwise; drop one of them or change it"
    for length in ("5-6", "1-3"):
        with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
            Constraint(pattern="[a-z]{4}", length=length)


def test_pattern_of_several_lengths_and_length_agree() -> None:
    for length in ("1-2", "3", "4-6"):
        assert Constraint(pattern="[a-z]{2,3}[0-9]?", length=length).length == length
    message = "pattern '[a-z]{2,3}[0-9]?' has 2 to 4 characters, length says otherwise; drop one of them or change it"
    for length in ("1", "5-6"):
        with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
            Constraint(pattern="[a-z]{2,3}[0-9]?", length=length)


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
