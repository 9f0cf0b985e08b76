"""A folder's images and labels to what is attacked: what may be learnt from, and what is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.auditing.attacker import Target
from kerf.classifier.folders.dataset import Sample, sample_by_hash, split_samples

LEAST_MEASURED, MOST_MEASURED = 100, 400
"""So many are measured on, where they are no more than half of all; between these, a fifth."""
HELD_OUT = 0.2


def to_target(
    images: Sequence[Path], samples: Sequence[Sample], constraint: Constraint, *, ignore_case: bool
) -> Target:
    """Hold labelled images back, by the hash of their content, and let the attacker know what anybody sees.

    Who looks at a few images knows the characters and the lengths of the texts: where the constraint does not say
    them, those of the labels are told.
    """
    if not samples:
        return Target((), (), images, constraint, ignore_case)
    split = split_samples(samples, to_share(len(samples)))
    held = {sample.path for sample in split.validation}
    return Target(
        sample_by_hash(split.train),
        sample_by_hash(split.validation),
        [image for image in images if image not in held],
        fill_constraint(constraint, [sample.text for sample in samples]),
        ignore_case,
    )


def to_share(count: int) -> float:
    """Return which share of so many labelled images is measured on."""
    return min(0.5, max(LEAST_MEASURED / count, min(HELD_OUT, MOST_MEASURED / count)))


def fill_constraint(constraint: Constraint, texts: Sequence[str]) -> Constraint:
    """Say characters and lengths as texts have them, where a constraint does not."""
    if constraint.pattern:
        return constraint
    lengths = {len(text) for text in texts}
    charset = "".join(c if c.isalnum() else f"\\{c}" for c in sorted(set("".join(texts))))
    return Constraint(constraint.charset or charset, constraint.length or (min(lengths), max(lengths)))


def constraint_to_text(constraint: Constraint) -> str:
    """Say what an attacker is told of the texts."""
    if constraint.pattern:
        return f"that texts are {constraint.pattern}"
    low, high = constraint.lengths or (0, 0)
    lengths = f"{low} characters" if low == high else f"{low} to {high} characters"
    parts = [lengths if constraint.lengths else "", to_ranges(constraint.characters or "")]
    return "that texts have " + ", of ".join(part for part in parts if part) if any(parts) else "nothing of the texts"


def to_ranges(characters: str) -> str:
    """Write characters as a charset: ``0-9a-f``."""
    runs: list[list[str]] = []
    for character in sorted(characters):
        if runs and ord(character) == ord(runs[-1][-1]) + 1 and character.isalnum():
            runs[-1].append(character)
        else:
            runs.append([character])
    return "".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else "".join(run) for run in runs)
