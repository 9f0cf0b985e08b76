"""An audit in words: a verdict, and six lines of figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kerf.classifier.auditing.attack import TRIES, Attack, Means
from kerf.classifier.auditing.audit import Audit
from kerf.classifier.auditing.defences import comparisons_to_sentence
from kerf.classifier.auditing.survey import Faults
from kerf.classifier.measuring.rates import Rate
from kerf.classifier.measuring.sentences import FEWEST


class Finding(StrEnum):
    """What success against a threshold comes to."""

    BROKEN = "broken"
    HOLDS = "not broken by this reader"
    OPEN = "cannot be told"


@dataclass(frozen=True)
class Verdict:
    """The finding, and the one sentence that says it with its figures."""

    finding: Finding
    sentence: str


def audit_to_verdict(audit: Audit, threshold: float) -> Verdict:
    """Judge success by its whole interval: it must be on one side of the threshold."""
    success = audit.success
    finding = Finding.OPEN
    if success.low > threshold:
        finding = Finding.BROKEN
    elif success.high <= threshold:
        finding = Finding.HOLDS
    begin = "probably broken" if finding is Finding.BROKEN and audit.is_estimate else str(finding)
    reads = "an estimate without labels is that a program reads" if audit.is_estimate else "a program reads"
    return Verdict(
        finding,
        f"{begin[0].upper()}{begin[1:]}: {reads} {rate_to_text(success)} of these captchas at the first try, "
        f"{attack_to_means(audit.strongest)}; the threshold is {percent(threshold)}.",
    )


def attack_to_means(attack: Attack) -> str:
    """Say what an attack took."""
    cost = attack.cost
    if cost.means is Means.START:
        return "as it comes, before it has seen one of them"
    computing = f"{to_duration(cost.seconds)} of computing"
    if cost.means is Means.IMAGES:
        return f"after {computing} on images without labels"
    return f"after {cost.labels} labels, {to_duration(60 * cost.labelling_minutes)} of typing and {computing}"


def audit_to_lines(audit: Audit) -> Iterator[tuple[str, str]]:
    """Render the six lines of the terminal, each by its name and what it says."""
    free = [one for one in audit.attacks if not one.cost.labels]
    labelled = [one for one in audit.attacks if one.cost.labels]
    best = audit.strongest
    how = f"success measured on {audit.measured} held back" if audit.measured else "success is an estimate"
    yield audit.name, f"{audit.images} images, {audit.labels} labels; {how}; attacks are told {audit.told}"
    yield "read without labels", ", ".join(map(attack_to_text, free)) or "not tried"
    yield "read after labels", ", ".join(map(attack_to_text, labelled)) or "not tried"
    rates = ", ".join(percent(rate.value) for rate in best.tries)
    yield f"within {', '.join(map(str, range(1, TRIES + 1)))} tries", f"{rates}; {attempts_to_text(best)}"
    yield "skipping the unsure", coverage_to_text(best.coverage)
    defence = f"; {comparisons_to_sentence(audit.seen.comparisons)}" if audit.measured else ""
    yield "what goes wrong", f"{audit.seen.looked_at} looked at: {faults_to_text(audit.seen.faults)}{defence}"


def attack_to_text(attack: Attack) -> str:
    """Render one attack's success, with its interval and its time."""
    cost, rate = attack.cost, attack.success
    minutes = f", {to_duration(60 * cost.labelling_minutes + cost.seconds)}" if cost.seconds else ""
    short = ", cut short" if cost.hurried else ""
    return f"{cost.name} {percent(rate.value)} ({interval(rate)}{minutes}{short})"


def attempts_to_text(attack: Attack) -> str:
    """Say how many captchas a success takes, and how much computing."""
    success = attack.success
    if not success.value:
        return f"no success yet, {1 / success.high:.3g} captchas or more for one"
    captchas, seconds = 1 / success.value, attack.read_seconds / success.value
    most = f"{1 / success.low:.3g}" if success.low else "any number"
    return (
        f"{captchas:.3g} captcha{'s' * (captchas > 1)} for a success ({1 / success.high:.3g} to {most}), "
        f"{seconds:.2g} seconds of computing"
    )


def coverage_to_text(coverage: Rate) -> str:
    """Say what an attacker answers who may skip."""
    if coverage.count is None:
        return f"answers about {percent(coverage.value)}, at least 99 % of them right, if its confidence can be trusted"
    if coverage.n < FEWEST:
        return f"{coverage.n} captchas are too few to tell"
    return f"answers {rate_to_text(coverage)}, at least 99 % of them right"


def faults_to_text(faults: Faults | None) -> str:
    """Say what goes wrong."""
    if faults is None:
        return "cannot be told without labels"
    if not faults.wrong:
        return "nothing goes wrong"
    kinds = {
        "by cutting": faults.cutting,
        "by a character taken for another": faults.character,
        "by a character that it does not know": faults.unknown,
        "as they cannot be opened": faults.unreadable,
    }
    told = ", ".join(f"{count} {name}" for name, count in kinds.items() if count)
    return f"{faults.wrong} are wrong: {told}"


def difference_to_sentence(new: Audit, old: Audit, difference: Rate) -> str:
    """Say which of two designs is read less."""
    low, high = (points(end) for end in (difference.low, difference.high))
    between = f"{points(difference.value)} points ({low} to {high})"
    both = f"{new.name} {percent(new.success.value)}, {old.name} {percent(old.success.value)}"
    if difference.high < 0:
        return f"{new.name} is the stronger: it is read less often, by {between}: {both}."
    if difference.low > 0:
        return f"{new.name} is the weaker: it is read more often, by {between}: {both}."
    return f"Which is stronger cannot be told: the difference is {between}: {both}."


def rate_to_text(rate: Rate) -> str:
    """Render a rate with its interval and its count: ``97.0 % (194 of 200; 93.6 to 98.6)``."""
    counted = f"{rate.count} of {rate.n}; " if rate.count is not None else ""
    return f"{percent(rate.value)} ({counted}{interval(rate)})"


def interval(rate: Rate) -> str:
    """Render the ends of an interval, in per cent."""
    return f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"


def percent(share: float) -> str:
    """Render a share, with a digit more where it is small."""
    return f"{100 * share:.3g} %" if share < 0.1 else f"{100 * share:.1f} %"


def points(share: float) -> str:
    """Render a difference of shares."""
    return f"{100 * share:+.1f}"


def to_duration(seconds: float) -> str:
    """Render a time: seconds below two minutes, else minutes."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.1f} minutes" if seconds < 600 else f"{seconds / 60:.0f} minutes"
