"""What `train-char` and `eval` say of labels that are probably wrong."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.measuring.suspects import find_contradicted
from kerf.segmenter.errors import KerfError

if TYPE_CHECKING:
    from kerf.classifier.console.terminal import Terminal
    from kerf.classifier.folders.dataset import Sample
    from kerf.classifier.recognizer import Reading


def say_suspects(
    terminal: Terminal,
    folder: Path,
    samples: Sequence[Sample],
    readings: Sequence[Reading | KerfError],
    known: Collection[str],
    *,
    ignore_case: bool = False,
) -> None:
    """Say how many labels look wrong, with the surest one, and what shows them; parameters as ``find_contradicted``."""
    found = find_contradicted([s.text for s in samples], readings, known, ignore_case=ignore_case)
    first = readings[found[0]] if found else None
    if first is not None and not isinstance(first, KerfError):
        sample = samples[found[0]]
        terminal.say(
            f"{len(found)} of the {len(samples)} labels that it was measured on look wrong, such as {sample.text!r} "
            f"of {sample.path.name}, which is read {first.text!r}; to look for all of them: "
            + shlex.join(["kerf", "label", str(folder), "--review"])
        )
