"""How far labelling is and how well the model reads, as the page shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kerf.classifier.labelling.store import Answer, Status
from kerf.classifier.learning.forecast import labels_needed
from kerf.classifier.learning.learning_curve import CurvePoint

TARGET = 0.95
LEAST_MEASURED = 10
"""Images measured on from which a figure is worth more than the one of the model before."""


@dataclass(frozen=True)
class Progress:
    """What is told of the whole.

    Attributes
    ----------
    images, copies, problems
        Images of the folder; of them, near-duplicates and such that cannot be read, which are not asked for.
    labelled, skipped, unreadable
        Answers of each kind.
    recent_right, recent
        Of the last labels, those that were read rightly beforehand, and how many they are.
    pace
        Answers a minute; None until there are two.
    points
        How well each model reads: labels it learnt from, images it was measured on, and of these the share read
        rightly with its 95 % interval. The last one is the model in force.
    measured
        Which of the points to believe: the last one that was measured on enough.
    need
        What 95 % of whole texts would need; empty where nothing can be said.
    learning, next_step, problem
        Whether a model is being trained; at how many labels the next one will be; why the last one came to nothing.
    """

    images: int
    copies: int
    problems: int
    labelled: int
    skipped: int
    unreadable: int
    recent_right: int
    recent: int
    pace: float | None
    points: tuple[dict[str, float | None], ...]
    measured: int
    need: str
    learning: bool
    next_step: int
    problem: str


def to_progress(
    *,
    images: int,
    copies: int,
    problems: int,
    answers: Sequence[Answer | None],
    recent: int,
    pace: float | None,
    points: Sequence[CurvePoint],
    learning: bool,
    next_step: int,
    problem: str,
) -> Progress:
    """Put together what is told."""
    counts = Counter(answer.status for answer in answers if answer)
    last = [answer for answer in answers if answer and answer.label and answer.reading][-recent:]
    return Progress(
        images,
        copies,
        problems,
        counts[Status.LABELLED],
        counts[Status.SKIPPED],
        counts[Status.UNREADABLE],
        sum(answer.label == answer.reading for answer in last),
        len(last),
        pace,
        tuple(point_to_dict(point) for point in points),
        choose_point(points),
        to_need(points, counts[Status.LABELLED]),
        learning,
        next_step,
        problem,
    )


def point_to_dict(point: CurvePoint) -> dict[str, float | None]:
    """Render a point for the page."""
    share = point.whole_text
    return {"labels": point.labels, "n": share.n, "value": share.value, "low": share.low_95, "high": share.high_95}


def choose_point(points: Sequence[CurvePoint]) -> int:
    """Return the last point that was measured on enough images; where none was, on the most."""
    enough = [index for index, point in enumerate(points) if point.whole_text.n >= LEAST_MEASURED]
    return enough[-1] if enough else max(range(len(points)), key=lambda index: points[index].whole_text.n)


def to_need(points: Sequence[CurvePoint], labels: int) -> str:
    """Say how many labels more ``TARGET`` would need, as far as the points tell."""
    known = [point for point in points if point.labels and point.whole_text.n]
    for need in labels_needed(known, [TARGET]):
        if need.labels is not None and need.high is not None:
            more, low, high = (max(count - labels, 0) for count in (need.labels, need.low or 0, need.high))
            return f"about {more} more labels for 95 % ({low} to {high})"
        return "95 % are out of sight yet"
    return "95 % reached" if points and points[-1].whole_text.low_95 >= TARGET else ""
