"""Images looked at as the strongest attack read them: why it failed, and what stood in its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerf.classifier.auditing.attacker import Mounted, Target
from kerf.classifier.auditing.defences import DEFENCES, Comparison, compare_defences
from kerf.classifier.auditing.lookalikes import Pair, alphabet_to_pairs, to_pair
from kerf.classifier.auditing.measures import Measures, image_to_measures
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.measuring.metrics import Confusion, evaluate, to_outcome
from kerf.classifier.pages.causes import Cause
from kerf.classifier.pages.entries import Entry, inspection_to_entry
from kerf.classifier.pages.inspection import Inspection, Inspector
from kerf.classifier.recognizer import Reading, Recognizer
from kerf.classifier.synthesis.glyphs import CHARACTERS
from kerf.segmenter.errors import KerfError

LEAST_IMAGES, MOST_IMAGES = 100, 400
"""Images that are looked at whatever the time, and at most."""
MOST_CONFUSIONS = 12
LEAST_COUNT = 2
"""Confusions that happened less often are chance, and not told."""


@dataclass(frozen=True)
class Look:
    """One image; ``label`` is None where it has none, ``measures`` where it cannot be read."""

    label: str | None
    reading: Reading | KerfError
    cause: Cause | None
    measures: Measures | None
    right: bool


@dataclass(frozen=True)
class Faults:
    """Captchas that were not read, by why: see ``Cause``, and images that cannot be opened."""

    cutting: int
    character: int
    unknown: int
    unreadable: int

    @property
    def wrong(self) -> int:
        """All of them."""
        return self.cutting + self.character + self.unknown + self.unreadable


@dataclass(frozen=True)
class Confused:
    """A confusion, and the two as they are drawn; None where one of them is not among 0-9A-Za-z."""

    truth: str
    read: str
    count: int
    pair: Pair | None


@dataclass(frozen=True)
class Survey:
    """What was seen.

    Attributes
    ----------
    looked_at
        Number of images.
    faults
        Why captchas were not read; None without labels.
    comparisons
        By defence; none without labels.
    has
        How many of the images have each defence that they may have or not, by what it is.
    confusions
        The commonest.
    lookalikes
        Characters that may occur and that people cannot tell apart; None where nobody said which may.
    """

    looked_at: int
    faults: Faults | None
    comparisons: tuple[Comparison, ...]
    has: dict[str, int]
    confusions: tuple[Confused, ...]
    lookalikes: tuple[Pair, ...] | None


def survey(
    mounted: Mounted, target: Target, folder: Path, deadline: Deadline, *, pictured: bool
) -> tuple[Survey, list[Entry]]:
    """Look at as many images as there is time for; return also, if they are to be pictured, what a page shows."""
    _, model = mounted
    texts: list[tuple[Path, str | None]] = [(sample.path, sample.text) for sample in target.measured]
    shown = (texts or [(path, None) for path in target.images])[:MOST_IMAGES]
    known = target.constraint.characters or target.constraint.spelt_out
    lookalikes = None if known is None else alphabet_to_pairs(known)
    alike = {character for pair in lookalikes or () for character in (pair.first, pair.second)}
    inspector = Inspector(Recognizer(model), target.constraint, ignore_case=target.ignore_case)
    looks, entries = [], []
    for path, label in deadline.in_time(shown, LEAST_IMAGES):
        answer = inspector.inspect(path, label)
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
        if pictured:
            entries.append(inspection_to_entry(name, answer, len(shown), label, ignore_case=target.ignore_case))
        looks.append(to_look(answer, label, alike, target.ignore_case))
    return looks_to_survey(looks, lookalikes, ignore_case=target.ignore_case), entries


def to_look(answer: Inspection | KerfError, label: str | None, alike: set[str], ignore_case: bool) -> Look:
    """Measure one image, and keep what is counted."""
    if isinstance(answer, KerfError):
        return Look(label, answer, None, None, False)
    reading = answer.reading
    boxes = np.array([c.box_ltrb for c in reading.characters], np.int32).reshape(-1, 4)
    measures = image_to_measures(answer.segmentation, boxes, reading.text if label is None else label, alike)
    right = label is not None and to_outcome(label, reading, ignore_case).right
    return Look(label, reading, answer.cause, measures, right)


def looks_to_survey(looks: Sequence[Look], lookalikes: Sequence[Pair] | None, *, ignore_case: bool = False) -> Survey:
    """Count what was seen."""
    measured = [(look, look.measures) for look in looks if look.measures is not None]
    labelled = bool(looks) and all(look.label is not None for look in looks)
    rows = [measures for _, measures in measured]
    return Survey(
        looked_at=len(looks),
        faults=looks_to_faults(looks) if labelled else None,
        comparisons=tuple(compare_defences(rows, [look.right for look, _ in measured])) if labelled else (),
        has={d.told: sum(getattr(m, d.field) > d.has for m in rows) for d in DEFENCES if d.has is not None},
        confusions=tuple(looks_to_confusions(looks, ignore_case)) if labelled else (),
        lookalikes=None if lookalikes is None else tuple(lookalikes),
    )


def looks_to_faults(looks: Sequence[Look]) -> Faults:
    """Count why captchas were not read."""
    causes = Counter(look.cause for look in looks if look.cause)
    return Faults(
        cutting=causes[Cause.CHOICE] + causes[Cause.MISSING],
        character=causes[Cause.CHARACTER],
        unknown=causes[Cause.UNKNOWN],
        unreadable=sum(isinstance(look.reading, KerfError) for look in looks),
    )


def looks_to_confusions(looks: Sequence[Look], ignore_case: bool) -> Iterator[Confused]:
    """List what is taken for what, the commonest first, with both as they are drawn."""
    evaluation = evaluate(
        [look.label or "" for look in looks], [look.reading for look in looks], ignore_case=ignore_case
    )
    taken = [
        confusion
        for confusion in evaluation.confusions
        if confusion.truth and confusion.read and confusion.count >= LEAST_COUNT
    ]
    for confusion in taken[:MOST_CONFUSIONS]:
        yield to_confused(confusion)


def to_confused(confusion: Confusion) -> Confused:
    """Draw both."""
    both = confusion.truth, confusion.read
    pair = to_pair(*both) if set(both) <= set(CHARACTERS) else None
    return Confused(*both, confusion.count, pair)
