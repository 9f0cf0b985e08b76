"""One attack: what it took, and how often it reads a captcha; measured by labels or, without them, estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kerf.classifier.measuring.metrics import evaluate
from kerf.classifier.measuring.rates import Rate, count_to_rate
from kerf.classifier.recognizer import Reading
from kerf.segmenter.errors import KerfError

TRIES = 3
"""Texts that an attacker may try on one captcha."""
LABELS_A_MINUTE = 25
"""Texts that a person types who labels for the attacker."""
RIGHT = 0.99
"""Share of the answers that is to be right where an attacker skips what is unsure."""


class Means(StrEnum):
    """What an attacker has."""

    START = "the model as it comes"
    IMAGES = "images, none labelled"
    LABELS = "labelled images"


@dataclass(frozen=True)
class Cost:
    """What an attack took.

    Attributes
    ----------
    means
        What it had.
    labels
        Labelled images that it learnt from.
    seconds
        Of computing, before the first captcha was read.
    hurried
        Whether learning was ended by the time there was, so that it may read more when given more.
    """

    means: Means
    labels: int = 0
    seconds: float = 0.0
    hurried: bool = False

    @property
    def labelling_minutes(self) -> float:
        """Minutes of a person who labels."""
        return self.labels / LABELS_A_MINUTE

    @property
    def name(self) -> str:
        """What it is called among others."""
        return f"{self.labels} labels" if self.labels else {Means.START: "as it comes"}.get(self.means, "adapted")


@dataclass(frozen=True)
class Attack:
    """How often an attack reads a captcha.

    Attributes
    ----------
    cost
        What it took.
    tries
        Share of the captchas that it reads within 1, 2, ... ``TRIES`` tries.
    coverage
        Share of the captchas that it answers if it skips others so that ``RIGHT`` of its answers are.
    read_seconds
        Of computing, for each captcha read.
    """

    cost: Cost
    tries: tuple[Rate, ...]
    coverage: Rate
    read_seconds: float

    @property
    def success(self) -> Rate:
        """Share that it reads at the first try."""
        return self.tries[0]


def readings_to_attack(
    cost: Cost,
    texts: Sequence[str],
    readings: Sequence[Reading | KerfError],
    read_seconds: float,
    *,
    ignore_case: bool = False,
) -> Attack:
    """Measure an attack on labelled images that it did not learn from; ``readings`` have ``TRIES`` texts each."""
    fold = str.casefold if ignore_case else str
    places = [text_to_place(fold(text), reading, ignore_case) for text, reading in zip(texts, readings, strict=True)]
    tries = tuple(count_to_rate(sum(place <= k for place in places), len(places)) for k in range(1, TRIES + 1))
    answered = evaluate(texts, readings, ignore_case=ignore_case).coverage_at_99_precision
    return Attack(cost, tries, count_to_rate(round(answered * len(texts)), len(texts)), read_seconds)


def text_to_place(text: str, reading: Reading | KerfError, ignore_case: bool) -> int:
    """Return at which try a captcha is read, from 1; beyond ``TRIES`` if it is not."""
    if isinstance(reading, KerfError):
        return TRIES + 1
    fold = str.casefold if ignore_case else str
    tried = list(dict.fromkeys(fold(one) for one in (reading.text, *(text for text, _ in reading.alternatives))))
    return tried.index(text) + 1 if text in tried else TRIES + 1


def readings_to_estimate(
    cost: Cost,
    estimate: tuple[float, float, float],
    readings: Sequence[Reading | KerfError],
    read_seconds: float,
) -> Attack:
    """Estimate an attack where no text is known.

    Parameters
    ----------
    cost
        What it took.
    estimate
        Of its success, with the ends of its doubt; see ``adapting.Adaptation``.
    readings
        Of all images, with ``TRIES`` texts each; what a further try adds is the share of the posterior that it has.
    read_seconds
        Of computing, for each.
    """
    shares = [reading_to_shares(reading) for reading in readings]
    n, (value, low, high) = len(shares), estimate
    further = [sum(share[k] - share[0] for share in shares) / max(1, n) for k in range(TRIES)]
    tries = tuple(Rate(min(1.0, value + more), min(1.0, low + more), min(1.0, high + more), n) for more in further)
    answered = confidences_to_coverage([share[0] for share in shares])
    return Attack(cost, tries, Rate(answered, 0.0, 1.0, n), read_seconds)


def reading_to_shares(reading: Reading | KerfError) -> tuple[float, ...]:
    """Return the confidence that the text is among the first 1, 2, ... ``TRIES``."""
    if isinstance(reading, KerfError):
        return (0.0,) * TRIES
    shares = [reading.confidence, *(share for _, share in reading.alternatives)]
    return tuple(min(1.0, sum(shares[:k])) for k in range(1, TRIES + 1))


def confidences_to_coverage(confidences: Sequence[float]) -> float:
    """Return the largest share of the surest images whose mean confidence is ``RIGHT``."""
    total, most = 0.0, 0
    for count, confidence in enumerate(sorted(confidences, reverse=True), start=1):
        total += confidence
        most = count if total >= RIGHT * count else most
    return most / max(1, len(confidences))
