"""One evaluation, computed once by `evaluate`; everything else only reads or renders it."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from kerf.classifier.measuring.edits import align
from kerf.segmenter.errors import KerfError

CALIBRATION_BINS = 10
RISK_COVERAGE_POINTS = 20


class Answer(Protocol):
    """What is evaluated: a text and the probability claimed for the whole of it."""

    @property
    def text(self) -> str:
        """The text that was read."""

    @property
    def confidence(self) -> float:
        """Claimed probability, in [0, 1], that the whole text is right."""


@dataclass(frozen=True)
class Proportion:
    """``count`` of ``n`` with the 95 % Wilson interval of the rate behind it; ``value`` is None at n = 0."""

    count: int
    n: int
    value: float | None
    low_95: float
    high_95: float


@dataclass(frozen=True)
class PositionAccuracy:
    """How often the character at one position, counted from 0, is right.

    ``of_right_length`` looks only at texts that were read with the right number of characters.
    ``of_all`` looks at every text that has this position; a missing character counts as wrong, so one
    character lost or gained makes all positions after it wrong.
    """

    position: int
    of_right_length: Proportion
    of_all: Proportion


@dataclass(frozen=True)
class LengthAccuracy:
    """Whole-text accuracy over the texts of one true length."""

    length: int
    whole_text: Proportion


@dataclass(frozen=True)
class Confusion:
    """``truth`` was read as ``read`` this often; one of them is empty where a character was lost or added."""

    truth: str
    read: str
    count: int


@dataclass(frozen=True)
class CalibrationBin:
    """``n`` texts of neighbouring or equal confidence: their mean confidence beside the share that is right."""

    n: int
    mean_confidence: float
    accuracy: float


@dataclass(frozen=True)
class RiskCoverage:
    """Answering only at ``min_confidence`` or above: the share of images answered, and of those the wrong."""

    min_confidence: float
    coverage: float
    risk: float


@dataclass(frozen=True)
class Evaluation:
    """Every figure about some readings, each under its own name.

    Each text falls in exactly one of ``whole_text`` (right), ``wrong_length`` (a segmentation error),
    ``wrong_characters`` (right length, a classification error) and ``unreadable`` (no text at all).
    ``threshold_at_99_precision`` is the confidence from which on ``coverage_at_99_precision`` is answered; None where
    none does.
    """

    whole_text: Proportion
    wrong_length: Proportion
    wrong_characters: Proportion
    unreadable: Proportion
    character_error_rate: float
    character_edits: int
    characters: int
    by_position: tuple[PositionAccuracy, ...]
    by_length: tuple[LengthAccuracy, ...]
    confusions: tuple[Confusion, ...]
    expected_calibration_error: float
    calibration: tuple[CalibrationBin, ...]
    coverage_at_99_precision: float
    threshold_at_99_precision: float | None
    risk_coverage: tuple[RiskCoverage, ...]


@dataclass(frozen=True)
class Outcome:
    """One image: what was there, what was read, or None, and how sure the reader was; texts as they are compared."""

    truth: str
    text: str | None
    confidence: float

    @property
    def right(self) -> bool:
        """Whether the whole text is."""
        return self.text == self.truth

    @property
    def right_length(self) -> bool:
        """Whether as many characters were read as are there."""
        return self.text is not None and len(self.text) == len(self.truth)


def evaluate(truths: Sequence[str], readings: Sequence[Answer | KerfError], *, ignore_case: bool = False) -> Evaluation:
    """Compare readings with the truth, pair by pair.

    Parameters
    ----------
    truths
        The whole text of each image; at least one.
    readings
        As many readings, in the same order; an unreadable image is its error. It counts as wrong, under
        ``unreadable``, with all its characters lost, but neither among the confusions nor in calibration.
    ignore_case
        Compare texts after `str.casefold`.

    Raises
    ------
    ValueError
        Nothing to evaluate, or not one reading for each truth.
    """
    if not truths:
        raise ValueError("nothing to evaluate: no truths")
    outcomes = [to_outcome(truth, reading, ignore_case) for truth, reading in zip(truths, readings, strict=True)]
    confusions = _confusions(outcomes)
    lost = sum(len(o.truth) for o in outcomes if o.text is None)
    edits = sum(confusion.count for confusion in confusions) + lost
    characters = sum(len(o.truth) for o in outcomes)
    bins = _calibration(outcomes)
    precise = _widest_at_precision(outcomes, 0.99)
    return Evaluation(
        whole_text=_share(outcomes, [o.right for o in outcomes]),
        wrong_length=_share(outcomes, [o.text is not None and not o.right_length for o in outcomes]),
        wrong_characters=_share(outcomes, [o.right_length and not o.right for o in outcomes]),
        unreadable=_share(outcomes, [o.text is None for o in outcomes]),
        character_error_rate=edits / max(characters, 1),
        character_edits=edits,
        characters=characters,
        by_position=_by_position(outcomes),
        by_length=_by_length(outcomes),
        confusions=confusions,
        expected_calibration_error=_calibration_error(bins),
        calibration=bins,
        coverage_at_99_precision=precise.coverage if precise else 0.0,
        threshold_at_99_precision=precise.min_confidence if precise else None,
        risk_coverage=_risk_coverage(outcomes),
    )


def proportion(count: int, n: int) -> Proportion:
    """Return ``count`` of ``n`` with its 95 % Wilson interval."""
    low, high = wilson_interval(count, n)
    return Proportion(count, n, count / n if n else None, low, high)


def wilson_interval(correct: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the Wilson score interval of a rate seen as ``correct`` of ``n``; 95 % at the default ``z``.

    With n = 0 nothing is known, and the interval is (0, 1).
    """
    if not 0 <= correct <= n:
        raise ValueError(f"{correct} of {n} is no proportion")
    if n == 0:
        return 0.0, 1.0
    rate, spread = correct / n, z * z / n
    centre = rate + spread / 2
    half = z * math.sqrt(rate * (1 - rate) / n + spread / (4 * n))
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return (0.0 if correct == 0 else low), (1.0 if correct == n else high)


def to_outcome(truth: str, reading: Answer | KerfError, ignore_case: bool) -> Outcome:
    """Pair one reading with its truth; see `evaluate`."""
    if isinstance(reading, KerfError):
        return Outcome(truth.casefold() if ignore_case else truth, None, 0.0)
    if ignore_case:
        return Outcome(truth.casefold(), reading.text.casefold(), reading.confidence)
    return Outcome(truth, reading.text, reading.confidence)


def _share(outcomes: Sequence[Outcome], hits: Sequence[bool]) -> Proportion:
    return proportion(sum(hits), len(outcomes))


def _by_position(outcomes: Sequence[Outcome]) -> tuple[PositionAccuracy, ...]:
    return tuple(
        PositionAccuracy(
            position,
            _right_at(position, [o for o in outcomes if o.right_length and len(o.truth) > position]),
            _right_at(position, [o for o in outcomes if len(o.truth) > position]),
        )
        for position in range(max(len(o.truth) for o in outcomes))
    )


def _right_at(position: int, outcomes: Sequence[Outcome]) -> Proportion:
    return _share(outcomes, [(o.text or "")[position : position + 1] == o.truth[position] for o in outcomes])


def _by_length(outcomes: Sequence[Outcome]) -> tuple[LengthAccuracy, ...]:
    lengths = sorted({len(o.truth) for o in outcomes})
    groups = [[o for o in outcomes if len(o.truth) == length] for length in lengths]
    return tuple(
        LengthAccuracy(length, _share(group, [o.right for o in group]))
        for length, group in zip(lengths, groups, strict=True)
    )


def _confusions(outcomes: Sequence[Outcome]) -> tuple[Confusion, ...]:
    """Return every edit between truth and text of the images that were read, the commonest first."""
    pairs = Counter(pair for o in outcomes if o.text is not None for pair in align(o.truth, o.text))
    ranked = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(truth, read, count) for (truth, read), count in ranked if truth != read)


def _calibration(outcomes: Sequence[Outcome]) -> tuple[CalibrationBin, ...]:
    """Return at most 10 bins of equal mass, by rising confidence, over the images that were read.

    An edge that would part equal confidences is moved down to where they begin: which of them are right
    says nothing about their order, so a bin holds all of them or none.
    """
    read = sorted((o for o in outcomes if o.text is not None), key=lambda o: o.confidence)
    confidences = [o.confidence for o in read]
    inner = [len(read) * i // CALIBRATION_BINS for i in range(CALIBRATION_BINS)] if read else []
    edges = sorted({bisect_left(confidences, confidences[edge]) for edge in inner} | {len(read)})
    groups = [read[start:stop] for start, stop in pairwise(edges)]
    return tuple(
        CalibrationBin(
            len(group),
            math.fsum(o.confidence for o in group) / len(group),
            sum(o.right for o in group) / len(group),
        )
        for group in groups
    )


def _calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Return the mean over the images that were read of their bin's |confidence - accuracy|."""
    gap = math.fsum(b.n * abs(b.mean_confidence - b.accuracy) for b in bins)
    return gap / max(sum(b.n for b in bins), 1)


def _operating_points(outcomes: Sequence[Outcome]) -> list[RiskCoverage]:
    """Return one point for every confidence that occurs, from the highest, hence by rising coverage."""
    read = sorted((o for o in outcomes if o.text is not None), key=lambda o: -o.confidence)
    points, wrong = [], 0
    for answered, outcome in enumerate(read, start=1):
        wrong += not outcome.right
        if answered == len(read) or read[answered].confidence < outcome.confidence:
            points.append(RiskCoverage(outcome.confidence, answered / len(outcomes), wrong / answered))
    return points


def _risk_coverage(outcomes: Sequence[Outcome]) -> tuple[RiskCoverage, ...]:
    """Return at most 20 operating points, the first at or past each twentieth of coverage."""
    points = _operating_points(outcomes)
    coverages = [point.coverage for point in points]
    wanted = [(i + 1) / RISK_COVERAGE_POINTS for i in range(RISK_COVERAGE_POINTS)]
    chosen = sorted({bisect_left(coverages, coverage) for coverage in wanted})
    return tuple(points[i] for i in chosen if i < len(points))


def _widest_at_precision(outcomes: Sequence[Outcome], precision: float) -> RiskCoverage | None:
    """Return the threshold that answers the most images with at least this share right."""
    fit = [point for point in _operating_points(outcomes) if 1 - point.risk >= precision]
    return fit[-1] if fit else None
