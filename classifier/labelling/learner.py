"""Labels, and the images that have none yet, to a model, in a process of its own while the person goes on typing."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import string
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.dataset import Sample
from kerf.segmenter.errors import KerfError

if TYPE_CHECKING:
    from kerf.classifier.model_file import Model

T = TypeVar("T")

STEPS = (1, 2, 5)
FIRST = 20
"""Labels after which the first model is trained."""
SECONDS_A_LABEL = 1.5
LEAST_SECONDS, MOST_SECONDS = 60.0, 600.0
"""A training takes at most about as long as a person needs to type as many labels again as it learns from."""
MOST_UNLABELLED = 1000
"""Images without labels that a training learns from too."""
UNSEEN_TEXTS = 0.02
"""Share of texts with a character that no label has, from which on the labels do not tell the alphabet yet."""
CLASSES = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
"""Characters that come together: where a label has one, others are likely."""
GENTLY = 5
"""Priority of what is done meanwhile: about a third of the time of what people wait for."""


def next_step(trained: int) -> int:
    """Return the number of labels at which to train next: 20, 50, 100, 200, 500..."""
    power = FIRST // STEPS[1]
    while power * STEPS[-1] <= trained:
        power *= 10
    return next(power * step for step in STEPS if power * step > max(trained, FIRST - 1))


def to_seconds(labels: int) -> float:
    """Return the time that a training may take."""
    return min(max(SECONDS_A_LABEL * labels, LEAST_SECONDS), MOST_SECONDS)


class Worker:
    """Does one thing at a time in a process of its own.

    Attributes
    ----------
    busy
        Whether something is being done.
    """

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._process is not None

    def begin(self, work: Callable[..., T], arguments: tuple[object, ...], on_end: Callable[[T | str], None]) -> None:
        """Begin to work; ``on_end`` is told in another thread: what came of it, or in a line what went wrong."""
        context = multiprocessing.get_context("spawn")  # a forked process has none of PyTorch's threads
        receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=run, args=(work, arguments, sender), daemon=True)
        self._process.start()
        sender.close()
        Thread(target=self._wait, args=(self._process, receiver, on_end), name="worker", daemon=True).start()

    def stop(self) -> None:
        """End at once."""
        if process := self._process:
            process.terminate()
            process.join()

    def _wait(
        self, process: multiprocessing.process.BaseProcess, receiver: Connection, on_end: Callable[[T | str], None]
    ) -> None:
        result: T | str = "the process ended before it was done"
        with receiver, suppress(EOFError):
            result = receiver.recv()
        process.join()
        self._process = None
        on_end(result)


def run(work: Callable[..., object], arguments: tuple[object, ...], sender: Connection) -> None:
    """Do what a ``Worker`` was told to, in its process, and send what came of it."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    torch.set_num_threads(1)
    if sys.platform != "win32":
        os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), GENTLY))
    try:
        sender.send(work(*arguments))
    except KerfError as error:
        sender.send(str(error))


@dataclass(frozen=True)
class Lesson:
    """What a training learns from.

    Attributes
    ----------
    samples
        The labels so far.
    unlabelled
        Further images of the folder.
    constraint
        What is known of their texts.
    start
        The model file to start from; None for the bundled one.
    seconds
        How long it may take.
    """

    samples: Sequence[Sample]
    unlabelled: Sequence[Path] = ()
    constraint: Constraint = field(default_factory=Constraint)
    start: Path | None = None
    seconds: float = math.inf


def learn(lesson: Lesson, out: Path) -> Path:
    """Train a model and write it; return its file.

    Raises
    ------
    NoLabelsError, ModelUnreadableError, OutputError
        See ``train``, ``load_model`` and ``save_model``.
    """
    from kerf.classifier.model_file import save_model

    save_model(train_gently(lesson), out)
    return out


def train_gently(lesson: Lesson) -> Model:
    """Train a model, and end if nobody waits for it."""
    import torch

    from kerf.classifier.learning.deadline import Deadline
    from kerf.classifier.learning.fitting import TrainSettings
    from kerf.classifier.learning.observer import Observer
    from kerf.classifier.learning.start import labels_to_size
    from kerf.classifier.learning.training import train
    from kerf.classifier.model_file import BUNDLED, load_model

    device, deadline = torch.device("cpu"), Deadline.after(lesson.seconds)
    begin = load_model(lesson.start or BUNDLED[labels_to_size(len(lesson.samples))], device)
    constraint = complete([sample.text for sample in lesson.samples], lesson.constraint)
    observer = Observer(on_step=leave_if_alone)
    return train(
        lesson.samples,
        TrainSettings(),
        device,
        begin,
        observer,
        lesson.unlabelled,
        deadline=deadline,
        constraint=constraint,
    ).model


def complete(texts: Sequence[str], constraint: Constraint) -> Constraint:
    """Add to what is known of the texts the characters that a few labels cannot have shown yet.

    The share of characters that the labels have once is about that of characters that they do not have (Good 1953).
    While that is much, digits, small and capital letters are taken as a whole where a label has one of them.
    """
    counts = Counter("".join(texts))
    unseen = sum(count == 1 for count in counts.values()) / max(1, len(texts))
    classes = [one for one in CLASSES if counts.keys() & set(one)]
    told = constraint.charset or constraint.pattern or not counts.keys() <= set("".join(classes))
    return constraint if told or unseen < UNSEEN_TEXTS else replace(constraint, charset="".join(classes))


def leave_if_alone(_done: int, _total: int) -> None:
    """End this process if the one that started it was killed: nobody waits for the model."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)
