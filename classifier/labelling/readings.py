"""What the model in force reads: of all images in the background, and of one with its next best texts when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic, sleep

from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.folders.duplicates import later_copies
from kerf.classifier.recognizer import Reading, Recognizer
from kerf.segmenter.errors import KerfError

BATCH = 4
"""Images read at a time in the background: what is asked for meanwhile shares the processor with one batch at most."""
PAUSE_SECONDS = 0.3
"""After an image was asked for, nothing is read in the background for so long: it holds Python's lock."""
BEST = 4
"""Texts that are found for an image that is shown: its reading and three others."""


class Readings:
    """Readings of a folder's images by the model in force.

    It may be used from several threads at once.

    Parameters
    ----------
    recognizer
        The model at first.
    images
        By their numbers.
    order
        Their numbers, in the order in which they are read in the background.
    constraint
        What is known of the texts.

    Attributes
    ----------
    recognizer
        The model in force.
    copies
        Images that look like one before them in ``order``; empty until they were looked for.
    problems
        Of the images that cannot be read, by their numbers.
    """

    def __init__(
        self, recognizer: Recognizer, images: Sequence[Path], order: Sequence[int], constraint: Constraint
    ) -> None:
        self.recognizer = recognizer
        self.copies: frozenset[int] = frozenset()
        self.problems: dict[int, KerfError] = {}
        self._images, self._order, self._constraint = images, order, constraint
        self._new: dict[int, Reading] = {}
        self._old: dict[int, Reading] = {}
        self._searched, self._asked = False, 0.0
        self._lock, self._stop, self._changed = Lock(), Event(), Event()
        self._thread = Thread(target=self._run, name="readings", daemon=True)

    def start(self) -> None:
        """Begin to read in the background."""
        self._changed.set()
        self._thread.start()

    def stop(self) -> None:
        """End reading in the background."""
        self._stop.set()
        self._changed.set()
        self._thread.join()

    def swap(self, recognizer: Recognizer) -> None:
        """Put another model in force; it begins to read all images anew."""
        with self._lock:
            self.recognizer = recognizer
            self._old |= self._new
            self._new = {}
        self._changed.set()

    def get(self, image: int) -> Reading | None:
        """Return what the model in force reads of an image; None if it has not, or cannot."""
        with self._lock:
            return self._new.get(image)

    def read_all(self) -> Iterator[Reading | KerfError]:
        """Read all images, in order, as the readings are asked for."""
        readings = self.recognizer.read_many(self._paths(self._order), self._constraint)
        for image, reading in zip(self._order, readings, strict=True):
            with self._lock:
                self._keep(image, reading)
            yield reading

    def texts(self) -> dict[int, str]:
        """Return what the model in force reads, of the images it has read so far."""
        with self._lock:
            return {image: reading.text for image, reading in self._new.items()}

    def confidences(self) -> dict[int, float]:
        """Return how sure it is, or where it has not yet read an image, how sure the model before it was."""
        with self._lock:
            return {image: reading.confidence for image, reading in (self._old | self._new).items()}

    def give_way(self) -> None:
        """Read nothing in the background for a moment."""
        self._asked = monotonic()

    def read(self, image: int) -> Reading | None:
        """Read one image, its next best texts too; None if it cannot be read."""
        self.give_way()
        recognizer = self.recognizer
        (reading,) = recognizer.read_many([self._images[image]], self._constraint, best=BEST)
        with self._lock:
            if recognizer is self.recognizer:
                self._keep(image, reading)
        return reading if isinstance(reading, Reading) else None

    def _paths(self, images: Sequence[int]) -> list[Path]:
        return [self._images[image] for image in images]

    def _run(self) -> None:
        """Read all, and again when another model is in force."""
        self.recognizer.scorer.begin_thread()
        while not self._stop.is_set():
            self._changed.wait()
            self._changed.clear()
            self._read_rest()

    def _read_rest(self) -> None:
        recognizer = self.recognizer
        left = [image for image in self._order if image not in self.copies and image not in self._new]
        for start in range(0, len(left), BATCH):
            while (wait := self._asked + PAUSE_SECONDS - monotonic()) > 0:
                sleep(wait)
            batch = left[start : start + BATCH]
            readings = list(recognizer.read_many(self._paths(batch), self._constraint))
            with self._lock:
                if self._stop.is_set() or recognizer is not self.recognizer:
                    return
                for image, reading in zip(batch, readings, strict=True):
                    self._keep(image, reading)
            if not self._searched:
                self._find_copies()

    def _keep(self, image: int, reading: Reading | KerfError) -> None:
        if isinstance(reading, Reading):
            self._new[image] = reading
        else:
            self.problems[image] = reading

    def _find_copies(self) -> None:
        """Look for copies; after the first images were read, as it takes seconds."""
        samples = [Sample(self._images[image], "") for image in self._order]
        numbers = dict(zip(samples, self._order, strict=True))
        self.copies = frozenset(numbers[sample] for sample in later_copies(samples))
        self._searched = True
