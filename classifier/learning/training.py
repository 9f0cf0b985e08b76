"""A folder's labelled images to a model: cut, split, fit, calibrate, measure."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import torch

from kerf import __version__
from kerf.classifier.alphabet import MAX_LENGTH, Alphabet, texts_to_alphabet
from kerf.classifier.folders.dataset import Sample, data_hash, split_samples
from kerf.classifier.folders.duplicates import near_duplicates
from kerf.classifier.learning.calibration import fit_temperature
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.pseudo_labels import pseudo_label
from kerf.classifier.measuring.metrics import wilson_interval
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance
from kerf.classifier.network.batch import segmentation_to_example
from kerf.classifier.network.char_net import CharNet, NetworkConfig
from kerf.segmenter import SegmenterSettings, segment
from kerf.segmenter.crops import MARGIN_SAMPLES, ink_to_text_rows
from kerf.segmenter.errors import KerfError, LabelFitError, NoLabelsError
from kerf.segmenter.lattice import Lattice
from kerf.segmenter.load import path_to_image

VALIDATION_FRACTION = 0.1
MIN_SAMPLES = 10
HEIGHT_SAMPLES = 200
"""Images that the height of the text is measured on."""
ALIKE = 0.5
"""Heights of the text are alike if from their tenth to their ninetieth percentile it is this share or less."""
OVERFIT_GAP = 0.15
"""Training less validation accuracy from which a reader is called overfitted."""


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
    """

    model: Model
    epochs: tuple[EpochReport, ...]
    problems: tuple[KerfError, ...]
    duplicates: tuple[tuple[Sample, Sample], ...]

    @property
    def overfitted(self) -> bool:
        """Whether the last pass read the training part far better than the validation part."""
        return bool(self.epochs) and self.epochs[-1].gap > OVERFIT_GAP


@dataclass
class Cutter:
    """Cuts labelled images into examples and collects what could not be used."""

    settings: SegmenterSettings
    observer: Observer
    problems: list[KerfError] = field(default_factory=list)

    def samples_to_examples(self, samples: Sequence[Sample], done: int, total: int) -> list[LabelledExample]:
        """Cut images whose label fits; the others go to ``problems``."""
        examples = []
        for index, sample in enumerate(samples):
            try:
                examples.append(self.sample_to_example(sample))
            except KerfError as problem:
                self.problems.append(problem)
                self.observer.on_problem(problem)
            self.observer.on_image(done + index + 1, total)
        return examples

    def sample_to_example(self, sample: Sample) -> LabelledExample:
        """Cut one image.

        Raises
        ------
        UnreadableImageError, LabelFitError
            If it cannot be read, or has no room for its label.
        """
        example = segmentation_to_example(segment(path_to_image(sample.path), self.settings))
        room = min(most_characters(example.lattice), MAX_LENGTH)
        if len(sample.text) > room:
            raise LabelFitError(
                f"{sample.path}: label {sample.text!r} has {len(sample.text)} characters, "
                f"the image has room for {room}; correct the label or remove the image"
            )
        return LabelledExample(example, sample.text)


def alike_text_height(samples: Sequence[Sample], settings: SegmenterSettings) -> float | None:
    """Height of the text as a share of the image's, where case matters and it is much the same in all images, or None.

    Noise and the letters' own heights make it differ in every kind of captcha; with one height for all, a
    character has one size in all strips, and ``o`` and ``O`` differ.
    """
    if not texts_to_alphabet(sample.text for sample in samples).has_both_cases:
        return None
    heights = []
    for sample in samples[:HEIGHT_SAMPLES]:
        with suppress(KerfError):
            segmentation = segment(path_to_image(sample.path), settings)
            top, bottom = ink_to_text_rows(segmentation.ink)
            heights.append((bottom - top) / len(segmentation.image))
    if not heights:
        return None
    low, middle, high = np.quantile(heights, (0.1, 0.5, 0.9)).tolist()
    return float(np.quantile(heights, 0.75)) if high - low <= ALIKE * middle else None


def most_characters(lattice: Lattice) -> int:
    """Most candidates that fit side by side."""
    most = np.zeros(len(lattice.cuts), np.int64)
    for start, end in lattice.spans:  # ordered by end
        most[end] = max(most[end], most[start] + 1)
        most[end:] = np.maximum(most[end:], most[end])
    return int(most[-1])


def train(
    samples: Sequence[Sample],
    settings: TrainSettings,
    device: torch.device,
    start: Model | None = None,
    observer: Observer | None = None,
    unlabelled: Sequence[Path] = (),
) -> TrainResult:
    """Train a model from whole-captcha labels.

    Parameters
    ----------
    samples
        Images and their texts.
    settings
        How to fit.
    device
        Where.
    start
        A model whose weights to start from, and whose segmenter settings to keep; None starts from nothing.
    observer
        Told of progress and problems.
    unlabelled
        Images to learn from as well, by pseudo-labels; see ``pseudo_labels``.

    Raises
    ------
    NoLabelsError
        If fewer than ``MIN_SAMPLES`` images can be used.
    """
    observer = observer or Observer()
    split = split_samples(samples, VALIDATION_FRACTION)
    segmenter = start.segmenter if start else SegmenterSettings()
    height = alike_text_height(split.train, segmenter)
    cutter = Cutter(replace(segmenter, crop=replace(segmenter.crop, text_height=height)), observer)
    training = cutter.samples_to_examples(split.train, 0, len(samples))
    validation = cutter.samples_to_examples(split.validation, len(split.train), len(samples))
    if len(training) + len(validation) < MIN_SAMPLES or not training:
        raise NoLabelsError(
            f"{len(training) + len(validation)} labelled images can be used, training needs {MIN_SAMPLES}; label more"
        )
    epochs: list[EpochReport] = []

    def on_epoch(report: EpochReport) -> None:
        epochs.append(report)
        observer.on_epoch(report)

    if unlabelled and settings.max_seconds:
        settings = replace(settings, max_seconds=settings.max_seconds / 2)  # for each of the two models
    course = Course(samples, training, validation, cutter.settings, settings, device, start)
    told = replace(observer, on_epoch=on_epoch)
    model = course.fit((), told)
    if unlabelled:
        pseudo, problems = pseudo_label(model, unlabelled, samples, observer)
        cutter.problems.extend(problems)
        if pseudo:
            second = course.fit(cutter.samples_to_examples(pseudo, 0, len(pseudo)), told)
            model = max(second, model, key=lambda one: one.provenance.validation_correct)
    return TrainResult(model, tuple(epochs), tuple(cutter.problems), tuple(near_duplicates(split)))


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

    def fit(self, pseudo: Sequence[LabelledExample], observer: Observer) -> Model:
        """Fit, calibrate and measure a model, from pseudo-labelled examples too."""
        texts = [labelled.text for labelled in [*self.training, *self.validation]]
        alphabet, counts = texts_to_alphabet(texts), [len(text) for text in texts]
        lengths = min(counts), max(counts)
        torch.manual_seed(self.settings.seed)
        network = start_network(alphabet, self.segmenter, self.start).to(self.device)
        fitter = Fitter(network, alphabet, lengths, self.settings)
        fitter.fit([*self.training, *pseudo], self.validation, observer)
        temperature = fit_temperature(fitter, self.validation)
        validated = len(self.validation)
        correct = round(fitter.score(network, self.validation)[0] * validated) if validated else 0
        low, high = wilson_interval(correct, validated)
        provenance = Provenance(
            len(self.training),
            validated,
            len(pseudo),
            data_hash(self.samples),
            correct,
            low,
            high,
            date.today().isoformat(),
            __version__,
        )
        return Model(network, alphabet, lengths, temperature, self.segmenter, provenance)


def start_network(alphabet: Alphabet, settings: SegmenterSettings, start: Model | None) -> CharNet:
    """Make a network for an alphabet; with ``start``, take over its weights.

    A character starts from the classes that read as it, its other case included; one that is new, from nothing.
    """
    config = start.network.config if start else NetworkConfig(1)
    samples = settings.crop.samples + 2 * MARGIN_SAMPLES
    config = replace(config, classes=len(alphabet), height=settings.crop.height, samples=samples)
    network = CharNet(config)
    if start:
        weights = {k: v for k, v in start.network.state_dict().items() if not k.startswith("output.")}
        network.load_state_dict(weights, strict=False)
        known = start.network.output
        with torch.no_grad():
            for row, group in enumerate(start.alphabet.folded_onto(alphabet.characters)):
                if group:
                    network.output.weight[row] = known.weight[group].mean(dim=0)
                    network.output.bias[row] = known.bias[group].mean()
    return network
