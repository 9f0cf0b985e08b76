"""What `train-char` and `eval` say: one pass of training, what training came to, an evaluation."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from kerf.classifier.measuring.metrics import (
    CALIBRATION_BINS,
    RISK_COVERAGE_POINTS,
    Confusion,
    Evaluation,
    Proportion,
    RiskCoverage,
    proportion,
)
from kerf.classifier.measuring.sentences import FEWEST, evaluation_to_summary

if TYPE_CHECKING:
    from kerf.classifier.learning.observer import EpochReport, PassReport
    from kerf.classifier.learning.training import AdaptResult, TrainResult

MOST_CONFUSED = 10
WIDTH = 80
"""Columns that a terminal has at least."""
FIGURES = 28
"""The column that figures begin in."""


def evaluation_to_json(evaluation: Evaluation) -> str:
    """Render an evaluation as one line of JSON, with the names that `Evaluation` gives its figures."""
    return json.dumps(asdict(evaluation), ensure_ascii=False) + "\n"


def evaluation_to_text(evaluation: Evaluation) -> str:
    """Render an evaluation for people: three plain sentences, then every figure under its own name.

    No line is longer than ``WIDTH`` columns.
    """
    e = evaluation
    images, read = e.whole_text.n, sum(group.n for group in e.calibration)
    few = len(e.risk_coverage) <= RISK_COVERAGE_POINTS // 2
    thresholds = e.risk_coverage if few else e.risk_coverage[1::2]
    confused = ", ".join(map(confusion_to_text, e.confusions[:MOST_CONFUSED]))
    lines = [
        f"whole-text accuracy         {proportion_to_text(e.whole_text)}",
        f"wrong number of characters  {proportion_to_text(e.wrong_length)}: segmentation",
        f"right number, wrong ones    {proportion_to_text(e.wrong_characters)}: classification",
        f"unreadable images           {proportion_to_text(e.unreadable)}: counted as wrong",
        f"character error rate        {rate_to_text(e.character_error_rate, e.characters)} "
        f"({e.character_edits} edits, {e.characters} characters)",
        f"calibration error           {rate_to_text(e.expected_calibration_error, read)} "
        f"(expected, {read} texts, at most {CALIBRATION_BINS} bins of equal mass)",
        f"coverage at 99 % precision  {rate_to_text(e.coverage_at_99_precision, images)} "
        f"({round(e.coverage_at_99_precision * images)} of {images})",
        "risk and coverage: from a confidence on, images answered, and of those the wrong",
        *(risk_to_text(point, images) for point in thresholds),
        "accuracy by position, of texts read with the right length, and below of all",
        *(
            f"  {name:<3} {proportion_to_text(share)}"
            for p in e.by_position
            for name, share in ((p.position + 1, p.of_right_length), ("", p.of_all))
        ),
        "whole-text accuracy by length",
        *(f"  {group.length:<3} {proportion_to_text(group.whole_text)}" for group in e.by_length),
        f"most confused, true > read  {confused or 'none'}",
    ]
    return "".join(map(sentence_to_text, evaluation_to_summary(e))) + "\n" + "".join(map(line_to_text, lines))


def sentence_to_text(sentence: str, indent: str = "") -> str:
    """Break a sentence where it is too wide, but never before a per cent sign; what follows is indented."""
    kept = sentence.replace(" %", "\N{NO-BREAK SPACE}%")
    return textwrap.fill(kept, WIDTH, subsequent_indent=indent).replace("\N{NO-BREAK SPACE}", " ") + "\n"


def line_to_text(line: str) -> str:
    """Break a line that is too wide after a comma, colon or semicolon; what follows stands under the figures."""
    kept = re.sub("(?<![,:;]) ", "\N{NO-BREAK SPACE}", line)
    indent = " " * FIGURES
    broken = textwrap.fill(kept, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return broken.replace("\N{NO-BREAK SPACE}", " ") + "\n"


def proportion_to_text(share: Proportion) -> str:
    """Render a proportion with its n and interval, like ``97.2 % (35 of 36; 95 % interval 85.8 to 99.5)``.

    Of fewer than 30, ``too few to tell`` stands in the place of the percentage.
    """
    if share.value is None:
        return "    none (0 of 0)"
    interval = f"95 % interval {100 * share.low_95:.1f} to {100 * share.high_95:.1f}"
    return f"{rate_to_text(share.value, share.n)} ({share.count} of {share.n}; {interval})"


def risk_to_text(point: RiskCoverage, images: int) -> str:
    """Render one threshold: how many of the images it answers, and of those the wrong."""
    answered = round(point.coverage * images)
    wrong = round(point.risk * answered)
    return (
        f"  {point.min_confidence:.4f}  {rate_to_text(point.coverage, images)} answered ({answered} of {images}), "
        f"{rate_to_text(point.risk, answered)} of them wrong ({wrong} of {answered})"
    )


def rate_to_text(share: float, n: int) -> str:
    """Render a share of ``n`` as a percentage, or say that ``n`` is too small for one."""
    return percent(share) if n >= FEWEST else "too few to tell"


def percent(share: float) -> str:
    """Render a share as a percentage, five places wide."""
    return f"{100 * share:5.1f} %"


def confusion_to_text(confusion: Confusion) -> str:
    """Render a confusion such as ``8 > B (12)``; a character lost or added is paired with nothing."""
    return f"{confusion.truth or 'nothing'} > {confusion.read or 'nothing'} ({confusion.count})"


def share_to_text(share: Proportion) -> str:
    """Render a proportion with its n, like ``97.2 % (35 of 36)``; ``rate_to_text`` says where n is too small."""
    return f"{rate_to_text(share.value or 0.0, share.n).strip()} ({share.count} of {share.n})"


def epoch_to_text(report: EpochReport) -> str:
    """Render one pass over the training images."""
    few = min(report.training.n, report.validation.n) < FEWEST
    gap = "" if few else f"train-validation gap {100 * report.gap:+.1f} points, "
    return (
        f"epoch {report.epoch:>3} of {report.epochs}: loss {report.loss:7.3f}, "
        f"whole-text accuracy in training {share_to_text(report.training)}, "
        f"in validation {share_to_text(report.validation)}, {gap}{report.seconds:.0f} s"
    )


def pass_to_text(report: PassReport) -> str:
    """Render one pass over images without labels."""
    return (
        f"pass {report.number:>3}, {100 * report.progress:3.0f} % of the run: learnt from {report.learnt} of "
        f"{report.images} images, loss {report.loss:7.3f}; of those never learnt from: mean confidence "
        f"{percent(report.confidence).strip()}, the same text when changed {percent(report.agreement).strip()}, "
        f"{report.seconds:.0f} s"
    )


def training_to_text(result: TrainResult) -> str:
    """Render what training came to, with a warning of whatever makes its figures less than they seem."""
    p = result.model.provenance
    accuracy = proportion_to_text(proportion(p.validation_correct, p.validated)).strip()
    pseudo = f" and {p.pseudo_labelled} without labels" if p.pseudo_labelled else ""
    chosen = "; these also chose it among two models" if result.models > 1 else ""
    lines = [
        f"trained on {p.trained} labelled images{pseudo}; whole-text accuracy on images held back for validation: "
        f"{accuracy}{chosen}",
        *training_to_warnings(result),
    ]
    return "\n".join(lines)


def training_to_warnings(result: TrainResult) -> Iterator[str]:
    """Warn of copies, of overfitting and of too little time."""
    if result.duplicates:
        train, validation = result.duplicates[0]
        yield (
            f"warning: {len(result.duplicates)} of the validation images look like one trained on, such as "
            f"{validation.path} like {train.path}: this accuracy is too good. Remove the copies."
        )
    if result.overfitted:
        yield (
            "warning: it overfits: it reads the images that it was trained on better than others, "
            f"by {100 * result.epochs[-1].least_gap:.0f} points or more. "
            "Label more images; or keep augmentation on; or train for fewer epochs."
        )
    if result.not_cut:
        yield f"warning: there was no time for {result.not_cut} of the labelled images. Give more --max-minutes."
    if result.short:
        yield "warning: there was no time for one pass over the images: little is learnt. Give more --max-minutes."


def adaptation_to_text(result: AdaptResult) -> str:
    """Render what learning without labels came to."""
    adaptation = result.adaptation
    value, low, high = (round(100 * share) for share in adaptation.accuracy)
    lines = [
        f"learnt from {result.model.provenance.pseudo_labelled} images without labels; as far as can be told without "
        f"labels, it reads about {value} % of whole texts rightly (between {low} and {high})"
    ]
    if adaptation.drifted:
        lines.append(
            "warning: it began to drift, and the steadiest weights so far are kept. Say what is known of the texts "
            "(--charset, --length, --pattern), name more images, or label a few (--labels)."
        )
    return "\n".join(lines)
