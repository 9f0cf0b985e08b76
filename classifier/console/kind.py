"""Telling, once, that a model does not know images like these: by their looks, or by how unsure it is of them."""

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
UNSURE = 0.5
"""Mean confidence below which a model does not know a kind of images."""


class KindWatch:
    """Looks at the first images that could be read, and says it if the model does not know such images."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._seen: list[Reading] = []

    def add(self, reading: Reading) -> None:
        """Look at one more image."""
        if len(self._seen) < ENOUGH:
            self._seen.append(reading)
            if len(self._seen) == ENOUGH:
                say_unknown(self._seen, self._terminal)

    def end(self) -> None:
        """Say it now if there were few images."""
        if LEAST <= len(self._seen) < ENOUGH:
            say_unknown(self._seen, self._terminal)


def watch_kind(readings: Iterable[Reading | KerfError], terminal: Terminal) -> Iterator[Reading | KerfError]:
    """Yield the readings; by the first of them, say if the model does not know such images."""
    watch = KindWatch(terminal)
    for reading in readings:
        if not isinstance(reading, KerfError):
            watch.add(reading)
        yield reading
    watch.end()


def say_unknown(seen: Sequence[Reading], terminal: Terminal) -> None:
    """Say how many images are unlike, and by which measures most of them, if many are; or how unsure the model is."""
    unlike = [reading.unlike for reading in seen if reading.unlike]
    sure = sum(reading.confidence for reading in seen) / len(seen)
    if len(unlike) >= MANY * len(seen):
        counts = Counter(measure for measures in unlike for measure in measures)
        most = [measure.replace("_", " ") for measure, count in counts.items() if count >= MANY * len(unlike)]
        terminal.say(
            f"warning: {len(unlike)} of {len(seen)} images look unlike those that the model learnt from "
            f"(by {', '.join(most) or 'one measure or another'}); its texts may be wrong where it is sure. "
            "Train a model on images like these, or leave out --model."
        )
    elif sure < UNSURE:
        terminal.say(
            f"warning: the model expects {100 * sure:.0f} % of these texts to be right, by its confidence in the "
            f"first {len(seen)}. Say what you know of them (--charset, --length), let adapt learn from the images "
            "alone, or label some and use train-char."
        )
