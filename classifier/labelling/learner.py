"""Labels to a model, in a process of its own while the person goes on typing."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from kerf.classifier.folders.dataset import Sample
from kerf.segmenter.errors import KerfError

STEPS = (1, 2, 5)
FIRST = 20
"""Labels after which the first model is trained."""
SECONDS_A_LABEL = 1.5
LEAST_SECONDS, MOST_SECONDS = 30.0, 600.0
"""A training takes at most about as long as a person needs to type as many labels again as it learns from."""
GENTLY = 10
"""By how much its priority is lowered, so that the page answers at once."""


def next_step(trained: int) -> int:
    """Return the number of labels at which to train next: 20, 50, 100, 200, 500..."""
    power = FIRST // STEPS[1]
    while power * STEPS[-1] <= trained:
        power *= 10
    return next(power * step for step in STEPS if power * step > max(trained, FIRST - 1))


def to_seconds(labels: int) -> float:
    """Return the time that a training may take."""
    return min(max(SECONDS_A_LABEL * labels, LEAST_SECONDS), MOST_SECONDS)


class Learner:
    """Trains one model at a time.

    Parameters
    ----------
    out
        The model file.
    start
        The model file to start from; None for the bundled one.
    """

    def __init__(self, out: Path, start: Path | None) -> None:
        self.out, self.start = out, start
        self._process: multiprocessing.process.BaseProcess | None = None

    @property
    def busy(self) -> bool:
        """Whether a model is being trained."""
        return self._process is not None

    def begin(self, samples: Sequence[Sample], on_end: Callable[[str], None]) -> None:
        """Begin to train; ``on_end`` is told in another thread, of what went wrong or nothing. One at a time."""
        context = multiprocessing.get_context("spawn")  # a forked process has none of PyTorch's threads
        receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=learn, args=(samples, self.start, self.out, sender), daemon=True)
        self._process.start()
        sender.close()
        Thread(target=self._wait, args=(self._process, receiver, on_end), name="learner", daemon=True).start()

    def stop(self) -> None:
        """End at once; the model file stays as it was."""
        if process := self._process:
            process.terminate()
            process.join()

    def _wait(
        self, process: multiprocessing.process.BaseProcess, receiver: Connection, on_end: Callable[[str], None]
    ) -> None:
        said = "training ended without a model"
        with receiver, suppress(EOFError):
            said = receiver.recv()
        process.join()
        self._process = None
        on_end(said)


def learn(samples: Sequence[Sample], start: Path | None, out: Path, sender: Connection) -> None:
    """Train a model and write it; send what went wrong, or nothing. Runs in a process of its own."""
    import torch

    from kerf.classifier.learning.deadline import Deadline
    from kerf.classifier.learning.fitting import TrainSettings
    from kerf.classifier.learning.observer import Observer
    from kerf.classifier.learning.training import train
    from kerf.classifier.model_file import BUNDLED_MODEL, load_model, save_model

    torch.set_num_threads(1)
    if hasattr(os, "nice"):
        os.nice(GENTLY)
    device = torch.device("cpu")
    try:
        begin, deadline = load_model(start or BUNDLED_MODEL, device), Deadline.after(to_seconds(len(samples)))
        observer = Observer(on_step=leave_if_alone)
        result = train(samples, TrainSettings(), device, begin, observer, deadline=deadline)
        save_model(result.model, out)
        sender.send("")
    except KerfError as error:
        sender.send(str(error))


def leave_if_alone(_done: int, _total: int) -> None:
    """End this process if the one that started it was killed: nobody waits for the model."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)
