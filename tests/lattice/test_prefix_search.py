"""Prefix search against brute force over all paths of small lattices."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest

from kerf.classifier.lattice import prefix_search
from kerf.classifier.lattice.prefix_search import Paths, Text, TextChain, most_probable_texts

CHARACTERS = 3


def random_paths(seed: int, spread: float = 2.0) -> Paths:
    """A lattice of two to five cuts with at most three characters; the last cut can be reached by skips alone."""
    rng = np.random.default_rng(seed)
    cuts = int(rng.integers(2, 6))
    pairs = [(s, e) for e in range(cuts) for s in range(max(0, e - 3), e) if e == s + 1 or rng.random() < 0.7]
    start, end = np.array(pairs).T
    allowed = rng.random((3, CHARACTERS)) < 0.6
    allowed[range(3), rng.integers(CHARACTERS, size=3)] = True
    lengths = rng.random(4) < 0.6
    lengths[1] = True
    scores = rng.normal(0, spread, (len(start), CHARACTERS))
    return Paths(start, end, scores, rng.normal(-1, 1, cuts), allowed, lengths)


def brute(paths: Paths) -> list[tuple[Text, float]]:
    """Every text and its share of all paths, most probable first."""
    weights: dict[Text, float] = defaultdict(float)

    def walk(cut: int, text: Text, score: float) -> None:
        if cut == len(paths.skips) - 1:
            if paths.lengths[len(text)]:
                weights[text] += math.exp(score)
            return
        walk(cut + 1, text, score + paths.skips[cut + 1])
        for arc in np.flatnonzero(paths.start == cut).tolist() if len(text) < len(paths.allowed) else []:
            for character in np.flatnonzero(paths.allowed[len(text)]).tolist():
                walk(int(paths.end[arc]), (*text, character), score + paths.scores[arc, character])

    walk(0, (), 0.0)
    whole = sum(weights.values())
    return sorted(((text, weight / whole) for text, weight in weights.items()), key=lambda item: -item[1])


@pytest.mark.parametrize("count", [1, 3, 100])
def test_texts_are_the_most_probable_ones_in_order_and_as_many_as_there_are(count: int) -> None:
    for seed in range(60):
        expected = brute(random_paths(seed))[:count]
        found = most_probable_texts(random_paths(seed), count, {})
        assert [text for text, _ in found] == [text for text, _ in expected]
        assert [share for _, share in found] == pytest.approx([share for _, share in expected], abs=1e-12)


def test_what_is_known_is_kept_unless_there_is_better() -> None:
    for seed in range(30):
        (first, share), *others = brute(random_paths(seed))
        for known in [{first: share}, dict(others[-1:])]:
            ((text, confidence),) = most_probable_texts(random_paths(seed), 1, known)
            assert text == first
            assert confidence == pytest.approx(share, abs=1e-12)


def test_every_prefix_holds_the_share_of_the_texts_that_begin_with_it() -> None:
    for seed in range(30):
        chain, texts = TextChain(random_paths(seed)), brute(random_paths(seed))
        here, prefix = chain.visits(None, ()), texts[0][0]
        for count, character in enumerate(prefix):
            share = sum(p for text, p in texts if text[: count + 1] == prefix[: count + 1])
            assert (here @ chain.step(count).leave)[character] == pytest.approx(share, abs=1e-12)
            here = chain.visits(here, prefix[: count + 1])
        assert here[-1] == pytest.approx(texts[0][1], abs=1e-12)
        assert (chain.step(3).leave == 0).all()  # nothing comes after the most characters


def test_scores_of_any_size_give_shares() -> None:
    for seed, spread in itertools.product(range(10), [0.0, 1e3, 1e5]):
        found = most_probable_texts(random_paths(seed, spread), 1000, {})
        assert all(0 < share <= 1 for _, share in found)
        assert sum(share for _, share in found) == pytest.approx(1, abs=1e-6)


def flat(characters: int, length: int) -> Paths:
    """Texts of one length, all of them as probable as each other but for the last place."""
    start = np.arange(length)
    scores = np.zeros((length, characters))
    scores[-1, -1] = 1.0
    every = np.ones((length, characters), bool)
    return Paths(start, start + 1, scores, np.full(length + 1, -50.0), every, np.arange(length + 1) == length)


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> list[Text]:
    """The prefixes that are looked into."""
    prefixes: list[Text] = []
    inner = TextChain.visits

    def counted(chain: TextChain, before: prefix_search.Array | None, prefix: Text) -> prefix_search.Array:
        prefixes.append(prefix)
        return inner(chain, before, prefix)

    monkeypatch.setattr(TextChain, "visits", counted)
    return prefixes


def test_only_prefixes_that_hold_more_than_what_is_known_are_looked_into(visited: list[Text]) -> None:
    for seed in range(30):
        texts = brute(random_paths(seed))
        best, least = texts[0]
        shares: dict[Text, float] = defaultdict(float)
        for text, share in texts:
            for count in range(len(text) + 1):
                shares[text[:count]] += share
        visited.clear()
        most_probable_texts(random_paths(seed), 1, {best: least})
        assert set(visited) - {best} == {prefix for prefix, share in shares.items() if share > least + 1e-9} - {best}


def test_search_is_bounded_where_all_texts_are_alike(visited: list[Text]) -> None:
    found = most_probable_texts(flat(30, 8), 3, {})  # 656 billion texts
    assert len(visited) <= 2 * prefix_search.EXPANSIONS
    assert [text[-1] for text, _ in found] == [29] * 3
    assert len({text for text, _ in found}) == 3
    assert all(len(text) == 8 for text, _ in found)


def test_search_goes_wide_until_the_bound() -> None:
    """All 216 texts of three places by six characters are opened, in fewer steps than the bound."""
    found = most_probable_texts(flat(6, 3), 300, {})
    assert len(found) == 216
