"""Every path of a small lattice, one by one: what the search is compared with."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.lattice.decoding import Decoded, decode
from kerf.classifier.lattice.lattices import join_lattices
from kerf.classifier.lattice.text_space import TextSpace
from kerf.segmenter.lattice import Lattice

Text = tuple[int, ...]
CHARACTERS = "abc"
LENGTH = 3


@dataclass(frozen=True)
class Path:
    """Its candidates, the cuts that it comes to by skips, and what it spells, with the score of all of it."""

    candidates: tuple[int, ...]
    skipped: tuple[int, ...]
    text: Text
    score: float


@dataclass(frozen=True)
class Case:
    """One image: lattice, scores and what may be read."""

    lattice: Lattice
    logits: NDArray[np.float32]
    skips: NDArray[np.float32]
    space: TextSpace

    def decode(self, best: int = 1, exact: bool = True, temperature: float = 1.0) -> Decoded:
        """Read it, alone in its batch."""
        lattices = join_lattices([self.lattice])
        (decoded,) = decode(
            self.logits, self.skips, lattices, self.space, temperature=temperature, best=best, exact=exact
        )
        return decoded


def to_lattice(pairs: list[tuple[int, int]], cuts: int) -> Lattice:
    """A lattice of such candidates, each cut five columns after the one before it."""
    spans = np.array(sorted(pairs, key=lambda pair: pair[::-1]), np.int32).reshape(-1, 2)
    return Lattice(np.arange(cuts, dtype=np.int32) * 5, spans, np.empty((0, 2), np.int32))


def random_case(seed: int, spread: float = 2.0, tracks: int = 1) -> Case:
    """Two to five cuts, up to three of three characters, each of one or two of four classes; tracks may share texts."""
    rng = np.random.default_rng(seed)
    cuts = int(rng.integers(2, 6))
    lattice = to_lattice(
        [(s, e) for e in range(cuts) for s in range(max(0, e - 3), e) if e == s + 1 or rng.random() < 0.7], cuts
    )
    steps = tracks * (LENGTH + 1) - 1
    allowed = rng.random((steps, len(CHARACTERS))) < 0.6
    allowed[range(steps), rng.integers(len(CHARACTERS), size=steps)] = True
    ends = rng.random(steps + 1) < 0.6
    ends[1] = True
    starts = np.arange(steps + 1) % (LENGTH + 1) == 0
    groups = np.array([[2, 4], [0, 3], [1, 4]] if seed % 2 else [[1], [3], [0]], np.int32)
    logits = rng.normal(0, spread, (len(lattice.spans), 4)).astype(np.float32)
    skips = rng.normal(-1, 1, cuts).astype(np.float32)
    return Case(lattice, logits, skips, TextSpace(CHARACTERS, groups, allowed, starts, ends))


def all_texts(space: TextSpace, length: int) -> Iterator[Text]:
    """Every text of a length that may be read, once for each track that it is in."""
    starts = np.flatnonzero(space.starts).tolist()
    for start, following in zip(starts, [*starts[1:], len(space.starts)], strict=True):
        if start + length < following and space.ends[start + length]:
            rows = space.allowed[start : start + length]
            yield from itertools.product(*(np.flatnonzero(row).tolist() for row in rows))


def all_paths(case: Case, temperature: float = 1.0) -> list[Path]:
    """Every path that may be, of every text that may be."""
    space, padded = case.space, np.pad(case.logits.astype(np.float64), ((0, 0), (0, 1)), constant_values=-math.inf)
    scores = np.logaddexp.reduce(padded[:, space.groups] / temperature, axis=2)
    leaving = defaultdict(list)
    for candidate, (start, end) in enumerate(case.lattice.spans.tolist()):
        leaving[start].append((candidate, end))

    def walk(cut: int, candidates: tuple[int, ...], skipped: tuple[int, ...]) -> Iterator[Path]:
        if cut == len(case.lattice.cuts) - 1:
            for text in all_texts(space, len(candidates)):
                score = float(case.skips[list(skipped)].astype(np.float64).sum()) / temperature
                yield Path(candidates, skipped, text, score + float(scores[list(candidates), list(text)].sum()))
            return
        yield from walk(cut + 1, candidates, (*skipped, cut + 1))
        for candidate, end in leaving[cut]:
            yield from walk(end, (*candidates, candidate), skipped)

    return list(walk(0, (), ()))


def to_shares(paths: list[Path]) -> list[float]:
    """Each path's share of all of them."""
    top = max(path.score for path in paths)
    weights = [math.exp(path.score - top) for path in paths]
    return [weight / sum(weights) for weight in weights]


def rank_texts(case: Case, temperature: float = 1.0) -> list[tuple[str, float]]:
    """Every text and its share of all paths, most probable first."""
    paths, totals = all_paths(case, temperature), defaultdict[Text, float](float)
    for path, share in zip(paths, to_shares(paths), strict=True):
        totals[path.text] += share
    return sorted(((case.space.spell(text), share) for text, share in totals.items()), key=lambda item: -item[1])
