"""What may be read, from a model's alphabet and what the user knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice.text_space import TextSpace, to_text_space
from kerf.segmenter.errors import SettingsError
from tests.lattice.brute import Case, to_lattice

ALPHABET = Alphabet("01aAb")
NEXT = "correct the charset or train with these characters$"


def space(constraint: Constraint, lengths: tuple[int, int] = (2, 4)) -> TextSpace:
    return to_text_space(ALPHABET, lengths, constraint)


def rows(space: TextSpace) -> list[str]:
    """Characters allowed at each place."""
    return ["".join(c for c, may in zip(space.characters, row, strict=True) if may) for row in space.allowed.tolist()]


def test_nothing_known_leaves_what_the_model_reads() -> None:
    plain = space(Constraint())
    assert plain.characters == "01aAb"
    assert rows(plain) == ["01aAb"] * 4
    assert plain.lengths.tolist() == [False, False, True, True, True]
    assert plain.groups.tolist() == [[0], [1], [2], [3], [4]]


def test_without_a_pattern_no_character_is_barred() -> None:
    assert to_text_space(Alphabet("WXYZ"), (1, 2), Constraint()).allowed.all()


def test_length_takes_the_place_of_the_models() -> None:
    assert space(Constraint(length="1-2")).lengths.tolist() == [False, True, True]
    assert space(Constraint(length=6)).lengths.tolist() == [False] * 6 + [True]
    assert space(Constraint(), (15, 20)).lengths.tolist() == [False] * 15 + [True] * 2  # no text is longer than 16


def test_charset_joins_the_cases_that_it_does_not_tell_apart() -> None:
    upper = space(Constraint(charset="ABx1"))
    assert upper.characters == "AB1"
    assert upper.groups.tolist() == [[2, 3], [4, 5], [1, 5]]
    one = Case(to_lattice([(0, 1)], 2), np.array([[0, 1, 2, 3, 4]], np.float32), np.zeros(2, np.float32), upper)
    result = replace(one, space=space(Constraint(charset="ABx1", length=1))).decode(best=9)
    weights = {"B": np.exp(4), "A": np.exp(2) + np.exp(3), "1": np.exp(1)}
    assert dict([(result.text, result.confidence), *result.alternatives]) == pytest.approx(
        {text: weight / sum(weights.values()) for text, weight in weights.items()}, abs=1e-6
    )
    assert upper.spell([2, 0, 1]) == "1AB"


def test_pattern_allows_by_place() -> None:
    every = space(Constraint(pattern="[ab][01]"))
    assert (every.characters, rows(every)) == ("ab01", ["ab", "01"])  # 'A' reads as 'a'
    assert every.groups.tolist() == [[2, 3], [4, 5], [0, 5], [1, 5]]
    assert every.lengths.tolist() == [False, False, True]
    some = space(Constraint(pattern="[^01].[aC]"))
    assert (some.characters, rows(some)) == ("01aAb", ["aAb", "01aAb", "a"])
    both = space(Constraint(pattern=".[A-Z]", charset="0-9A"))
    assert (both.characters, rows(both)) == ("01A", ["01A", "A"])


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        (Constraint(charset="xyz"), f"knows none of the characters 'xyz'; it reads '01aAb': {NEXT}"),
        (Constraint(pattern="[xyz]{2}"), "knows none of the characters 'xyz'"),
        (Constraint(pattern="[ab]{2}[xyz]"), "fits place 3 of the pattern; it reads '01aAb'"),
        (Constraint(pattern="[^01aAb]a"), "fits place 1 of the pattern"),
        (Constraint(pattern="[ab][01]", charset="0-9"), "fits place 1 of the pattern"),
    ],
)
def test_what_nothing_can_fill_is_refused(constraint: Constraint, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        space(constraint)
    assert "\n" not in str(caught.value)
