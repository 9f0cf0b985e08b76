"""A folder's labelled images to a model: cut, split, fit, calibrate, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import torch
from torch.nn import functional

from kerf import __version__
from kerf.classifier.alphabet import Alphabet, texts_to_alphabet
from kerf.classifier.folders.dataset import Sample, Split, data_hash, split_samples
from kerf.classifier.folders.duplicates import near_duplicates
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.kind import Kind, looks_to_kind
from kerf.classifier.learning.calibration import fit_temperature
from kerf.classifier.learning.cutting import Cutter, samples_to_crop_settings
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.pseudo_labels import pseudo_label
from kerf.classifier.measuring.metrics import Proportion, proportion
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance, hashes_to_learnt
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.crops import MARGIN_SAMPLES
from kerf.segmenter.errors import KerfError, NoLabelsError

VALIDATION_FRACTION = 0.1
MIN_SAMPLES = 10
STEM = "trunk.0.0.weight"
OVERFIT_GAP = 0.1
"""Training less validation accuracy, at the lower end of its interval, from which a reader is called overfitted."""

MEASURING, CUTTING, FIRST_MODEL, PSEUDO_LABELS = 0.05, 0.5, 0.4, 0.3
"""Shares of the time then left: for measuring the text; for cutting; for the first model where two are trained; for
labelling by it."""


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
    """

    model: Model
    epochs: tuple[EpochReport, ...]
    problems: tuple[KerfError, ...]
    duplicates: tuple[tuple[Sample, Sample], ...]
    not_cut: int = 0
    models: int = 1

    @property
    def overfitted(self) -> bool:
        """Whether the last pass surely read the training part far better than the validation part."""
        return bool(self.epochs) and self.epochs[-1].least_gap > OVERFIT_GAP

    @property
    def short(self) -> bool:
        """Whether there was no time for one pass over the training part."""
        return any(report.epoch == 1 and not report.whole for report in self.epochs)


def train(
    samples: Sequence[Sample],
    settings: TrainSettings,
    device: torch.device,
    start: Model | None = None,
    observer: Observer | None = None,
    unlabelled: Sequence[Path] = (),
    held_out: Sequence[Sample] = (),
    deadline: Deadline = NO_DEADLINE,
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
        Images to learn from as well, by pseudo-labels; see ``pseudo_labels``.
    held_out
        What will be measured on: such images among ``unlabelled`` are not learnt from.
    deadline
        When to have ended.

    Raises
    ------
    NoLabelsError
        If fewer than ``MIN_SAMPLES`` images can be used.
    """
    observer = observer or Observer()
    epochs: list[EpochReport] = []

    def on_epoch(report: EpochReport) -> None:
        epochs.append(report)
        observer.on_epoch(report)

    told = replace(observer, on_epoch=on_epoch)
    segmenter = (start.segmenter if start else SegmenterSettings()).told(settings.frames, settings.ink_colour)
    split = split_samples(samples, VALIDATION_FRACTION)
    crop = samples_to_crop_settings(split.train, segmenter, deadline.share(MEASURING))
    cutter = Cutter(replace(segmenter, crop=crop), told, len(samples))
    course, looked_at = split_to_course(split, cutter, settings, device, start, deadline.share(CUTTING))
    duplicates = near_duplicates(looked_at)
    model = course.fit((), told, deadline.share(FIRST_MODEL) if unlabelled else deadline)
    again = None
    if unlabelled:
        try:
            again = fit_again(course, cutter, model, unlabelled, [*samples, *held_out], deadline)
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
    )


def split_to_course(
    split: Split,
    cutter: Cutter,
    settings: TrainSettings,
    device: torch.device,
    start: Model | None,
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
    kind = looks_to_kind(cutter.looks)
    course = Course(tuple(cutter.looked_at), training, validation, cutter.settings, settings, device, start, kind)
    return course, Split(tuple(cutter.looked_at[len(measured_on) :]), measured_on)


def fit_again(
    course: Course,
    cutter: Cutter,
    model: Model,
    unlabelled: Sequence[Path],
    known: Sequence[Sample],
    deadline: Deadline,
) -> Model | None:
    """Fit a second model, to what a first one reads surely as well; None if it reads nothing so."""
    observer = replace(cutter.observer, on_interrupt=lambda _: None)  # the first model is whole, this one would not be
    pseudo, problems = pseudo_label(model, unlabelled, known, observer, deadline.share(PSEUDO_LABELS))
    cutter.problems.extend(problems)
    cutter.total += len(pseudo)
    examples = cutter.samples_to_examples(pseudo, deadline.share(CUTTING))
    return course.fit(examples, observer, deadline) if examples else None


@dataclass(frozen=True)
class Course:
    """Labelled examples, and how to make a model of them."""

    samples: Sequence[Sample]
    training: Sequence[LabelledExample]
    validation: Sequence[LabelledExample]
    segmenter: SegmenterSettings
    settings: TrainSettings
    device: torch.device
    start: Model | None
    kind: Kind | None

    def fit(self, pseudo: Sequence[LabelledExample], observer: Observer, deadline: Deadline = NO_DEADLINE) -> Model:
        """Fit and calibrate a model, from pseudo-labelled examples too.

        If a `KeyboardInterrupt` comes, the observer is given the model as it is: not calibrated, nor measured.
        """
        texts = [labelled.text for labelled in [*self.training, *self.validation]]
        alphabet, counts = texts_to_alphabet(texts), [len(text) for text in texts]
        torch.manual_seed(self.settings.seed)
        network = start_network(alphabet, self.segmenter, self.start).to(self.device)
        fitter = Fitter(network, alphabet, (min(counts), max(counts)), self.settings)
        try:
            report = fitter.fit([*self.training, *pseudo], self.validation, observer, deadline)
            temperature = fit_temperature(fitter, self.validation)
        except KeyboardInterrupt:
            if fitter.has_learnt:
                fitter.keep_average()
                observer.on_interrupt(self.to_model(fitter, 1.0, len(pseudo), proportion(0, 0)))
            raise
        return self.to_model(fitter, temperature, len(pseudo), report.validation)

    def to_model(self, fitter: Fitter, temperature: float, pseudo: int, validation: Proportion) -> Model:
        """Put a model together."""
        provenance = Provenance(
            len(self.training),
            validation.n,
            pseudo,
            data_hash(self.samples),
            validation.count,
            validation.low_95,
            validation.high_95,
            date.today().isoformat(),
            __version__,
            hashes_to_learnt(path_to_hash(sample.path) for sample in self.samples),
        )
        return Model(
            fitter.network, fitter.alphabet, fitter.lengths, temperature, self.segmenter, provenance, self.kind
        )


def start_network(alphabet: Alphabet, settings: SegmenterSettings, start: Model | None) -> CharNet:
    """Make a network for an alphabet; with ``start``, take over its weights.

    A character starts from the classes that read as it, its other case included; one that is new, from nothing.
    """
    config = start.network.config if start else NetworkConfig(1)
    samples = settings.crop.samples + 2 * MARGIN_SAMPLES
    crop = settings.crop
    config = replace(config, classes=len(alphabet), in_channels=crop.channels, height=crop.height, samples=samples)
    network = CharNet(config)
    if start:
        weights = {k: v for k, v in start.network.state_dict().items() if not k.startswith("output.")}
        missing = config.in_channels - start.network.config.in_channels  # channels that the start had not add nothing
        weights[STEM] = functional.pad(weights[STEM], (0, 0, 0, 0, 0, missing))
        network.load_state_dict(weights, strict=False)
        known = start.network.output
        with torch.no_grad():
            for row, group in enumerate(start.alphabet.folded_onto(alphabet.characters)):
                if group:
                    network.output.weight[row] = known.weight[group].mean(dim=0)
                    network.output.bias[row] = known.bias[group].mean()
    return network
