"""One labelling of a folder: what is asked, what is answered, and what is learnt from it meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from pathlib import Path
from statistics import median
from threading import RLock
from time import monotonic

from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.folders.texts import find_refused, to_label
from kerf.classifier.labelling.items import Item, to_item
from kerf.classifier.labelling.learner import MOST_UNLABELLED, Lesson, Worker, learn, next_step, to_seconds
from kerf.classifier.labelling.progress import Progress, to_progress
from kerf.classifier.labelling.queue import Draw, Queue, estimate
from kerf.classifier.labelling.readings import Readings
from kerf.classifier.labelling.store import Answer, LabelStore, Status
from kerf.classifier.learning.learning_curve import CurvePoint
from kerf.classifier.recognizer import Reading, Recognizer
from kerf.classifier.texts.patterns import MAX_LENGTH
from kerf.segmenter.errors import KerfError, NoLabelsError

RECENT = 20
"""Answers that the pace, and the share of readings that were right lately, are told of."""


class Session:
    """What the page's server asks; it may be used from several threads at once.

    Parameters
    ----------
    images
        The folder's images by their paths below it, as ``LabelStore`` names them; their order numbers them.
    store
        Where the answers go.
    recognizer
        The model at first.
    constraint
        What is known of the texts.
    out
        The model file that is learnt; None to learn nothing.
    start
        The model file to start from; None for the bundled one.
    worker
        Does the learning.

    Attributes
    ----------
    problem
        Why the last training came to nothing; empty if it did not.
    """

    def __init__(
        self,
        images: Mapping[str, Path],
        store: LabelStore,
        recognizer: Recognizer,
        constraint: Constraint,
        *,
        out: Path | None = None,
        start: Path | None = None,
        worker: Worker | None = None,
    ) -> None:
        self.names, self.images = list(images), list(images.values())
        self.store, self.out, self._from, self._constraint = store, out, start, constraint
        self._worker = worker or Worker()
        self.queue = Queue(self.names)
        self.readings = Readings(recognizer, self.images, self.queue.order, constraint)
        self.problem = ""
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._labels = {self._numbers[name]: label for name, label in store.labels().items() if name in self._numbers}
        self._answered = {self._numbers[name] for name in store.names() if name in self._numbers}
        self._learnt = self._find_learnt(recognizer)
        self._next = next_step(len(self._learnt))
        self._points: list[CurvePoint] = []
        self._shown: dict[int, Reading] = {}
        self._times: list[float] = []
        self._lock = RLock()

    def start(self) -> None:
        """Begin to read in the background, and to learn if there are labels to learn from."""
        self.readings.start()
        self._learn_if_due()

    def stop(self) -> None:
        """End what goes on in the background."""
        self._worker.stop()
        self.readings.stop()

    def items(self, having: Collection[int], count: int) -> list[Item]:
        """Return the next images, beside those that a page already has."""
        found: list[Item] = []
        held = set(having)
        while len(found) < count and (draw := self._draw(held)):
            held.add(draw.image)
            if reading := self.readings.read(draw.image):
                self._shown[draw.image] = reading
                found.append(to_item(draw.image, self.names[draw.image], None, reading, hidden=draw.hidden))
        return found

    def previous(self, image: int | None) -> Item | None:
        """Return the image that was answered before another one, or as the last one; None if there is none."""
        numbers = [self._numbers[name] for name in self.store.names() if name in self._numbers]
        end = numbers.index(image) if image in self._answered else len(numbers)
        return self.item(numbers[end - 1]) if end else None

    def item(self, image: int) -> Item:
        """Return one image that was answered, or is to be answered without regard to the queue."""
        reading = self.readings.read(image)
        if reading and image not in self._answered:
            self._shown[image] = reading
        return to_item(image, self.names[image], self.store[self.names[image]], reading, hidden=False)

    def answer(self, image: int, status: Status, text: str, seen: str) -> Item:
        """Keep one answer; when this returns it is on the disk.

        Parameters
        ----------
        image
            Its number.
        status, text
            What is said of it; the text counts only for a label.
        seen
            What its ``Item`` had; see ``LabelStore.put``.

        Returns
        -------
        Item
            The image, with what was read of it.

        Raises
        ------
        NoLabelsError
            The text can be no label.
        ChangedError, OutputError
            See ``LabelStore.put``.
        """
        self.readings.give_way()
        label = text_to_label(text) if status is Status.LABELLED else ""
        name = self.names[image]
        there, shown = self.store[name], self._shown.get(image) or self.readings.get(image)
        said = (there.reading, there.confidence) if there else (shown.text, shown.confidence) if shown else ("", 0.0)
        answer = Answer(status, label, *said)
        with self._lock:
            self.store.put(name, answer, seen)
            self._answered.add(image)
            self._labels.pop(image, None)
            if label:
                self._labels[image] = label
            self._times = [*self._times[-RECENT:], monotonic()]
        self._learn_if_due()
        return to_item(image, name, answer, shown, hidden=False)

    def progress(self) -> Progress:
        """Return how far it is, and how well the model reads."""
        with self._lock:
            gaps = [later - earlier for earlier, later in pairwise(self._times)]
            return to_progress(
                images=len(self.images),
                copies=len(self.readings.copies - self._answered),
                problems=len(self.readings.problems),
                answers=[self.store[name] for name in self.store.names() if name in self._numbers],
                recent=RECENT,
                pace=60 / median(gaps) if gaps else None,
                points=[*self._points, self._point()],
                learning=self._worker.busy,
                next_step=self._next,
                problem=self.problem,
            )

    def left_out(self) -> set[int]:
        """Return the images that are not asked for: near-duplicates, and what cannot be read."""
        return {*self.readings.copies, *self.readings.problems}

    def _draw(self, held: Collection[int]) -> Draw | None:
        with self._lock:
            taken = {*self._answered, *self.left_out(), *held}
            turn = (len(self._answered) + len(held)) % 2 == 0
            return self.queue.choose(taken, self.readings.confidences(), at_random=turn)

    def _sample(self) -> list[int]:
        """List the images of the random half that say something of the model in force."""
        sample = self.queue.sample(self._answered, self.left_out())
        return [image for image in sample if image in self._labels and image not in self._learnt]

    def _point(self) -> CurvePoint:
        """Measure the model in force."""
        whole_text = estimate(self._sample(), self._labels, self.readings.texts())
        return CurvePoint(len(self._learnt), whole_text, 0.0)

    def _learn_if_due(self) -> None:
        with self._lock:
            if self.out is None or self._worker.busy or len(self._labels) < self._next:
                return
            self._next = next_step(len(self._labels))
            candidate = self.out.with_name(f"{self.out.stem}.new{self.out.suffix}")
            self._worker.begin(learn, (self._to_lesson(), candidate), self._on_end)

    def _to_lesson(self) -> Lesson:
        """Gather the labels, and images without an answer, of many those that are the last to be asked for.

        So none is learnt from, even without its label, that will be measured on while others would not be.
        """
        samples = [Sample(self.images[image], label) for image, label in self._labels.items()]
        passed_over = self._answered | self.left_out()
        rest = [self.images[image] for image in reversed(self.queue.order) if image not in passed_over]
        return Lesson(samples, rest[:MOST_UNLABELLED], self._constraint, self._from, to_seconds(len(samples)))

    def _on_end(self, result: Path | str) -> None:
        """Put the model in force that was trained, or keep why there is none."""
        self.problem = result if isinstance(result, str) else ""
        if isinstance(result, Path):
            try:
                self._choose(result)
            except (KerfError, OSError) as error:
                self.problem = str(error)
        self._learn_if_due()

    def _choose(self, file: Path) -> None:
        """Put a model in force and keep its file, unless it reads less than the one before."""
        recognizer = Recognizer.load(file, "cpu")
        learnt = self._find_learnt(recognizer)
        self.problem = self._find_fault(recognizer, learnt)
        if self.problem or self.out is None:
            file.unlink()
            return
        file.replace(self.out)
        with self._lock:
            self._points.append(self._point())
            self._learnt = learnt
            self.readings.swap(recognizer)

    def _find_fault(self, recognizer: Recognizer, learnt: Collection[int]) -> str:
        """Say why a model is surely worse than the one in force, by labels that neither has learnt; empty if not.

        Training has a limited time, and on a busy machine little comes of it.
        """
        texts = self.readings.texts()
        fresh = [image for image in self._sample() if image in texts and image not in learnt]
        readings = recognizer.read_many([self.images[image] for image in fresh], self._constraint)
        right = sum(
            isinstance(reading, Reading) and reading.text == self._labels[image]
            for image, reading in zip(fresh, readings, strict=True)
        )
        before = sum(texts[image] == self._labels[image] for image in fresh)
        if right + sqrt(len(fresh)) >= before:  # a difference of two counts of the same images, by chance
            return ""
        return f"of {len(fresh)} new labels it reads {right}, the one in force {before}; that one is kept"

    def _find_learnt(self, recognizer: Recognizer) -> frozenset[int]:
        """Find the labelled images that a model learnt from."""
        learnt = recognizer.model.provenance.count_learnt
        return frozenset(image for image in list(self._labels) if learnt([path_to_hash(self.images[image])]))


def text_to_label(text: str) -> str:
    """Make a label of what was typed.

    Raises
    ------
    NoLabelsError
        It can be none.
    """
    label = to_label(text)
    if not label:
        raise NoLabelsError("nothing was typed; type the text, or say that it cannot be read")
    if refused := find_refused(label):
        raise NoLabelsError(f"no text has a {refused}; type it without")
    if len(label) > MAX_LENGTH:
        raise NoLabelsError(f"a text has at most {MAX_LENGTH} characters, this has {len(label)}; type what is there")
    return label


def name_images(folder: Path, paths: Sequence[Path]) -> tuple[dict[str, Path], list[KerfError]]:
    """Name images by their paths below their folder; those whose names a label file cannot hold are problems."""
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    good = {name: path for name, path in names.items() if can_be_written(name)}
    return good, [
        NoLabelsError(f"{path}: has a name that labels.csv cannot hold; rename it")
        for name, path in names.items()
        if name not in good
    ]


def can_be_written(name: str) -> bool:
    """Return whether a name is read from CSV as it was written."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return name == name.strip() and "\r" not in name
