"""Why a text is wrong, on columns written out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.classifier.lattice.text_space import TextSpace
from kerf.classifier.pages.causes import Cause, label_to_space, to_cause


def cols(*pairs: tuple[int, int]) -> NDArray[np.int32]:
    return np.array(pairs, np.int32).reshape(-1, 2)


@pytest.mark.parametrize(
    ("chosen", "wanted", "cause"),
    [
        (cols((0, 10), (10, 20)), None, Cause.UNKNOWN),
        (cols((0, 10), (10, 20)), cols(), Cause.MISSING),
        (cols((0, 10), (10, 20)), cols((0, 20)), Cause.CHOICE),
        (cols((0, 10), (10, 20)), cols((0, 10), (10, 20)), Cause.CHARACTER),
        (cols((0, 10), (10, 20)), cols((0, 6), (10, 20)), Cause.CHARACTER),  # just alike enough
        (cols((0, 10), (10, 20)), cols((0, 5), (10, 20)), Cause.CHOICE),
        (cols((0, 10), (10, 20)), cols((0, 10), (20, 30)), Cause.CHOICE),
        (cols(), cols((0, 20)), Cause.CHOICE),
    ],
)
def test_the_cause(chosen: NDArray[np.int32], wanted: NDArray[np.int32] | None, cause: Cause) -> None:
    assert to_cause(chosen, wanted) is cause
    if wanted is not None and len(wanted) and len(chosen):
        assert to_cause(wanted, chosen) is cause


def space() -> TextSpace:
    """Texts of up to four of three characters."""
    groups, allowed = np.array([[0], [1], [2]], np.int32), np.ones((4, 3), np.bool_)
    return TextSpace("aAb", groups, allowed, np.arange(5) == 0, np.ones(5, np.bool_))


def test_the_space_of_a_label_has_that_text_alone() -> None:
    narrowed = label_to_space("Ab", space())
    assert narrowed
    assert narrowed.allowed.tolist() == [[False, True, False], [False, False, True]]
    assert narrowed.lengths == {2}
    assert label_to_space("Ax", space()) is None


def test_the_space_of_a_label_has_both_cases_where_they_are_one() -> None:
    narrowed = label_to_space("A", space(), ignore_case=True)
    assert narrowed
    assert narrowed.allowed.tolist() == [[True, True, False]]
    assert label_to_space("B", space()) is None
    assert label_to_space("B", space(), ignore_case=True)
