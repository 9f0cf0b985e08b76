"""From scores to texts and probabilities, against brute force over all texts and paths."""

from __future__ import annotations

import math
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice import _search, decoding
from kerf.classifier.lattice.decoding import Decoded, decode
from kerf.classifier.lattice.lattices import join_lattices
from kerf.classifier.lattice.text_space import MOST_STEPS, TextSpace, to_text_space
from tests.lattice.brute import Case, all_paths, random_case, rank_texts, to_lattice, to_shares

CLOSE = 2e-6
"""What a probability is known to; exponentials are good to 2e-7."""


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize(("temperature", "tracks"), [(1.0, 1), (0.5, 1), (1.0, 3)])
def test_text_path_and_posteriors(seed: int, temperature: float, tracks: int) -> None:
    case = random_case(seed, tracks=tracks)
    result, (best, confidence) = case.decode(temperature=temperature), rank_texts(case, temperature)[0]
    assert result.text == best
    assert result.confidence == pytest.approx(confidence, abs=CLOSE)
    paths = all_paths(case, temperature)
    spelling = [path for path in paths if case.space.spell(path.text) == best]
    assert result.candidates == max(spelling, key=lambda path: path.score).candidates
    assert len(result.character_confidences) == len(best)
    for place, posterior in enumerate(result.character_confidences):
        assert 0 <= posterior <= 1
        # any path whose character at this place is the same counts, whatever the rest of the text
        shares = zip(paths, to_shares(paths), strict=True)
        same = sum(s for p, s in shares if case.space.spell(p.text)[place : place + 1] == best[place])
        assert posterior == pytest.approx(same, abs=CLOSE)
    assert result.alternatives == ()


@pytest.mark.parametrize(("count", "tracks"), [(2, 1), (3, 1), (100, 1), (3, 2), (100, 4)])
def test_texts_are_the_most_probable_ones_in_order_and_as_many_as_there_are(count: int, tracks: int) -> None:
    for seed in range(60):
        case = random_case(seed, tracks=tracks)
        result, expected = case.decode(best=count), rank_texts(case)[:count]
        found = [(result.text, result.confidence), *result.alternatives]
        assert [text for text, _ in found] == [text for text, _ in expected]
        assert [share for _, share in found] == pytest.approx([share for _, share in expected], abs=CLOSE)


def test_the_best_path_of_all_may_spell_another_text() -> None:
    """Or the tests above would not tell a search for the text from one for the path."""
    others = 0
    for seed in range(100):
        case = random_case(seed)
        top = max(all_paths(case), key=lambda path: path.score)
        quick = case.decode(exact=False)
        assert (quick.text, quick.candidates) == (case.space.spell(top.text), top.candidates)
        assert quick.confidence == pytest.approx(dict(rank_texts(case))[quick.text], abs=CLOSE)
        others += quick.text != case.decode().text
    assert others >= 2


def test_text_is_the_most_probable_one_where_the_best_path_spells_another() -> None:
    """Two cuttings of 'a' hold more together than the best path, which spells 'b'; one of them is then shown."""
    lattice = to_lattice([(0, 1), (0, 2), (1, 3), (0, 3)], 4)
    assert lattice.spans.tolist() == [[0, 1], [0, 2], [0, 3], [1, 3]]
    logits = np.full((4, 4), -50.0, np.float32)
    logits[1, 0], logits[3, 0], logits[2, 2] = math.log(2), math.log(3), math.log(4)  # 'a', 'a', 'b'
    case = Case(lattice, logits, np.zeros(4, np.float32), to_text_space(Alphabet("aAb1"), (1, 3), Constraint()))
    result, quick = case.decode(), case.decode(exact=False)
    assert (result.text, result.candidates, result.alternatives) == ("a", (3,), ())
    assert (result.confidence, *result.character_confidences) == pytest.approx((5 / 9, 5 / 9), abs=CLOSE)
    assert (quick.text, quick.candidates) == ("b", (2,))
    assert (quick.confidence, *quick.character_confidences) == pytest.approx((4 / 9, 4 / 9), abs=CLOSE)


@pytest.mark.parametrize("best", [1, 3])
def test_images_of_a_batch_are_read_as_if_alone(best: int) -> None:
    space = random_case(3).space
    none = Case(to_lattice([], 3), np.empty((0, 4), np.float32), np.zeros(3, np.float32), space)
    cases = [replace(random_case(seed), space=space) for seed in range(40)]
    cases = [none, *cases[:20], none, *cases[20:]]
    logits = np.concatenate([case.logits for case in cases])
    skips = np.concatenate([case.skips for case in cases])
    together = decode(logits, skips, join_lattices([case.lattice for case in cases]), space, best=best)
    assert together == [case.decode(best=best) for case in cases]
    assert sum(one.text != case.decode(exact=False).text for one, case in zip(together, cases, strict=True)) >= 1


def test_several_threads_read_at_once() -> None:
    cases = [random_case(seed) for seed in range(200)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda case: case.decode(best=20), cases))
    assert together == [case.decode(best=20) for case in cases]


def test_no_path_of_the_length_asked_for_gives_no_text() -> None:
    case = random_case(0)
    space = replace(case.space, ends=np.zeros(4, np.bool_))
    assert replace(case, space=space).decode(best=3) == Decoded("", 0.0, (), ())


def test_no_candidate_at_all_leaves_the_empty_text_where_it_is_allowed() -> None:
    groups, starts, ends = np.array([[0], [1]], np.int32), np.arange(3) == 0, np.array([True, False, True])
    space = TextSpace("ab", groups, np.ones((2, 2), bool), starts, ends)
    case = Case(to_lattice([], 2), np.empty((0, 2), np.float32), np.array([0, -1.5], np.float32), space)
    assert case.decode(best=2) == Decoded("", 1.0, (), ())
    other = replace(space, ends=~starts)
    assert replace(case, space=other).decode() == Decoded("", 0.0, (), ())


@pytest.mark.parametrize("spread", [0.0, 1e3, 1e5])
def test_scores_of_any_size_give_shares(spread: float) -> None:
    for seed in range(10):
        result = random_case(seed, spread).decode(best=1000)
        shares = [result.confidence, *(share for _, share in result.alternatives)]
        assert all(0 < share <= 1 for share in shares)
        assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_what_is_no_number_stops_nothing() -> None:
    for value in (math.nan, math.inf, -math.inf):
        case = random_case(1)
        case.logits[::2] = value
        case.skips[1] = value
        assert set(case.decode(best=3).text) <= set("abc")


def flat(characters: int, length: int) -> Case:
    """Texts of one length, all of them as probable as each other but for the last place."""
    lattice = to_lattice([(i, i + 1) for i in range(length)], length + 1)
    logits = np.zeros((length, characters), np.float32)
    logits[-1, -1] = 1.0
    names = "".join(chr(ord("A") + i) for i in range(characters))
    groups = np.arange(characters, dtype=np.int32)[:, None]
    places = np.arange(length + 1)
    space = TextSpace(names, groups, np.ones((length, characters), np.bool_), places == 0, places == length)
    return Case(lattice, logits, np.full(length + 1, -50.0, np.float32), space)


def test_search_is_bounded_where_all_texts_are_alike() -> None:
    result = flat(30, 8).decode(best=3)  # 656 billion texts
    texts = [result.text, *(text for text, _ in result.alternatives)]
    assert len(set(texts)) == 3
    assert [(len(text), text[-1]) for text in texts] == [(8, chr(ord("A") + 29))] * 3


def test_search_goes_wide_until_the_bound() -> None:
    """All 216 texts of three places by six characters are opened, in fewer steps than the bound."""
    result = flat(6, 3).decode(best=10**9)
    assert len(result.alternatives) == 215
    shares = [share for _, share in result.alternatives]
    assert shares == sorted(shares, reverse=True)


def test_of_texts_that_are_alike_the_first_in_the_alphabet_comes_first() -> None:
    result = flat(6, 3).decode(best=36)
    texts = [result.text, *(text for text, _ in result.alternatives)]
    assert texts == [a + b + "F" for a in "ABCDEF" for b in "ABCDEF"]


@pytest.mark.parametrize(("narrow", "texts"), [(1, ["CC", "AC", "BC"]), (2, ["CC", "AC", "BC", "CA"])])
def test_a_narrow_search_keeps_the_best_prefixes(
    monkeypatch: pytest.MonkeyPatch, narrow: int, texts: list[str]
) -> None:
    """In turn '', C, A, B, CC and AC are extended, and from then on the best ones are kept: BC and CA."""
    case = flat(3, 2)
    case.logits[0] = [0.1, 0.0, 0.2]
    monkeypatch.setattr(decoding, "EXPANSIONS", 4)
    monkeypatch.setattr(decoding, "NARROW", narrow)
    result = case.decode(best=9)
    assert [result.text, *(text for text, _ in result.alternatives)] == texts


def test_only_prefixes_that_hold_more_than_what_is_known_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many steps find the text as its prefix is the so manieth by its share, and not one step fewer."""
    found = 0
    for seed in range(300):
        case = random_case(seed)
        texts, quick = rank_texts(case), case.decode(exact=False).text
        if texts[0][0] == quick:
            continue
        shares: dict[str, float] = defaultdict(float)
        for text, share in texts:
            for count in range(len(text) + 1):
                shares[text[:count]] += share
        steps = sorted(shares, key=lambda prefix: -shares[prefix]).index(texts[0][0]) + 1
        for expansions, text in [((steps + 1) // 2, texts[0][0]), ((steps - 1) // 2, quick)]:
            if expansions:
                monkeypatch.setattr(decoding, "EXPANSIONS", expansions)
                assert case.decode().text == text
                found += 1
    assert found >= 4


def test_a_certain_text_is_not_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "CERTAIN", 0.0)
    for seed in range(100):
        case = random_case(seed)
        assert case.decode() == case.decode(exact=False)


def arguments() -> dict[str, Any]:
    """What ``_search.decode`` takes, of one image, in order."""
    case = random_case(2)
    lattices, space = join_lattices([case.lattice]), case.space
    return {
        "logits": case.logits,
        "skips": case.skips,
        "spans": lattices.spans,
        "first_span": lattices.first_span,
        "first_cut": lattices.first_cut,
        "groups": space.groups,
        "allowed": space.allowed,
        "starts": space.starts,
        "ends": space.ends,
        "temperature": 1.0,
        "best": 2,
        "exact": True,
        "certain": 0.5,
        "expansions": 500,
        "narrow": 32,
        "texts": np.zeros((1, 2, 3), np.int32),
        "text_lengths": np.zeros((1, 2), np.int32),
        "shares": np.zeros((1, 2)),
        "candidates": np.zeros((1, 3), np.int32),
        "characters": np.zeros((1, 3)),
    }


@pytest.mark.parametrize(
    ("name", "change"),
    [
        *((name, lambda array: array[:-1].copy()) for name in ("logits", "skips", "spans", "first_span", "first_cut")),
        *((name, lambda array: array[:-1].copy()) for name in ("groups", "allowed", "starts", "ends")),
        *((name, lambda array: array.ravel()[1:].copy()) for name in ("texts", "text_lengths", "shares")),
        *((name, lambda array: array.ravel()[1:].copy()) for name in ("candidates", "characters")),
        ("logits", lambda array: array.ravel()[1:].copy()),
        ("groups", lambda array: array.ravel()[1:].copy()),
        ("spans", lambda array: array - 1),
        ("spans", lambda array: array + 1),
        ("spans", lambda array: array[:, ::-1].copy()),
        ("spans", lambda array: array * 0),
        ("first_span", lambda array: array + 1),
        ("first_span", lambda array: -array),
        ("first_cut", lambda array: array * 0),
        ("first_cut", lambda array: np.array([0, 9, 5], np.int32)),
        ("groups", lambda array: array + 4),
        ("groups", lambda array: array - 2),
        ("groups", lambda array: array[:0].copy()),
        ("allowed", lambda array: array[:, :0].copy()),
        ("starts", lambda array: ~array),
        ("ends", lambda array: array[:1].copy()),
        ("ends", lambda array: np.ones(MOST_STEPS + 2, np.bool_)),
        ("temperature", lambda _: 0.0),
        ("temperature", lambda _: math.nan),
        ("best", lambda _: 0),
        ("best", lambda _: 3),
        ("expansions", lambda _: 0),
        ("expansions", lambda _: 2**31 - 1),
        ("narrow", lambda _: 0),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(name: str, change: Any) -> None:
    given = arguments()
    _search.decode(*given.values())
    assert given["text_lengths"].min() >= 0
    with pytest.raises(ValueError, match=r"\w"):
        _search.decode(*{**given, name: change(given[name])}.values())


def test_arrays_that_cannot_be_written_are_refused() -> None:
    given = arguments()
    given["texts"].setflags(write=False)
    with pytest.raises(TypeError, match="read-write"):
        _search.decode(*given.values())
