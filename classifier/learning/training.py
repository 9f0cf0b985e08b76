"""A folder's images to a model, with labels, without, or both: cut, split, fit, adapt, calibrate, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.folders.dataset import Sample, Split, split_samples
from kerf.classifier.folders.duplicates import near_duplicates
from kerf.classifier.kind import looks_to_kind
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.learning.adapting import Adaptation
from kerf.classifier.learning.checkpoint import Keeper
from kerf.classifier.learning.course import Course
from kerf.classifier.learning.cutting import Cutter, samples_to_crop_settings
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.unlabelled import images_to_unlabelled
from kerf.classifier.model_file import Model
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.errors import KerfError, NoImagesError, NoLabelsError

VALIDATION_FRACTION = 0.1
MIN_SAMPLES = 10
MIN_IMAGES = 20
OVERFIT_GAP = 0.1
"""Training less validation accuracy, at the lower end of its interval, from which a reader is called overfitted."""

MEASURING, CUTTING, FIRST_MODEL, CUTTING_UNLABELLED = 0.05, 0.5, 0.4, 0.25
"""Shares of the time then left: for measuring the text; for cutting; for the first model where two are trained; for
cutting what has no labels."""


@dataclass(frozen=True)
class TrainResult:
    """What training made.

    Attributes
    ----------
    model
        The model.
    epochs
        What was reported after each pass.
    problems
        Images that were left out, and why.
    duplicates
        Training and validation images that look the same although their files differ.
    not_cut
        Number of labelled images that there was no time for.
    models
        Number of models trained, of which ``model`` is the one that read more of the validation part.
    measured_on
        The validation part.
    """

    model: Model
    epochs: tuple[EpochReport, ...]
    problems: tuple[KerfError, ...]
    duplicates: tuple[tuple[Sample, Sample], ...]
    not_cut: int = 0
    models: int = 1
    measured_on: tuple[Sample, ...] = ()

    @property
    def overfitted(self) -> bool:
        """Whether the last pass surely read the training part far better than the validation part."""
        return bool(self.epochs) and self.epochs[-1].least_gap > OVERFIT_GAP

    @property
    def short(self) -> bool:
        """Whether there was no time for one pass over the training part."""
        return any(report.epoch == 1 and not report.whole for report in self.epochs)


@dataclass(frozen=True)
class AdaptResult:
    """What learning without labels made.

    Attributes
    ----------
    model
        The model.
    adaptation
        How the run went.
    problems
        Images that were left out, and why.
    """

    model: Model
    adaptation: Adaptation
    problems: tuple[KerfError, ...]


def train(
    samples: Sequence[Sample],
    settings: TrainSettings,
    device: torch.device,
    start: Model | None = None,
    observer: Observer | None = None,
    unlabelled: Sequence[Path] = (),
    held_out: Sequence[Sample] = (),
    deadline: Deadline = NO_DEADLINE,
    constraint: Constraint | None = None,
    keeper: Keeper | None = None,
) -> TrainResult:
    """Train a model from whole-captcha labels.

    Parameters
    ----------
    samples
        Images and their texts; where time is short, the first of them are looked at.
    settings
        How to fit.
    device
        Where.
    start
        A model whose weights to start from, and whose segmenter settings to keep; None starts from nothing.
    observer
        Told of progress and problems, and given the best model so far if a `KeyboardInterrupt` comes.
    unlabelled
        Images that a second model learns from as well; it starts from the first, and is kept unless it reads fewer
        of the validation part.
    held_out
        What will be measured on: such images among ``unlabelled`` are not learnt from.
    deadline
        When to have ended.
    constraint
        What is known of the texts of ``unlabelled``.
    keeper
        What keeps the training by labels meanwhile.

    Raises
    ------
    ModelUnreadableError
        If the keeper is to go on from a checkpoint that is of another training.
    NoLabelsError
        If fewer than ``MIN_SAMPLES`` images can be used.
    SettingsError
        If no text that the constraint allows fits any of the unlabelled images.
    """
    observer, constraint = observer or Observer(), constraint or Constraint()
    epochs: list[EpochReport] = []

    def on_epoch(report: EpochReport) -> None:
        epochs.append(report)
        observer.on_epoch(report)

    told = replace(observer, on_epoch=on_epoch)
    segmenter = (start.segmenter if start else SegmenterSettings()).told(settings.frames, settings.ink_colour)
    split = split_samples(samples, VALIDATION_FRACTION)
    crop = samples_to_crop_settings(split.train, segmenter, deadline.share(MEASURING))
    cutter = Cutter(replace(segmenter, crop=crop), told, len(samples))
    course, looked_at = split_to_course(split, cutter, settings, device, start, constraint, deadline.share(CUTTING))
    duplicates = near_duplicates(looked_at)
    model = course.fit(start, told, deadline.share(FIRST_MODEL) if unlabelled else deadline, keeper)
    again = None
    if unlabelled:
        try:
            again = adapt_further(course, cutter, model, unlabelled, [*samples, *held_out], constraint, deadline)
        except KeyboardInterrupt:
            observer.on_interrupt(model)
            raise
    return TrainResult(
        max(again or model, model, key=lambda one: one.provenance.validation_correct),
        tuple(epochs),
        tuple(cutter.problems),
        tuple(duplicates),
        len(samples) - len(looked_at.train) - len(looked_at.validation),
        2 if again else 1,
        looked_at.validation,
    )


def split_to_course(
    split: Split,
    cutter: Cutter,
    settings: TrainSettings,
    device: torch.device,
    start: Model | None,
    constraint: Constraint,
    deadline: Deadline,
) -> tuple[Course, Split]:
    """Cut both parts, as much of each as there is time for; return also what was looked at."""
    validation = cutter.samples_to_examples(split.validation, deadline.share(VALIDATION_FRACTION), MIN_SAMPLES)
    measured_on = tuple(cutter.looked_at)
    training = cutter.samples_to_examples(split.train, deadline, MIN_SAMPLES)
    if len(training) + len(validation) < MIN_SAMPLES or not training:
        raise NoLabelsError(
            f"{len(training) + len(validation)} labelled images can be used, training needs {MIN_SAMPLES}; label more"
        )
    alphabet, lengths = known_texts([labelled.text for labelled in [*training, *validation]], constraint, start)
    kind = looks_to_kind(cutter.looks)
    course = Course(
        tuple(cutter.looked_at), training, validation, alphabet, lengths, cutter.settings, settings, device, kind
    )
    return course, Split(tuple(cutter.looked_at[len(measured_on) :]), measured_on)


def known_texts(texts: Sequence[str], constraint: Constraint, start: Model | None) -> tuple[Alphabet, tuple[int, int]]:
    """Collect the alphabet, in code point order, and the fewest and most characters.

    They are those of the labels, and those that the constraint names, as far as the start can read them.
    Where there are no labels, what the constraint does not name is as in the start.

    Raises
    ------
    SettingsError
        If the start can read nothing that the constraint names.
    """
    characters, counts = set("".join(texts)), {len(text) for text in texts}
    if start:
        space = to_text_space(start.alphabet, start.lengths, constraint)
        if not texts or constraint.characters or constraint.spelt_out:
            characters |= set(space.characters)
        if not texts or constraint.lengths or constraint.places:
            counts |= space.lengths
    return Alphabet("".join(sorted(characters))), (min(counts), max(counts))


def adapt_further(
    course: Course,
    cutter: Cutter,
    model: Model,
    unlabelled: Sequence[Path],
    known: Sequence[Sample],
    constraint: Constraint,
    deadline: Deadline,
) -> Model | None:
    """Let a model learn from images without labels as well; None if there are none."""
    observer = replace(cutter.observer, on_interrupt=lambda _: None)  # the first model is whole, this one would not be
    images = images_to_unlabelled(unlabelled, known, cutter, deadline.share(CUTTING_UNLABELLED))
    return course.adapt(model, images, constraint, observer, deadline)[0] if images.learnt else None


def adapt(
    images: Sequence[Path],
    settings: TrainSettings,
    device: torch.device,
    start: Model,
    constraint: Constraint | None = None,
    observer: Observer | None = None,
    deadline: Deadline = NO_DEADLINE,
) -> AdaptResult:
    """Let a model learn a kind of captcha from images without labels; see ``adapting``.

    Parameters
    ----------
    images
        At least ``MIN_IMAGES`` that can be read and differ.
    settings, device, start, observer, deadline
        As for ``train``.
    constraint
        What is known of the texts; the model will read such texts and no others, but for what a pattern says of places.

    Raises
    ------
    NoImagesError
        If there are fewer images.
    SettingsError
        If no text that the constraint allows fits any of them, or the start knows none of the characters.
    """
    observer, constraint = observer or Observer(), constraint or Constraint()
    alphabet, lengths = known_texts((), constraint, start)
    cutter = Cutter(start.segmenter.told(settings.frames, settings.ink_colour), observer, 0)
    unlabelled = images_to_unlabelled(images, (), cutter, deadline.share(CUTTING))
    if (count := len(unlabelled.learnt) + len(unlabelled.held_out)) < MIN_IMAGES:
        raise NoImagesError(f"{count} images that differ can be read, adapting needs {MIN_IMAGES}; name more")
    kind = looks_to_kind(cutter.looks)
    course = Course((), (), (), alphabet, lengths, cutter.settings, settings, device, kind)
    model, adaptation = course.adapt(start, unlabelled, constraint, observer, deadline)
    return AdaptResult(model, adaptation, tuple(cutter.problems))
