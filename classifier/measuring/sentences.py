"""An evaluation in plain words: each of its figures as one sentence about this model on these images."""

from __future__ import annotations

from kerf.classifier.measuring.metrics import (
    CalibrationBin,
    Confusion,
    Evaluation,
    Proportion,
    proportion,
    wilson_interval,
)

FEWEST = 30
"""A rate of fewer than this is given as its count alone."""


def evaluation_to_summary(e: Evaluation) -> tuple[str, str, str]:
    """Say how many texts are right, what goes wrong most, and how far to trust the confidence."""
    return to_accuracy_sentence(e), to_fault_sentence(e), to_trust_sentence(e)


def to_accuracy_sentence(e: Evaluation) -> str:
    """Say how many whole texts are right, with the range of the rate behind it."""
    right, n = e.whole_text.count, e.whole_text.n
    if n < FEWEST:
        return f"{right} of {n} texts are read right; that is too few images for a rate."
    return (
        f"{right} of {n} texts are read right, {to_percent(right / n)}; "
        f"over all such images it is {to_percent(e.whole_text.low_95)} to {to_percent(e.whole_text.high_95)}."
    )


def to_fault_sentence(e: Evaluation) -> str:
    """Say what the most wrong texts are wrong by, and the commonest confusion."""
    wrong = e.whole_text.n - e.whole_text.count
    if not wrong:
        return "Nothing goes wrong among these images."
    kinds = (
        (e.wrong_characters, "a character taken for another"),
        (e.wrong_length, "a wrong number of characters, by the cutting"),
        (e.unreadable, "an image that cannot be opened"),
    )
    most, what = max(kinds, key=lambda kind: kind[0].count)
    often = f"; the commonest mistake is {to_mistake(e.confusions[0])}" if e.confusions else ""
    share = f"{most.count} of the {wrong}" if most.count < wrong else f"all {wrong}"
    return f"What goes wrong most is {what}, in {share} wrong texts{often}."


def to_trust_sentence(e: Evaluation) -> str:
    """Say whether the confidence holds what it claims, and from where on nearly all is right."""
    read = proportion(e.whole_text.count, sum(group.n for group in e.calibration))
    if read.n < FEWEST:
        return "How far to trust the confidence cannot be told from so few images."
    claimed = sum(group.n * group.mean_confidence for group in e.calibration) / read.n
    said = f"it claims {to_percent(claimed)} on average and {to_percent(read.value or 0.0)} are right"
    if claimed > read.high_95:
        verdict = f"The confidence is too high: {said}"
    elif claimed < read.low_95:
        verdict = f"The confidence is too low: {said}"
    else:
        verdict = f"The confidence can be taken at its word: {said}"
    return f"{verdict}. {to_risk_sentence(e)}"


def to_risk_sentence(e: Evaluation) -> str:
    """Say from which confidence on 99 of 100 answers are right, and what that leaves unanswered."""
    n, answered = e.whole_text.n, round(e.coverage_at_99_precision * e.whole_text.n)
    if e.threshold_at_99_precision is None:
        return "No threshold on it makes 99 % of the answers right."
    if answered == n:
        return "No threshold is needed for 99 % of the answers to be right."
    return (
        f"From {e.threshold_at_99_precision:.4f} on, {answered} of {n} images are answered, and at least 99 % of the "
        "answers are right."
    )


def to_calibration_sentence(e: Evaluation) -> str:
    """Name the group whose claim is furthest outside of what its images allow."""
    off = [group for group in e.calibration if not _is_kept(group)]
    if not e.calibration:
        return "No image was read."
    if not off:
        return "Every group of images is right as often as it claims, within what so many images can tell."
    worst = max(off, key=lambda group: group.n * abs(group.mean_confidence - group.accuracy))
    side = "less" if worst.accuracy < worst.mean_confidence else "more"
    return (
        f"It is furthest off where it claims {to_percent(worst.mean_confidence)}: "
        f"{to_percent(worst.accuracy)} of these {worst.n} are right, {side} than claimed."
    )


def to_confusion_sentence(e: Evaluation) -> str:
    """Say how much of all mistakes the commonest confusions make."""
    if not e.confusions:
        return "No character is taken for another, lost or added."
    total, first = sum(c.count for c in e.confusions), e.confusions[:3]
    share = sum(c.count for c in first)
    named = ", ".join(f"{to_mistake(c)} ({c.count})" for c in first)
    return f"{share} of {total} mistakes are {named}."


def to_position_sentence(e: Evaluation) -> str:
    """Say whether one place in the text is read worse than the others, beyond chance."""
    places = {f"character {p.position + 1}": p.of_right_length for p in e.by_position}
    return _to_weakest_sentence(places, "No place in the text stands out")


def to_length_sentence(e: Evaluation) -> str:
    """Say whether texts of one length are read worse than the others, beyond chance."""
    lengths = {f"texts of {group.length} characters": group.whole_text for group in e.by_length}
    if len(lengths) == 1:
        return f"All texts have {e.by_length[0].length} characters."
    return _to_weakest_sentence(lengths, "No length stands out")


def to_mistake(confusion: Confusion) -> str:
    """Put a confusion into words."""
    if not confusion.read:
        return f"{confusion.truth} left out"
    return f"{confusion.truth} read as {confusion.read}" if confusion.truth else f"{confusion.read} added"


def to_percent(share: float) -> str:
    """Render a share, such as ``97.5 %``."""
    return f"{100 * share:.1f} %"


def _is_kept(group: CalibrationBin) -> bool:
    """Whether a group's claim lies within the interval of the share that is right."""
    low, high = wilson_interval(round(group.accuracy * group.n), group.n)
    return low <= group.mean_confidence <= high


def _to_weakest_sentence(groups: dict[str, Proportion], none: str) -> str:
    """Name the group whose interval lies wholly below the rate of all others together; the lowest of several."""
    weak = []
    for name, share in groups.items():
        others = [other for key, other in groups.items() if key != name]
        rest = proportion(sum(o.count for o in others), sum(o.n for o in others))
        if share.value is not None and rest.value is not None and share.high_95 < rest.low_95:
            weak.append((share.value, name, rest.value))
    if not weak:
        return f"{none}: the differences are within what so many images can tell."
    value, name, rest_value = min(weak)
    return f"Worst read: {name}, {to_percent(value)} right, against {to_percent(rest_value)} of the others."
