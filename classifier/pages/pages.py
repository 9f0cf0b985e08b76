"""Evaluations and cut images as pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kerf.classifier.measuring import sentences
from kerf.classifier.measuring.metrics import Confusion, Evaluation, Proportion, proportion
from kerf.classifier.pages.entries import Entry
from kerf.classifier.pages.rendering import render

MOST_CHARACTERS = 14
"""Rows and columns of a matrix of confusions."""


@dataclass(frozen=True)
class Matrix:
    """The commonest confusions.

    Attributes
    ----------
    truths, reads
        Characters of the rows and of the columns; one of each may be empty, for what was added or left out.
    cells
        By row and column, with a count of 0 where it did not happen.
    most
        The largest count.
    """

    truths: tuple[str, ...]
    reads: tuple[str, ...]
    cells: tuple[tuple[Confusion, ...], ...]
    most: int


def evaluation_to_page(title: str, subtitle: str, evaluation: Evaluation, entries: Sequence[Entry]) -> str:
    """Render an evaluation and the images that it was measured on, or the first of them."""
    e = evaluation
    return render(
        "eval.html",
        title=title,
        subtitle=subtitle,
        e=e,
        summary=sentences.evaluation_to_summary(e),
        sentences={
            "confusion": sentences.to_confusion_sentence(e),
            "calibration": sentences.to_calibration_sentence(e),
            "risk": sentences.to_risk_sentence(e),
            "position": sentences.to_position_sentence(e),
            "length": sentences.to_length_sentence(e),
        },
        outcomes=evaluation_to_outcomes(e),
        to_mistake=sentences.to_mistake,
        matrix=confusions_to_matrix(e.confusions) if e.confusions else None,
        bins=[{"claimed": b.mean_confidence, "right": proportion(round(b.accuracy * b.n), b.n)} for b in e.calibration],
        places=to_groups({str(p.position + 1): p.of_right_length for p in e.by_position}),
        lengths=to_groups({str(group.length): group.whole_text for group in e.by_length}),
        entries=entries,
        left_out=e.whole_text.n - len(entries),
    )


def images_to_page(title: str, subtitle: str, entries: Sequence[Entry], left_out: int) -> str:
    """Render how images were cut and read; ``left_out`` of them are not among the entries."""
    return render("segment.html", title=title, subtitle=subtitle, entries=entries, left_out=left_out)


def evaluation_to_outcomes(e: Evaluation) -> list[dict[str, object]]:
    """List what became of the texts, each with its count."""
    names = ("right", "a character wrong", "wrong number of characters", "unreadable")
    shares = (e.whole_text, e.wrong_characters, e.wrong_length, e.unreadable)
    return [{"name": n, "share": s, "kind": kind} for kind, (n, s) in enumerate(zip(names, shares, strict=True))]


def to_groups(shares: dict[str, Proportion]) -> list[dict[str, object]]:
    """Name each share; those of nothing are left out."""
    return [{"name": name, "share": share} for name, share in shares.items() if share.n]


def confusions_to_matrix(confusions: Sequence[Confusion]) -> Matrix:
    """Lay out confusions, the commonest first, as far as there is room for their characters."""
    counts = Counter({(c.truth, c.read): c.count for c in confusions})
    truths: set[str] = set()
    reads: set[str] = set()
    for confusion in confusions:
        wider, longer = reads | {confusion.read}, truths | {confusion.truth}
        if max(len(wider), len(longer)) <= MOST_CHARACTERS:
            truths, reads = longer, wider
    cells = [[Confusion(truth, read, counts[truth, read]) for read in sorted(reads)] for truth in sorted(truths)]
    return Matrix(
        tuple(sorted(truths)), tuple(sorted(reads)), tuple(map(tuple, cells)), max(c.count for c in confusions)
    )
