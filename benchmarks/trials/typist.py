"""Play a person who labels a bare folder and never errs, and tell after how many minutes a model reads 95 % of it.

Usage: python -m benchmarks.trials.typist ../shared/data/FAMILY [--ways page random alone] [--pace 25] [--minutes 30]

Only `train/` is read: the person labels its first images, the models read its last 300, which nobody labels or learns
from. Each way to work is played by a clock of its own, on which a label takes its share of a minute, and a training the
seconds of one core that it takes; both go on at once, so what else the machine does counts for nothing.

- `page`: as `label` asks, every second image the least sure, with a model learnt meanwhile at 20, 50, 100... labels.
- `random`: the same, but every image is drawn at random.
- `alone`: labels in random order and nothing meanwhile; then `train-char` on 50, 100, 200... of them.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from benchmarks.running import clear_errors
from kerf.classifier.alphabet import Constraint
from kerf.classifier.console.report import proportion_to_text
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.labelling.learner import Worker
from kerf.classifier.labelling.queue import Draw, Queue
from kerf.classifier.labelling.session import Session, name_images
from kerf.classifier.labelling.store import LabelStore, Status
from kerf.classifier.learning import deadline, schedule
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.learning.start import labels_to_size
from kerf.classifier.learning.training import train
from kerf.classifier.measuring.metrics import Proportion, evaluate
from kerf.classifier.model_file import BUNDLED, load_model
from kerf.classifier.recognizer import Recognizer

T = TypeVar("T")

HELD_BACK = 300
TARGET = 0.95
ALONE = (50, 100, 200, 400, 800, 1600)


@dataclass(frozen=True)
class Step:
    """A model: when it is there, the labels it learnt from, what it reads of the images held back."""

    minutes: float
    labels: int
    whole_text: Proportion


class Trainer(Worker):
    """Works at once, and lets what came of it be known when as much time has passed on the person's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._ready: tuple[float, Callable[[], None]] | None = None

    @property
    def busy(self) -> bool:
        """Whether a training goes on, by the person's clock."""
        return self._ready is not None

    def begin(self, work: Callable[..., T], arguments: tuple[object, ...], on_end: Callable[[T | str], None]) -> None:
        """Work, and keep what came of it."""
        began = time.process_time()
        result = work(*arguments)
        self._ready = self.now + time.process_time() - began, lambda: on_end(result)

    def pass_time(self, seconds: float) -> bool:
        """Let the clock go on; return whether a model came into force."""
        self.now += seconds
        if self._ready is None or self.now < self._ready[0]:
            return False
        _, end = self._ready
        self._ready = None
        end()
        return True


class RandomQueue(Queue):
    """Draws every image at random."""

    def choose(self, taken: Collection[int], confidences: Mapping[int, float], *, at_random: bool) -> Draw | None:
        """Choose the next image."""
        return super().choose(taken, confidences, at_random=True)


def measure(recognizer: Recognizer, held_back: Sequence[Sample]) -> Proportion:
    """Read what is held back."""
    readings = list(recognizer.read_many(sample.path for sample in held_back))
    return evaluate([sample.text for sample in held_back], readings).whole_text


def play_page(
    samples: Sequence[Sample], held_back: Sequence[Sample], pace: float, minutes: float, *, at_random: bool
) -> Iterator[Step]:
    """Label on the page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = {Path(shutil.copy(sample.path, folder)).name: sample.text for sample in samples}
        images, _ = name_images(folder, sorted(folder.iterdir()))
        trainer, recognizer = Trainer(), Recognizer.load(None, "cpu")
        store, out = LabelStore(folder, ()), folder / "labels.safetensors"
        session = Session(images, store, recognizer, Constraint(), out=out, worker=trainer)
        if at_random:
            session.queue = RandomQueue(session.names)
        yield Step(0.0, 0, measure(recognizer, held_back))
        new = True
        while trainer.now < 60 * minutes:
            if new:
                for _ in session.readings.read_all():
                    pass
            for item in session.items((), 1):
                session.answer(item.image, Status.LABELLED, texts[item.name], item.seen)
            new = trainer.pass_time(60 / pace)
            if new:
                model = session.readings.recognizer
                labels = model.model.provenance.trained + model.model.provenance.validated
                yield Step(trainer.now / 60, labels, measure(model, held_back))


def play_alone(samples: Sequence[Sample], held_back: Sequence[Sample], pace: float, minutes: float) -> Iterator[Step]:
    """Label in random order, then train."""
    device = torch.device("cpu")
    for count in (count for count in ALONE if count <= min(len(samples), pace * minutes)):
        began = time.process_time()
        model = train(
            samples[:count], TrainSettings(), device, load_model(BUNDLED[labels_to_size(count)], device)
        ).model
        seconds = time.process_time() - began
        yield Step(count / pace + seconds / 60, count, measure(Recognizer(model), held_back))


def main() -> None:
    """Play each way until the target is reached or the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", type=Path, help="folder with train/")
    parser.add_argument("--ways", nargs="+", default=["page", "random", "alone"], choices=["page", "random", "alone"])
    parser.add_argument("--pace", type=float, default=25.0, help="labels a minute")
    parser.add_argument("--minutes", type=float, default=30.0, help="give up after so many")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for module in (deadline, schedule):
        vars(module)["monotonic"] = time.process_time  # trainings have so much of one core, whatever else runs
    samples = folder_to_samples(arguments.family / "train").samples
    given = samples[:-HELD_BACK], samples[-HELD_BACK:], arguments.pace, arguments.minutes
    for way in arguments.ways:
        steps = play_alone(*given) if way == "alone" else play_page(*given, at_random=way == "random")
        reached = math.nan
        for step in steps:
            share = proportion_to_text(step.whole_text).strip()
            print(
                f"{arguments.family.name} {way}: {step.minutes:.1f} minutes, {step.labels} labels: {share}", flush=True
            )
            if (step.whole_text.value or 0.0) >= TARGET:
                reached = step.minutes
                break
        print(f"{arguments.family.name} {way}: 95 % after {reached:.1f} minutes", flush=True)


if __name__ == "__main__":
    with clear_errors():
        main()
