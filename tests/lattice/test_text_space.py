"""What may be read, from a model's alphabet and what the user knows."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice.text_space import MOST_STEPS, TextSpace, to_text_space
from kerf.segmenter.errors import SettingsError
from tests.lattice.brute import Case, all_texts, to_lattice

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
    assert plain.ends.tolist() == [False, False, True, True, True]
    assert plain.groups.tolist() == [[0], [1], [2], [3], [4]]


def test_without_a_pattern_no_character_is_barred() -> None:
    assert to_text_space(Alphabet("WXYZ"), (1, 2), Constraint()).allowed.all()


def test_length_takes_the_place_of_the_models() -> None:
    assert space(Constraint(length="1-2")).ends.tolist() == [False, True, True]
    assert space(Constraint(length=6)).ends.tolist() == [False] * 6 + [True]
    assert space(Constraint(), (15, 20)).ends.tolist() == [False] * 15 + [True] * 2  # no text is longer than 16


def test_lengths_are_those_of_the_texts_of_any_track() -> None:
    assert space(Constraint()).lengths == {2, 3, 4}
    assert space(Constraint(pattern="[01]{1,2}a?[ab]")).lengths == {2, 3, 4}
    assert space(Constraint(pattern="0a")).lengths == {2}


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
    assert every.ends.tolist() == [False, False, True]
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
        (Constraint(pattern="0{2}b?[xyz]"), "fits place 4 of the pattern"),
        (Constraint(pattern="0x?", length=2), "no text that the model can read has both this pattern and this length"),
    ],
)
def test_what_nothing_can_fill_is_refused(constraint: Constraint, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        space(constraint)
    assert "\n" not in str(caught.value)


def texts_of(space: TextSpace) -> list[str]:
    """Every text that may be read, once for each track that it is in."""
    return [space.spell(text) for length in range(len(space.ends)) for text in all_texts(space, length)]


def test_a_pattern_of_arithmetic() -> None:
    sums = to_text_space(Alphabet("12+="), (1, 1), Constraint(pattern=r"[0-9]{1,2}[+\-][0-9]{1,2}=?"))
    numbers = ["1", "2", "11", "12", "21", "22"]
    expected = [f"{one}+{other}{end}" for one in numbers for other in numbers for end in ("", "=")]
    assert sorted(texts_of(sums)) == sorted(expected)
    assert sums.starts.sum() == 4  # one or two digits on either side


def test_texts_of_several_lengths_are_one_track() -> None:
    for constraint in (Constraint(pattern="[ab]{2,4}"), Constraint(pattern="[ab]?[ab]?[ab]{2}")):
        found = space(constraint)
        assert (rows(found), found.starts.tolist()) == (["ab"] * 4, [True] + [False] * 4)
        assert found.ends.tolist() == [False, False, True, True, True]


def test_a_part_that_the_model_cannot_read_is_left_out() -> None:
    assert texts_of(space(Constraint(pattern="0[xyz]?1", charset="01xyz"))) == ["01"]


TOKENS = st.tuples(
    st.sampled_from(["a", "b", "?", ".", "[ab]", "[^a]", "[a?]", r"[^\d]"]),
    st.sampled_from(["", "?", "{2}", "{0,1}", "{1,2}", "{0,2}", "{0}"]),
).map(lambda token: token[0].replace("?", r"\?") + token[1])


@settings(deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=4).map("".join), st.sampled_from([(1, 16), (1, 1), (2, 3), (3, 6)]))
def test_patterns_are_regular_expressions(pattern: str, length: tuple[int, int]) -> None:
    """Every text of up to four characters that Python's own expression fits is in one track, and no other text is."""
    texts = ["".join(text) for n in range(5) for text in itertools.product("ab?", repeat=n)]
    expected = [text for text in texts if length[0] <= len(text) <= length[1] and re.fullmatch(pattern, text)]
    try:
        found = texts_of(to_text_space(Alphabet("ab?"), (1, 1), Constraint(pattern=pattern, length=length)))
    except SettingsError as error:
        assume("too many forms" not in str(error))
        assert expected == [] or re.fullmatch(pattern, "")
        return
    assert sorted(text for text in found if len(text) <= 4) == sorted(expected)


def test_a_pattern_of_too_many_forms_is_refused() -> None:
    letters = Alphabet("abcdefghijklmnop")
    with pytest.raises(SettingsError, match="has too many forms; make fewer of its parts optional"):
        to_text_space(letters, (1, 1), Constraint(pattern="a?b?c?d?e?f?g?h?i?j?k?l?m?n?o?p"))
    # 31 forms of up to six characters
    found = to_text_space(letters, (1, 1), Constraint(pattern="a?b?c?d?e?f"))
    assert (found.starts.sum(), len(found.allowed)) == (32, 32 + 5 * 16 + 31)
    assert len(found.allowed) < MOST_STEPS


def test_what_is_read_fits_the_pattern() -> None:
    """The likeliest of all forms, with its share of them, though each place alone likes other characters best."""
    alphabet, rng = Alphabet("12+"), np.random.default_rng(3)
    lattice = to_lattice([(start, end) for start in range(5) for end in (start + 1, start + 2) if end < 6], 6)
    logits = rng.normal(0, 2, (len(lattice.spans), 3)).astype(np.float32)
    case = Case(lattice, logits, np.full(6, -2, np.float32), to_text_space(alphabet, (1, 5), Constraint()))
    pattern = "[12]{1,2}[+][12]{1,2}"
    free = case.decode(best=1000)
    every = [(free.text, free.confidence), *free.alternatives]
    fitting = {text: share for text, share in every if re.fullmatch(pattern, text)}
    space = to_text_space(alphabet, (1, 5), Constraint(pattern=pattern))
    bound = replace(case, space=space).decode(best=1000)
    found = dict([(bound.text, bound.confidence), *bound.alternatives])
    assert len(fitting) > 10
    assert found == pytest.approx({text: share / sum(fitting.values()) for text, share in fitting.items()}, abs=1e-5)
