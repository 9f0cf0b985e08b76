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


class KindWatch:
    """Looks at the first images that could be read, and says it if most are unlike those that the model learnt from."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._seen: list[tuple[str, ...]] = []

    def add(self, unlike: tuple[str, ...]) -> None:
        """Look at one more image, see ``Reading.unlike``."""
        if len(self._seen) < ENOUGH:
            self._seen.append(unlike)
            if len(self._seen) == ENOUGH:
                say_unlike(self._seen, self._terminal)

    def end(self) -> None:
        """Say it now if there were few images."""
        if LEAST <= len(self._seen) < ENOUGH:
            say_unlike(self._seen, self._terminal)


def watch_kind(readings: Iterable[Reading | KerfError], terminal: Terminal) -> Iterator[Reading | KerfError]:
    """Yield the readings, and say it if most of the first images look unlike those that the model learnt from."""
    watch = KindWatch(terminal)
    for reading in readings:
        if not isinstance(reading, KerfError):
            watch.add(reading.unlike)
        yield reading
    watch.end()


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
