"""Attacks on a folder, one after another: learn, then read what was never learnt from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic

import torch

from kerf.classifier.alphabet import Constraint
from kerf.classifier.auditing.attack import (
    TRIES,
    Attack,
    Cost,
    Means,
    readings_to_attack,
    readings_to_estimate,
)
from kerf.classifier.auditing.steps import Step, plan_steps, to_seconds
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import TrainSettings, images_to_epochs
from kerf.classifier.learning.observer import Observer
from kerf.classifier.learning.training import AdaptResult, TrainResult, adapt, train
from kerf.classifier.model_file import Model
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import NoImagesError, NoLabelsError, SettingsError

LEAST_READ = 30
"""Captchas without labels that are read whatever the time."""
READING_SECONDS = 0.03
"""Time set aside to read a captcha, until it is known what that takes here; half of an attack's time at most."""

Mounted = tuple[Attack, Model]


@dataclass(frozen=True)
class Target:
    """What is attacked.

    Attributes
    ----------
    learnt
        Labelled images that may be learnt from, in an order of which every beginning is a fair sample.
    measured
        Labelled images that nothing learns from; where there are none, success is estimated.
    images
        All that may be learnt from without labels.
    constraint
        What the attacker knows of the texts.
    ignore_case
        Whether upper and lower case are one.
    """

    learnt: Sequence[Sample]
    measured: Sequence[Sample]
    images: Sequence[Path]
    constraint: Constraint
    ignore_case: bool = False


@dataclass
class Attacker:
    """Attacks a target, and keeps what came of it.

    Parameters
    ----------
    target
        What is attacked.
    start, settings, device
        What each attack learns from, and how.
    observer
        Told of steps.
    on_attack
        Told of each attack when it is over.

    Attributes
    ----------
    mounted
        The attacks, with what they read with.
    left_out
        What was not tried, and why.
    """

    target: Target
    start: Model
    settings: TrainSettings
    device: torch.device
    observer: Observer = field(default_factory=Observer)
    on_attack: Callable[[Attack], None] = lambda attack: None
    mounted: list[Mounted] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def attack(self, deadline: Deadline) -> None:
        """Attack in every way that there is time for, and in one whatever the time."""
        if self.target.measured:
            self.attempt("as it comes", lambda: self.measure(Cost(Means.START), self.start, deadline))
        seconds = deadline.left if self.mounted else math.inf  # whatever the time, one attack is made
        steps, late = plan_steps(len(self.target.images), len(self.target.learnt), seconds)
        self.left_out += [f"{step_to_name(step)}: there was no time" for step in late]
        while steps:
            part = deadline.share(to_seconds(steps, 1.0)[0])
            step = steps.pop(0)
            self.attempt(step_to_name(step), partial(self.take, step, part))

    def attempt(self, name: str, work: Callable[[], Mounted]) -> None:
        """Keep an attack and tell of it or, where it cannot be made, why."""
        try:
            self.mounted.append(work())
            self.on_attack(self.mounted[-1][0])
        except (NoImagesError, NoLabelsError, SettingsError) as error:
            self.left_out.append(f"{name}: {error}")

    def take(self, step: Step, deadline: Deadline) -> Mounted:
        """Learn, and read."""
        start = monotonic()
        each = self.mounted[-1][0].read_seconds if self.mounted else READING_SECONDS
        reading = min(0.5, each * len(self.to_read()) / max(deadline.left, 1e-9))
        learning = deadline.share(1 - reading)
        if step.means is Means.IMAGES:
            adapted = adapt(
                self.target.images,
                self.settings,
                self.device,
                self.start,
                self.target.constraint,
                self.observer,
                learning,
            )
            cost = Cost(step.means, 0, monotonic() - start, is_hurried(adapted))
            estimate = None if self.target.measured else adapted.adaptation.accuracy
            return self.measure(cost, adapted.model, deadline, estimate)
        samples = self.target.learnt[: step.labels]
        trained = train(
            samples, self.settings, self.device, self.start, self.observer, (), self.target.measured, learning
        )
        cost = Cost(step.means, step.labels, monotonic() - start, is_hurried(trained))
        return self.measure(cost, trained.model, deadline)

    def to_read(self) -> list[Path]:
        """List what is read after each attack: what is measured on or, where there is nothing, all."""
        return [sample.path for sample in self.target.measured] or list(self.target.images)

    def measure(
        self, cost: Cost, model: Model, deadline: Deadline, estimate: tuple[float, float, float] | None = None
    ) -> Mounted:
        """Read all that is measured on, so that attacks can be compared; of images without labels, as there is time."""
        start = monotonic()
        stream = Recognizer(model).read_many(self.to_read(), self.target.constraint, best=TRIES)
        readings = list(deadline.in_time(stream, len(self.target.measured) or LEAST_READ))
        seconds = (monotonic() - start) / max(1, len(readings))
        if estimate:
            return readings_to_estimate(cost, estimate, readings, seconds), model
        texts = [sample.text for sample in self.target.measured]
        return readings_to_attack(cost, texts, readings, seconds, ignore_case=self.target.ignore_case), model


def step_to_name(step: Step) -> str:
    """Return what a step is called."""
    return Cost(step.means, step.labels).name


def is_hurried(result: TrainResult | AdaptResult) -> bool:
    """Whether learning was cut short by the time."""
    config = result.model.network.config
    if isinstance(result, AdaptResult):
        passes = result.adaptation.passes
        return not result.adaptation.drifted and len(passes) < images_to_epochs(
            passes[-1].images if passes else 1, config
        )
    last = result.epochs[-1] if result.epochs else None
    return result.not_cut > 0 or last is None or last.epoch < images_to_epochs(result.model.provenance.trained, config)
