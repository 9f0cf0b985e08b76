"""A folder to everything that an audit says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from kerf.classifier.auditing.attack import Attack
from kerf.classifier.auditing.attacker import Attacker
from kerf.classifier.auditing.repeats import Repeats, find_repeats
from kerf.classifier.auditing.survey import Survey, survey
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.measuring.rates import Rate, count_to_rate
from kerf.classifier.pages.entries import Entry
from kerf.segmenter.errors import SettingsError

ATTACKING = 0.8
"""Share of the time for the attacks; the rest is for looking at what was read."""


@dataclass(frozen=True)
class Folder:
    """What is audited.

    Attributes
    ----------
    path
        The folder.
    images
        All of it, in the order of their names.
    samples
        Those that have labels.
    told
        What attacks are told of the texts, in words.
    """

    path: Path
    images: Sequence[Path]
    samples: Sequence[Sample]
    told: str

    @property
    def name(self) -> str:
        """What it is called: its own name, or with that of the folder above where it is that of a part."""
        parts = self.path.absolute().parts
        return "/".join(parts[-2:]) if parts[-1] in {"train", "test"} else parts[-1]


@dataclass(frozen=True)
class Audit:
    """Everything that is said of a captcha.

    Attributes
    ----------
    name
        What it is called.
    images, labels
        In the folder.
    measured
        Labelled images that success is measured on; 0 where it is estimated.
    told
        What the attacks were told of the texts.
    attacks
        In the order in which they were made.
    left_out
        What was not tried, and why.
    seen
        What stood in the way of the strongest.
    repeats
        What comes again.
    seconds
        That the audit took.
    """

    name: str
    images: int
    labels: int
    measured: int
    told: str
    attacks: tuple[Attack, ...]
    left_out: tuple[str, ...]
    seen: Survey
    repeats: Repeats
    seconds: float

    @property
    def strongest(self) -> Attack:
        """The attack that reads most."""
        return attacks_to_strongest(self.attacks)

    @property
    def success(self) -> Rate:
        """Its success; where it is measured, the interval allows for its having been chosen among all (Bonferroni)."""
        success = self.strongest.success
        return success if success.count is None else count_to_rate(success.count, success.n, len(self.attacks))

    @property
    def is_estimate(self) -> bool:
        """Whether success is estimated, as there are no labels to measure it by."""
        return self.success.count is None

    def to_dict(self) -> dict[str, Any]:
        """Return the same as dictionaries and lists, which ``json.dumps`` takes."""
        named = [{"name": one.cost.name, **asdict(one)} for one in self.attacks]
        return {
            **asdict(self),
            "attacks": named,
            "strongest": self.strongest.cost.name,
            "success": asdict(self.success),
        }


def attacks_to_strongest(attacks: Sequence[Attack]) -> Attack:
    """Return the attack that reads most, the cheapest of equal ones."""
    return max(attacks, key=lambda one: (one.success.value, -one.cost.labels, -one.cost.seconds))


def audit(
    folder: Folder, attacker: Attacker, deadline: Deadline, *, pictured: bool = False
) -> tuple[Audit, list[Entry]]:
    """Attack, and look at what came of it; return also what a page shows of the images.

    Parameters
    ----------
    folder
        What is audited.
    attacker
        Whose target is of this folder.
    deadline
        When to have ended.
    pictured
        Render the images for a page; else there are no entries.

    Raises
    ------
    SettingsError
        If not one attack can be made.
    """
    start = monotonic()
    attacker.attack(deadline.share(ATTACKING))
    if not attacker.mounted:
        raise SettingsError(f"{folder.path}: no attack can be made; {'; '.join(attacker.left_out)}")
    strongest = attacks_to_strongest([attack for attack, _ in attacker.mounted])
    mounted = next(one for one in attacker.mounted if one[0] is strongest)
    repeats = find_repeats(folder.images, folder.samples)
    seen, entries = survey(mounted, attacker.target, folder.path, deadline, pictured=pictured)
    made = Audit(
        name=folder.name,
        images=len(folder.images),
        labels=len(folder.samples),
        measured=len(attacker.target.measured),
        told=folder.told,
        attacks=tuple(attack for attack, _ in attacker.mounted),
        left_out=tuple(attacker.left_out),
        seen=seen,
        repeats=repeats,
        seconds=monotonic() - start,
    )
    return made, entries
