"""Labels to a model, in a process of its own while the person goes on typing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from kerf.classifier.folders.dataset import Sample
from kerf.segmenter.errors import KerfError

if TYPE_CHECKING:
    from kerf.classifier.model_file import Model

T = TypeVar("T")

STEPS = (1, 2, 5)
FIRST = 20
"""Labels after which the first model is trained."""
SECONDS_A_LABEL = 1.5
LEAST_SECONDS, MOST_SECONDS = 30.0, 600.0
"""A training takes at most about as long as a person needs to type as many labels again as it learns from."""
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


def learn(samples: Sequence[Sample], start: Path | None, out: Path) -> Path:
    """Train a model and write it; return its file.

    Raises
    ------
    NoLabelsError, ModelUnreadableError, OutputError
        See ``train``, ``load_model`` and ``save_model``.
    """
    from kerf.classifier.model_file import save_model

    save_model(train_gently(samples, start, to_seconds(len(samples))), out)
    return out


def train_gently(samples: Sequence[Sample], start: Path | None, seconds: float) -> Model:
    """Train a model from a start, None for the bundled one, within a time, and end if nobody waits for it."""
    import torch

    from kerf.classifier.learning.deadline import Deadline
    from kerf.classifier.learning.fitting import TrainSettings
    from kerf.classifier.learning.observer import Observer
    from kerf.classifier.learning.training import train
    from kerf.classifier.model_file import BUNDLED, load_model

    device = torch.device("cpu")
    begin, deadline = load_model(start or BUNDLED["fast"], device), Deadline.after(seconds)
    return train(samples, TrainSettings(), device, begin, Observer(on_step=leave_if_alone), deadline=deadline).model


def leave_if_alone(_done: int, _total: int) -> None:
    """End this process if the one that started it was killed: nobody waits for the model."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)
