"""Audits as the lines of a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from kerf.classifier.auditing.audit import Audit
from kerf.classifier.auditing.sources import STRENGTHS, THRESHOLD
from kerf.classifier.auditing.verdict import audit_to_lines, audit_to_verdict, difference_to_sentence
from kerf.classifier.measuring.rates import rates_to_difference


def audits_to_lines(audits: Sequence[Audit], threshold: float) -> Iterator[tuple[str, str]]:
    """Render one audit, or an old one, a new one and their difference: six lines and a verdict each.

    Each is a name and what it says; sentences have no name.
    """
    for audit in audits:
        yield from audit_to_lines(audit)
        yield from (("left out", reason) for reason in audit.left_out)
        yield "", threshold_to_sentence(audit_to_verdict(audit, threshold).sentence, threshold)
    if len(audits) > 1:
        old, new = audits
        yield "", difference_to_sentence(new, old, rates_to_difference(new.success, old.success))


def threshold_to_sentence(verdict: str, threshold: float) -> str:
    """Add to a verdict whose threshold it is by."""
    return f"{verdict[:-1]}, as {STRENGTHS.key} has it." if threshold == THRESHOLD else verdict


def audits_to_dict(audits: Sequence[Audit], threshold: float) -> dict[str, Any]:
    """Return one audit or, under their names, two and their difference, as ``json.dumps`` takes them."""
    told = [
        {**audit.to_dict(), "threshold": threshold, "verdict": asdict(audit_to_verdict(audit, threshold))}
        for audit in audits
    ]
    if len(audits) == 1:
        return told[0]
    old, new = audits
    return {
        "old": told[0],
        "new": told[1],
        "difference": asdict(rates_to_difference(new.success, old.success)),
    }
