"""The lattice program against brute force over all segmentations, in both semirings."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from kerf.classifier.lattice.search import (
    Arcs,
    best_paths,
    free_arc_scores,
    label_arc_scores,
    lattices_to_arcs,
    log_partition,
)
from kerf.segmenter.lattice import Lattice

CLASSES = 3
LENGTH = 4
CPU = torch.device("cpu")


def random_lattice(rng: np.random.Generator, cuts: int) -> Lattice:
    """A lattice of ``cuts`` cuts with about half of all spans of at most three steps."""
    columns = np.cumsum(rng.integers(1, 5, cuts)).astype(np.int32)
    pairs = [(s, e) for e in range(cuts) for s in range(max(0, e - 3), e) if rng.random() < 0.6]
    return Lattice(columns, np.array(pairs, np.int32).reshape(-1, 2), np.empty((0, 2), np.int32))


def all_paths(lattice: Lattice, skips: list[float]) -> list[tuple[list[int], float]]:
    """Every path as its candidates and the sum of its skips."""
    found = []

    def walk(cut: int, chosen: list[int], cost: float) -> None:
        if cut == len(lattice.cuts) - 1:
            found.append((chosen, cost))
            return
        walk(cut + 1, chosen, cost + skips[cut + 1])
        for index, (start, end) in enumerate(lattice.spans.tolist()):
            if start == cut:
                walk(end, [*chosen, index], cost)

    walk(0, [], 0.0)
    return found


@pytest.fixture(params=range(6))
def case(request: pytest.FixtureRequest) -> tuple[list[Lattice], torch.Tensor, torch.Tensor, Arcs]:
    """Three lattices of different sizes in one batch, with random scores in double precision."""
    rng = np.random.default_rng(request.param)
    lattices = [random_lattice(rng, cuts) for cuts in (2 + request.param, 5, 7)]
    arcs = lattices_to_arcs(lattices, CPU)
    count = sum(len(lattice.spans) for lattice in lattices)
    logits = torch.from_numpy(rng.normal(0, 2, (count, CLASSES)))
    skips = torch.from_numpy(rng.normal(-1, 1, tuple(arcs.start.shape[:2])))
    return lattices, logits, skips, arcs


def brute(
    lattice: Lattice, logits: np.ndarray, skips: list[float], allowed: np.ndarray
) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """Score of every (path, text) with text characters allowed at their positions."""
    scored = {}
    for path, cost in all_paths(lattice, skips):
        if len(path) <= LENGTH:
            for text in itertools.product(range(CLASSES), repeat=len(path)):
                if all(allowed[i, c] for i, c in enumerate(text)):
                    scored[tuple(path), text] = cost + sum(logits[p, c] for p, c in zip(path, text, strict=True))
    return scored


def log_sum(values: list[float]) -> float:
    """Log-sum-exp of a list; minus infinity of none."""
    if not values:
        return -math.inf
    top = max(values)
    return top + math.log(sum(math.exp(v - top) for v in values))


def masks() -> list[np.ndarray]:
    """No mask, one for every position alike, and one that differs by position."""
    same = np.array([[True, False, True]] * LENGTH)
    by_position = np.array([[True, False, False], [True, True, False], [False, True, True], [True, True, True]])
    return [np.ones((LENGTH, CLASSES), bool), same, by_position]


def parts(lattices: list[Lattice], logits: torch.Tensor, skips: torch.Tensor) -> list[tuple[np.ndarray, list[float]]]:
    """Each image's own logits and skips."""
    first = np.cumsum([0] + [len(lattice.spans) for lattice in lattices])
    rows = [logits[a:b].numpy() for a, b in itertools.pairwise(first)]
    return list(zip(rows, skips.tolist(), strict=True))


@pytest.mark.parametrize("mask", range(3))
def test_sum_over_all_paths_by_length(case: tuple[list[Lattice], torch.Tensor, torch.Tensor, Arcs], mask: int) -> None:
    lattices, logits, skips, arcs = case
    allowed = masks()[mask]
    sums = log_partition(free_arc_scores(logits, arcs, torch.from_numpy(allowed)), skips, arcs)
    for row, lattice, (own, own_skips) in zip(sums, lattices, parts(lattices, logits, skips), strict=True):
        scored = brute(lattice, own, own_skips, allowed)
        for length in range(LENGTH + 1):
            expected = log_sum([v for (_, text), v in scored.items() if len(text) == length])
            if expected == -math.inf:
                assert row[length] < -1e8
            else:
                assert float(row[length]) == pytest.approx(expected, abs=1e-9)


def test_sum_over_paths_of_a_label(case: tuple[list[Lattice], torch.Tensor, torch.Tensor, Arcs]) -> None:
    lattices, logits, skips, arcs = case
    free = np.ones((LENGTH, CLASSES), bool)
    for label in [(0,), (1, 2), (2, 2, 0), (0, 1, 0, 1)]:
        padded = torch.tensor([[*label, *[0] * (LENGTH - len(label))]] * len(lattices))
        sums = log_partition(label_arc_scores(logits, arcs, padded), skips, arcs)[:, len(label)]
        for value, lattice, (own, own_skips) in zip(sums, lattices, parts(lattices, logits, skips), strict=True):
            scored = brute(lattice, own, own_skips, free)
            expected = log_sum([v for (_, text), v in scored.items() if text == label])
            assert float(value) == pytest.approx(expected, abs=1e-9) or (expected == -math.inf and value < -1e8)


@pytest.mark.parametrize("mask", range(3))
@pytest.mark.parametrize("lengths", [range(LENGTH + 1), [2], [1, 3]])
def test_best_path(case: tuple[list[Lattice], torch.Tensor, torch.Tensor, Arcs], mask: int, lengths: list[int]) -> None:
    lattices, logits, skips, arcs = case
    allowed = masks()[mask]
    scores = free_arc_scores(logits, arcs, torch.from_numpy(allowed), torch.amax)
    may = torch.zeros(len(lattices), LENGTH + 1, dtype=torch.bool)
    may[:, list(lengths)] = True
    paths = best_paths(scores, skips, arcs, may)
    first = arcs.first.tolist()
    for path, offset, lattice, (own, own_skips) in zip(
        paths, first, lattices, parts(lattices, logits, skips), strict=True
    ):
        scored = {k: v for k, v in brute(lattice, own, own_skips, allowed).items() if len(k[1]) in lengths}
        if not scored:
            assert path is None
        else:
            assert path is not None
            assert tuple(path - offset) == max(scored, key=lambda k: scored[k])[0]


def test_gradient_is_the_posterior_of_the_arcs(
    case: tuple[list[Lattice], torch.Tensor, torch.Tensor, Arcs],
) -> None:
    _, logits, skips, arcs = case
    allowed = torch.ones(LENGTH, CLASSES, dtype=torch.bool)

    def total(logits: torch.Tensor, skips: torch.Tensor) -> torch.Tensor:
        sums = log_partition(free_arc_scores(logits, arcs, allowed), skips, arcs)
        return sums.logsumexp(dim=1)

    assert torch.autograd.gradcheck(total, (logits.requires_grad_(), skips.requires_grad_()))


def test_no_candidate_at_all_leaves_the_empty_text() -> None:
    lattice = Lattice(np.array([0, 4], np.int32), np.empty((0, 2), np.int32), np.empty((0, 2), np.int32))
    arcs = lattices_to_arcs([lattice], CPU)
    scores = free_arc_scores(torch.empty(0, CLASSES), arcs, torch.ones(2, CLASSES, dtype=torch.bool), torch.amax)
    skips = torch.tensor([[0.0, -1.5]])
    assert log_partition(scores, skips, arcs)[0, 0] == -1.5
    may = torch.tensor([[True, True, True]])
    assert [p is not None and p.tolist() for p in best_paths(scores, skips, arcs, may)] == [[]]
    assert best_paths(scores, skips, arcs, torch.tensor([[False, True, True]])) == [None]
