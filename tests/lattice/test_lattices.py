"""Lattices end to end."""

from __future__ import annotations

from kerf.classifier.lattice.lattices import join_lattices
from tests.lattice.brute import to_lattice


def test_lattices_lie_end_to_end() -> None:
    joined = join_lattices([to_lattice([(0, 1), (0, 2)], 3), to_lattice([], 2), to_lattice([(1, 2)], 4)])
    assert joined.spans.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert joined.first_span.tolist() == [0, 2, 2, 3]
    assert joined.first_cut.tolist() == [0, 3, 5, 9]
    assert {array.dtype.name for array in (joined.spans, joined.first_span, joined.first_cut)} == {"int32"}
    assert len(joined) == 3
