"""Telling, once, that images look unlike those that the model learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kerf.classifier.console.terminal import Terminal
from kerf.segmenter.errors import KerfError

if TYPE_CHECKING:
    from kerf.classifier.recognizer import Reading

LEAST, ENOUGH = 5, 50
"""Images that can tell anything, and that are looked at where there are more."""
MANY = 0.5
"""Share of them that must be unlike; of one kind it is 0.1 at most."""


def watch_kind(readings: Iterable[Reading | KerfError], terminal: Terminal) -> Iterator[Reading | KerfError]:
    """Yield the readings, and say it if most of the first images look unlike those that the model learnt from."""
    seen: list[tuple[str, ...]] = []
    for reading in readings:
        if len(seen) < ENOUGH and not isinstance(reading, KerfError):
            seen.append(reading.unlike)
            if len(seen) == ENOUGH:
                say_unlike(seen, terminal)
        yield reading
    if LEAST <= len(seen) < ENOUGH:
        say_unlike(seen, terminal)


def say_unlike(seen: Sequence[Sequence[str]], terminal: Terminal) -> None:
    """Say how many images are unlike, and by which measures most of them, if many are."""
    unlike = [measures for measures in seen if measures]
    if len(unlike) >= MANY * len(seen):
        counts = Counter(measure for measures in unlike for measure in measures)
        most = [measure.replace("_", " ") for measure, count in counts.items() if count >= MANY * len(unlike)]
        terminal.say(
            f"warning: {len(unlike)} of {len(seen)} images look unlike those that the model learnt from "
            f"(by {', '.join(most) or 'one measure or another'}); its texts may be wrong where it is sure. "
            "Train a model on images like these, or leave out --model."
        )
