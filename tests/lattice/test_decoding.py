"""From scores to texts and probabilities, against brute force over all texts and paths."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice.decoding import decode
from kerf.classifier.lattice.search import lattices_to_arcs
from kerf.classifier.lattice.text_space import to_text_space
from kerf.segmenter.lattice import Lattice

CPU = torch.device("cpu")
ALPHABET = Alphabet("aAb1")


def setup(seed: int) -> tuple[Lattice, torch.Tensor, torch.Tensor]:
    """A full lattice of four cuts, scores for its candidates and skips."""
    rng = np.random.default_rng(seed)
    spans = np.array([(s, e) for e in range(4) for s in range(e)], np.int32)
    lattice = Lattice(np.arange(4, dtype=np.int32) * 5, spans, np.empty((0, 2), np.int32))
    logits = torch.from_numpy(rng.normal(0, 2, (len(spans), 4)))
    return lattice, logits, torch.from_numpy(rng.normal(-1, 1, (1, 4)))


def brute_posterior(
    lattice: Lattice, logits: torch.Tensor, skips: torch.Tensor, texts: list[str]
) -> tuple[dict[str, float], dict[str, tuple[float, list[int]]]]:
    """Probability of every text that is allowed, most probable first, and the best path of each with its score."""
    spans = {tuple(s): i for i, s in enumerate(lattice.spans.tolist())}
    totals: dict[str, float] = dict.fromkeys(texts, 0.0)
    best: dict[str, tuple[float, list[int]]] = {}
    for mask in itertools.product([True, False], repeat=2):  # inner cuts used or not
        cuts = [0, *[c for c, used in zip((1, 2), mask, strict=True) if used], 3]
        steps = list(itertools.pairwise(cuts))
        for kinds in itertools.product([True, False], repeat=len(steps)):  # character, or skipped
            if any(not k and e - s > 1 for k, (s, e) in zip(kinds, steps, strict=True)):
                continue  # skips go from cut to cut
            chosen = [spans[step] for k, step in zip(kinds, steps, strict=True) if k]
            cost = sum(float(skips[0, e]) for k, (_, e) in zip(kinds, steps, strict=True) if not k)
            for text in texts:
                if len(text) == len(chosen):
                    score = cost + sum(
                        float(logits[i, ALPHABET.characters.index(c)]) for i, c in zip(chosen, text, strict=True)
                    )
                    totals[text] += math.exp(score)
                    best[text] = max(best.get(text, (-math.inf, [])), (score, chosen))
    whole = sum(totals.values())
    ranked = sorted(totals, key=lambda text: -totals[text])
    return {text: totals[text] / whole for text in ranked}, best


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(
    ("constraint", "texts"),
    [
        (Constraint(), ["".join(t) for n in (1, 2, 3) for t in itertools.product("aAb1", repeat=n)]),
        (Constraint(length=2), ["".join(t) for t in itertools.product("aAb1", repeat=2)]),
        (Constraint(charset="A1"), None),
        (Constraint(pattern="[aA][b1]"), ["ab", "a1", "Ab", "A1"]),
    ],
)
def test_text_and_posteriors(seed: int, constraint: Constraint, texts: list[str] | None) -> None:
    lattice, logits, skips = setup(seed)
    space = to_text_space(ALPHABET, (1, 3), constraint, CPU)
    if texts is None:  # 'a' reads as 'A' where only 'A' is asked for
        folded = torch.full_like(logits, -1e9)
        folded[:, 1], folded[:, 3] = torch.logaddexp(logits[:, 0], logits[:, 1]), logits[:, 3]
        texts = ["".join(t) for n in (1, 2, 3) for t in itertools.product("A1", repeat=n)]
        expected, paths = brute_posterior(lattice, folded, skips, texts)
    else:
        expected, paths = brute_posterior(lattice, logits, skips, texts)
    best = next(iter(expected))
    (result,) = decode(logits, skips, lattices_to_arcs([lattice], CPU), space, by_character=True)
    assert result.text == best
    assert result.confidence == pytest.approx(expected[best], abs=1e-9)
    assert list(result.candidates) == paths[best][1]
    for position, confidence in enumerate(result.character_confidences):
        assert 0 <= confidence <= 1
        # any path whose character at this position is the same counts, whatever the rest of the text
        mass = sum(p for t, p in expected.items() if len(t) > position and t[position] == best[position])
        assert confidence == pytest.approx(mass, abs=1e-6)


def test_no_path_of_the_length_asked_for_gives_no_text() -> None:
    lattice, logits, skips = setup(0)
    space = to_text_space(ALPHABET, (1, 3), Constraint(length="5"), CPU)
    (result,) = decode(logits, skips, lattices_to_arcs([lattice], CPU), space)
    assert (result.text, result.confidence, result.candidates) == ("", 0.0, ())


def test_the_best_path_of_all_may_spell_another_text() -> None:
    """Or the tests above would not tell a search for the text from one for the path."""
    texts = ["".join(t) for n in (1, 2, 3) for t in itertools.product("aAb1", repeat=n)]
    others = 0
    for seed in range(40):
        expected, paths = brute_posterior(*setup(seed), texts)
        others += max(paths, key=lambda text: paths[text]) != next(iter(expected))
    assert others >= 2


@pytest.mark.parametrize("seed", range(8))
def test_alternatives_are_the_next_most_probable_texts(seed: int) -> None:
    lattice, logits, skips = setup(seed)
    texts = ["".join(t) for n in (1, 2, 3) for t in itertools.product("aAb1", repeat=n)]
    expected, _ = brute_posterior(lattice, logits, skips, texts)
    space = to_text_space(ALPHABET, (1, 3), Constraint(), CPU)
    (result,) = decode(logits, skips, lattices_to_arcs([lattice], CPU), space, best=len(texts) + 1)
    assert [result.text, *(text for text, _ in result.alternatives)] == list(expected)
    for text, share in result.alternatives:
        assert share == pytest.approx(expected[text], abs=1e-9)


def test_alternatives_obey_a_pattern_and_end_where_there_are_no_more() -> None:
    lattice, logits, skips = setup(3)
    space = to_text_space(ALPHABET, (1, 3), Constraint(pattern="[aA]b"), CPU)
    (result,) = decode(logits, skips, lattices_to_arcs([lattice], CPU), space, best=5)
    assert {result.text, *(text for text, _ in result.alternatives)} <= {"ab", "Ab"}
    assert len(result.alternatives) == 1


def test_a_pattern_of_places_that_exclude() -> None:
    lattice, logits, skips = setup(5)
    space = to_text_space(ALPHABET, (1, 3), Constraint(pattern="[^a]."), CPU)
    expected, _ = brute_posterior(lattice, logits, skips, [a + b for a in "Ab1" for b in "aAb1"])
    (result,) = decode(logits, skips, lattices_to_arcs([lattice], CPU), space)
    assert result.text == next(iter(expected))
    assert result.confidence == pytest.approx(max(expected.values()))


def test_text_is_the_most_probable_one_where_the_best_path_spells_another() -> None:
    """Two cuttings of 'a' hold more together than the best path, which spells 'b'; one of them is then shown."""
    spans = np.array([(0, 1), (0, 2), (1, 3), (0, 3)], np.int32)
    lattice = Lattice(np.arange(4, dtype=np.int32) * 5, spans, np.empty((0, 2), np.int32))
    logits = torch.full((4, 4), -50.0)
    logits[1, 0], logits[2, 0], logits[3, 2] = math.log(3), math.log(2), math.log(4)  # 'a', 'a', 'b'
    skips = torch.zeros(1, 4)
    arcs = lattices_to_arcs([lattice], CPU)
    space = to_text_space(ALPHABET, (1, 3), Constraint(), CPU)
    (result,) = decode(logits, skips, arcs, space, by_character=True)
    assert (result.text, result.candidates, result.alternatives) == ("a", (1,), ())
    assert result.confidence == pytest.approx(5 / 9, abs=1e-6)
    assert result.character_confidences == pytest.approx((5 / 9,), abs=1e-6)
    (quick,) = decode(logits, skips, arcs, space, by_character=True, exact=False)
    assert (quick.text, quick.candidates) == ("b", (3,))
    assert quick.confidence == pytest.approx(4 / 9, abs=1e-6)
    assert quick.character_confidences == pytest.approx((4 / 9,), abs=1e-6)


@pytest.mark.parametrize("best", [1, 3])
def test_images_of_a_batch_are_read_as_if_alone(best: int) -> None:
    """Of forty images some have another text than that of their best path; every one keeps its own candidates."""
    space = to_text_space(ALPHABET, (1, 3), Constraint(), CPU)
    images = [setup(seed) for seed in range(40)]
    lattices, logits, skips = zip(*images, strict=True)
    together = decode(
        torch.cat(logits), torch.cat(skips), lattices_to_arcs(lattices, CPU), space, by_character=True, best=best
    )
    quick = decode(torch.cat(logits), torch.cat(skips), lattices_to_arcs(lattices, CPU), space, exact=False)
    assert sum(one.text != other.text for one, other in zip(together, quick, strict=True)) >= 2
    for result, (lattice, own, own_skips) in zip(together, images, strict=True):
        (alone,) = decode(own, own_skips, lattices_to_arcs([lattice], CPU), space, by_character=True, best=best)
        assert (result.text, result.candidates) == (alone.text, alone.candidates)
        assert len(result.candidates) == len(result.character_confidences) == len(result.text)
        assert result.character_confidences == pytest.approx(alone.character_confidences, abs=1e-9)
        assert [t for t, _ in result.alternatives] == [t for t, _ in alone.alternatives]
        assert result.confidence >= max((p for _, p in result.alternatives), default=0)
