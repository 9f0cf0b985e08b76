import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerf.classifier.measuring.edits import align
from kerf.classifier.measuring.metrics import (
    CalibrationBin,
    Confusion,
    Evaluation,
    LengthAccuracy,
    RiskCoverage,
    evaluate,
    proportion,
    wilson_interval,
)
from kerf.segmenter.errors import UnreadableImageError


@dataclass(frozen=True)
class Read:
    text: str
    confidence: float = 0.5


UNREADABLE = UnreadableImageError("x.png: not an image")
short_text = st.text(alphabet="ABab", max_size=6)
pairs_of_texts = st.lists(
    st.tuples(
        short_text,
        st.one_of(st.none(), st.builds(Read, short_text, st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]))),
    ),
    min_size=1,
    max_size=30,
)


def of(pairs: Sequence[tuple[str, Read | None]]) -> Evaluation:
    return evaluate([truth for truth, _ in pairs], [read or UNREADABLE for _, read in pairs])


# --- edit path ---------------------------------------------------------------------------------------------


def cost(path: tuple[tuple[str, str], ...]) -> int:
    return sum(truth != read for truth, read in path)


@cache
def recursive_distance(truth: str, read: str) -> int:
    """Levenshtein's definition, word for word."""
    if not truth or not read:
        return len(truth) + len(read)
    return min(
        recursive_distance(truth[1:], read) + 1,
        recursive_distance(truth, read[1:]) + 1,
        recursive_distance(truth[1:], read[1:]) + (truth[0] != read[0]),
    )


@pytest.mark.parametrize(
    ("truth", "read", "path"),
    [
        ("", "", ()),
        ("AB", "AB", (("A", "A"), ("B", "B"))),
        ("AB", "AC", (("A", "A"), ("B", "C"))),
        ("ABC", "AC", (("A", "A"), ("B", ""), ("C", "C"))),
        ("AC", "ABC", (("A", "A"), ("", "B"), ("C", "C"))),
        ("8B1", "BB", (("8", ""), ("B", "B"), ("1", "B"))),
        ("AB", "", (("A", ""), ("B", ""))),
    ],
)
def test_align(truth: str, read: str, path: tuple[tuple[str, str], ...]) -> None:
    assert align(truth, read) == path


@given(short_text, short_text)
def test_align_is_a_shortest_path_that_spells_both_texts(truth: str, read: str) -> None:
    path = align(truth, read)
    assert "".join(left for left, _ in path) == truth
    assert "".join(right for _, right in path) == read
    assert cost(path) == recursive_distance(truth, read)


# --- Wilson ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_known_values(correct: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(correct, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_solve_the_score_equation(counts: tuple[int, int]) -> None:
    correct, n = counts
    rate, (low, high) = correct / n, wilson_interval(correct, n)
    assert 0 <= low <= rate <= high <= 1
    for bound in {low, high} - {0.0, 1.0}:
        assert abs(rate - bound) == pytest.approx(1.95996398 * math.sqrt(bound * (1 - bound) / n))


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_symmetric(counts: tuple[int, int]) -> None:
    correct, n = counts
    low, high = wilson_interval(correct, n)
    assert wilson_interval(n - correct, n) == pytest.approx((1 - high, 1 - low))


def test_wilson_of_none_and_of_all_reaches_the_end_exactly() -> None:
    assert {wilson_interval(0, n)[0] for n in range(1, 200)} == {0.0}
    assert {wilson_interval(n, n)[1] for n in range(1, 200)} == {1.0}


def test_wilson_of_nothing_and_of_nonsense() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    for correct, n in [(3, 2), (-1, 2)]:
        with pytest.raises(ValueError, match="no proportion"):
            wilson_interval(correct, n)


# --- evaluate ----------------------------------------------------------------------------------------------


def test_each_image_falls_in_one_class() -> None:
    found = of([("AB", Read("AB")), ("AB", Read("AC")), ("AB", Read("A")), ("AB", None), ("CD", Read("CDE"))])
    counts = (found.whole_text, found.wrong_characters, found.wrong_length, found.unreadable)
    assert [share.count for share in counts] == [1, 1, 2, 1]
    assert {share.n for share in counts} == {5}
    assert found.whole_text.value == 0.2
    assert (found.whole_text.low_95, found.whole_text.high_95) == wilson_interval(1, 5)


def test_character_errors_and_confusions() -> None:
    found = of(
        [("AB8", Read("ABB")), ("8", Read("B")), ("1A", Read("A")), ("A", Read("AA")), ("ZZ", None)],
    )
    assert (found.character_edits, found.characters) == (6, 9)
    assert found.character_error_rate == pytest.approx(6 / 9)
    assert found.confusions == (Confusion("8", "B", 2), Confusion("", "A", 1), Confusion("1", "", 1))


def test_by_position_has_both_definitions() -> None:
    found = of([("AB", Read("AB")), ("AB", Read("XB")), ("ABC", Read("BC")), ("AB", None)])
    right_length = [(p.of_right_length.count, p.of_right_length.n) for p in found.by_position]
    everything = [(p.of_all.count, p.of_all.n) for p in found.by_position]
    assert right_length == [(1, 2), (2, 2), (0, 0)]
    assert everything == [(1, 4), (2, 4), (0, 1)]
    assert found.by_position[2].of_right_length.value is None
    assert [p.position for p in found.by_position] == [0, 1, 2]
    assert of([("XX", None)]).by_position[0].of_all.count == 0


def test_by_length() -> None:
    found = of([("AB", Read("AB")), ("ABC", Read("AB")), ("CD", None), ("ABC", Read("ABC"))])
    assert found.by_length == (LengthAccuracy(2, proportion(1, 2)), LengthAccuracy(3, proportion(1, 2)))


def test_ignore_case_is_the_callers_choice() -> None:
    truths, readings = ["Ab", "CD"], [Read("aB"), Read("cX")]
    assert evaluate(truths, readings).whole_text.count == 0
    folded = evaluate(truths, readings, ignore_case=True)
    assert folded.whole_text.count == 1
    assert folded.confusions == (Confusion("d", "x", 1),)
    assert evaluate(["ß"], [UNREADABLE]).character_edits == 1
    assert evaluate(["ß"], [UNREADABLE], ignore_case=True).character_edits == len("ss")


def test_texts_without_characters() -> None:
    added = of([("", Read("AB"))])
    assert (added.characters, added.character_edits, added.character_error_rate) == (0, 2, 2.0)


def test_equal_confidences_are_one_bin_whatever_is_right() -> None:
    found = of([("A", Read("A", 0.9))] * 90 + [("A", Read("B", 0.9))] * 10)
    assert found.calibration == (CalibrationBin(100, 0.9, 0.9),)
    assert found.expected_calibration_error == 0.0


def test_calibration_error_is_weighted_by_the_texts_of_a_bin() -> None:
    found = of([("A", Read("A", 0.8))] * 85 + [("A", Read("B", 1.0))] * 15 + [("A", None)] * 7)
    assert found.calibration == (CalibrationBin(85, 0.8, 1.0), CalibrationBin(15, 1.0, 0.0))
    assert found.expected_calibration_error == pytest.approx(0.85 * 0.2 + 0.15 * 1.0)
    assert of([("A", Read("B", 0.75))]).expected_calibration_error == 0.75


def test_different_confidences_are_bins_of_equal_mass() -> None:
    found = of([("A", Read("AB"[i % 2], i / 100)) for i in range(25)])
    assert [b.n for b in found.calibration] == [2, 3] * 5
    assert (found.calibration[1].mean_confidence, found.calibration[1].accuracy) == pytest.approx((0.03, 2 / 3))


@given(pairs_of_texts)
def test_calibration_agrees_with_its_definition(pairs: list[tuple[str, Read | None]]) -> None:
    """A confidence begins a bin when one of the ten edges of equal mass falls on a text that has it."""
    read = sorted((r.confidence, truth == r.text) for truth, r in pairs if r is not None)
    bins: list[list[tuple[float, bool]]] = []
    for claimed in sorted({confidence for confidence, _ in read}):
        group = [one for one in read if one[0] == claimed]
        below = sum(confidence < claimed for confidence, _ in read)
        if any(below <= len(read) * i // 10 < below + len(group) for i in range(10)):
            bins.append([])
        bins[-1] += group
    found = of(pairs)
    assert [b.n for b in found.calibration] == [len(b) for b in bins]
    assert [b.mean_confidence for b in found.calibration] == pytest.approx(
        [sum(confidence for confidence, _ in b) / len(b) for b in bins]
    )
    assert [b.accuracy for b in found.calibration] == [sum(right for _, right in b) / len(b) for b in bins]
    gaps = [abs(sum(confidence - right for confidence, right in b)) for b in bins]
    assert found.expected_calibration_error == pytest.approx(sum(gaps) / max(len(read), 1), abs=1e-12)


def test_risk_and_coverage() -> None:
    found = of([("A", Read("A", 0.9)), ("A", Read("A", 0.8)), ("A", Read("B", 0.7)), ("A", None)])
    assert found.risk_coverage == (
        RiskCoverage(0.9, 0.25, 0.0),
        RiskCoverage(0.8, 0.5, 0.0),
        RiskCoverage(0.7, 0.75, 1 / 3),
    )
    assert (found.coverage_at_99_precision, found.threshold_at_99_precision) == (0.5, 0.8)


def test_risk_and_coverage_are_given_at_each_twentieth() -> None:
    found = of([("A", Read("A", 1 - i / 1000)) for i in range(100)])
    assert [point.coverage for point in found.risk_coverage] == [i / 20 for i in range(1, 21)]


def test_one_threshold_cannot_part_equal_confidences() -> None:
    found = of([("A", Read("A", 0.9)), ("A", Read("B", 0.9))])
    assert found.risk_coverage == (RiskCoverage(0.9, 1.0, 0.5),)
    assert (found.coverage_at_99_precision, found.threshold_at_99_precision) == (0.0, None)


def test_one_wrong_in_a_hundred_is_99_precision() -> None:
    found = of([("A", Read("A", 0.9))] * 99 + [("A", Read("B", 0.8))] + [("A", Read("B", 0.7))] * 100)
    assert (found.coverage_at_99_precision, found.threshold_at_99_precision) == (0.5, 0.8)


@given(pairs_of_texts)
def test_figures_agree_with_their_definitions(pairs: list[tuple[str, Read | None]]) -> None:
    found = of(pairs)
    parts = (found.whole_text, found.wrong_length, found.wrong_characters, found.unreadable)
    assert sum(part.count for part in parts) == len(pairs)
    assert sum(group.whole_text.n for group in found.by_length) == len(pairs)
    assert sum(group.whole_text.count for group in found.by_length) == found.whole_text.count
    assert found.character_edits == sum(recursive_distance(truth, read.text if read else "") for truth, read in pairs)
    assert sum(b.n for b in found.calibration) == len(pairs) - found.unreadable.count
    assert len(found.risk_coverage) <= 20
    for point in found.risk_coverage:
        answered = [(t, r) for t, r in pairs if r is not None and r.confidence >= point.min_confidence]
        assert point.coverage == pytest.approx(len(answered) / len(pairs))
        assert point.risk == pytest.approx(sum(t != r.text for t, r in answered) / len(answered))


@given(pairs_of_texts, st.randoms())
def test_order_does_not_matter(pairs: list[tuple[str, Read | None]], random: Random) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert of(shuffled) == of(pairs)


@given(pairs_of_texts)
def test_an_evaluation_is_plain_json(pairs: list[tuple[str, Read | None]]) -> None:
    plain = asdict(of(pairs))
    assert json.loads(json.dumps(plain, allow_nan=False))["whole_text"] == plain["whole_text"]


def test_nothing_to_evaluate_and_readings_missing() -> None:
    with pytest.raises(ValueError, match=r"^nothing to evaluate: no truths$"):
        evaluate([], [])
    with pytest.raises(ValueError, match="zip"):
        evaluate(["A"], [])
