"""The surest: no length or character is left behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kerf.classifier.lattice.decoding import Decoded
from kerf.classifier.learning.surest import surest

NOTHING = Decoded("", 0.0, (), ())


def one(text: str, confidence: float) -> Decoded:
    """A reading."""
    return Decoded(text, confidence, (), ())


def test_a_character_that_is_always_unsure_is_taken_too() -> None:
    guesses = [one("aa", 0.99 - index / 100) for index in range(8)] + [one("bb", 0.1), one("bb", 0.2)]
    # By length, 0.05, 0.15... in order of confidence; the surer of the two with b is at 0.25 among these.
    assert surest(guesses, 0.5) == [0, 1, 2, 9, 3]


def test_a_length_that_is_always_unsure_is_taken_too() -> None:
    guesses = [one("ab", 0.99 - index / 100) for index in range(8)] + [one("aba", 0.1), one("aba", 0.2)]
    assert 9 in surest(guesses, 0.5)
    assert 8 not in surest(guesses, 0.5)


def test_what_has_no_text_is_never_taken() -> None:
    guesses = [NOTHING, one("a", 0.2), NOTHING, one("a", 0.4)]
    assert surest(guesses, 1.0) == [3, 1]
    assert surest(guesses, 0.5) == [3]
    assert surest([NOTHING], 1.0) == surest([], 1.0) == []


@given(
    st.lists(st.tuples(st.text("ab", max_size=3), st.floats(0.01, 1)), max_size=20),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_smaller_share_is_the_beginning_of_a_larger_one(
    found: list[tuple[str, float]], first: float, second: float
) -> None:
    guesses = [one(*pair) if pair[0] else NOTHING for pair in found]
    small, large = surest(guesses, min(first, second)), surest(guesses, max(first, second))
    assert large[: len(small)] == small
    assert len(large) == round(max(first, second) * sum(bool(text) for text, _ in found))
    assert len(set(large)) == len(large)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=20))
def test_of_texts_alike_the_surest_are_taken(confidences: list[float]) -> None:
    chosen = surest([one("ab", confidence) for confidence in confidences], 0.5)
    least = min((confidences[i] for i in chosen), default=1.0)
    assert all(confidence <= least for i, confidence in enumerate(confidences) if i not in chosen)
