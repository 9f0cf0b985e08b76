"""A model to start from: learnt from captchas that are drawn as they are needed, a million of them and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path

import torch

from kerf import __version__
from kerf.classifier.alphabet import Alphabet
from kerf.classifier.learning.augment import AugmentSettings
from kerf.classifier.learning.calibration import fit_temperature
from kerf.classifier.learning.checkpoint import load_checkpoint, save_checkpoint
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.drawing import CHUNK, DrawnChunks, Pool, draw_chunks
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import Observer
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.learning.start import start_network
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance
from kerf.classifier.synthesis import CHARACTERS, SIGNS
from kerf.segmenter import SegmenterSettings

LENGTHS = (1, 12)
"""Fewest and most characters of a text."""
HELD_BACK = 16
"""Chunks that are drawn to measure on, with a seed of their own."""
ROUND = 8
"""Chunks drawn before each turn of learning, whose batches are sorted by width together."""
KEPT = 40
"""Rounds between two checkpoints."""


MILD = AugmentSettings(0.05, 0.12, 0.06, 0.05, 0.04, 0.02, 0.1, 0.02, lines=0.1, holes=0.05)
"""What is drawn is hard as it is, and seldom seen twice."""


@dataclass(frozen=True)
class PretrainSettings:
    """How long to learn, and how.

    Parameters
    ----------
    images
        Captchas to draw in all.
    visits
        How often each is learnt from, about.
    pool
        Captchas kept in memory, from which each batch is taken at random.
    workers
        Processes that draw; 0 draws in this one.
    fitting
        How to fit; its seed is the drawing's too.
    """

    images: int = 1_000_000
    visits: int = 3
    pool: int = 20_000
    workers: int = 1
    fitting: TrainSettings = field(default_factory=lambda: TrainSettings(averaging=0.999, augment=MILD))

    @property
    def rounds(self) -> int:
        """Rounds of ``ROUND`` chunks."""
        return max(1, self.images // (ROUND * CHUNK))

    @property
    def steps_a_round(self) -> int:
        """Steps of the optimizer after each of them."""
        return ROUND * CHUNK * self.visits // self.fitting.batch_size


def pretrain(
    settings: PretrainSettings,
    fonts: Sequence[Path],
    checkpoint: Path,
    device: torch.device,
    start: Model | None = None,
    observer: Observer | None = None,
    deadline: Deadline = NO_DEADLINE,
) -> Model:
    """Learn from captchas that are drawn meanwhile.

    Parameters
    ----------
    settings
        How long, and how.
    fonts
        What to draw with.
    checkpoint
        Where to go on from if it exists, and what to write every ``KEPT`` rounds.
    device
        Where to learn.
    start
        A model whose weights to start from; None starts from nothing.
    observer
        Told of steps, and of each measurement.
    deadline
        When to have ended; the learning rate falls in time.

    Raises
    ------
    ModelUnreadableError
        If the checkpoint is of another training.
    SettingsError
        If the start cannot be widened to the size asked for.
    """
    observer = observer or Observer()
    torch.manual_seed(settings.fitting.seed)
    cut, alphabet = SegmenterSettings(), Alphabet("".join(sorted(CHARACTERS + SIGNS)))
    fitting = replace(settings.fitting, prior=0.0) if start else settings.fitting  # a start knows where to cut
    fitter = Fitter(start_network(alphabet, cut, start, fitting.size).to(device), alphabet, LENGTHS, fitting)
    measured_on = held_back(fonts, cut, settings)
    schedule = Schedule(
        settings.rounds * settings.steps_a_round, deadline, 2 * len(measured_on) / settings.fitting.batch_size
    )
    schedule.taken = load_checkpoint(fitter, checkpoint) if checkpoint.exists() else 0
    done = schedule.taken // settings.steps_a_round
    chunks = draw_chunks(DrawnChunks(settings.fitting.seed, done * ROUND, fonts, cut), settings.workers)
    pool = Pool(settings.pool, settings.fitting.seed + done)
    for number in range(done + 1, settings.rounds + 1):
        for examples in islice(chunks, ROUND):
            pool.add(examples)
        loss = fitter.run_epoch(pool.take(settings.steps_a_round * settings.fitting.batch_size), schedule, observer)
        if number % KEPT == 0 or schedule.done:
            save_checkpoint(fitter, schedule.taken, checkpoint)
            observer.on_epoch(fitter.report(loss, pool.take(len(measured_on)), measured_on, schedule))
        if schedule.done:
            break
    fitter.keep_average()
    return to_start_model(fitter, measured_on, schedule.taken * settings.fitting.batch_size // settings.visits)


def held_back(fonts: Sequence[Path], cut: SegmenterSettings, settings: PretrainSettings) -> list[LabelledExample]:
    """Draw what is measured on, from another seed than what is learnt from."""
    chunks = draw_chunks(DrawnChunks(settings.fitting.seed + 1, 0, fonts, cut), settings.workers)
    return [example for chunk in islice(chunks, HELD_BACK) for example in chunk]


def to_start_model(fitter: Fitter, measured_on: Sequence[LabelledExample], images: int) -> Model:
    """Calibrate and measure on what was held back, and put the model together."""
    temperature = fit_temperature(fitter, measured_on)
    right, _ = fitter.score(fitter.network, measured_on)
    provenance = Provenance(
        images,
        right.n,
        0,
        "",
        right.count,
        right.low_95,
        right.high_95,
        date.today().isoformat(),
        __version__,
        "",
    )
    return Model(fitter.network, fitter.alphabet, fitter.lengths, temperature, SegmenterSettings(), provenance)
