"""A folder's labelled images to a model: cut, split, fit, calibrate, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import torch

from classifier.alphabet import MAX_LENGTH, Alphabet, texts_to_alphabet
from classifier.batch import segmentation_to_example
from classifier.calibration import fit_temperature
from classifier.dataset import Sample, data_hash, split_samples
from classifier.duplicates import near_duplicates
from classifier.fitting import Fitter, LabelledExample, TrainSettings
from classifier.metrics import wilson_interval
from classifier.model_file import Model, Provenance
from classifier.network import CharNet, NetworkConfig
from classifier.observer import EpochReport, Observer
from classifier.version import program_version
from segmenter import SegmenterSettings, segment
from segmenter.crops import MARGIN_SAMPLES
from segmenter.errors import KerfError, LabelFitError, NoLabelsError
from segmenter.lattice import Lattice
from segmenter.load import path_to_image

VALIDATION_FRACTION = 0.1
MIN_SAMPLES = 10
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

    Raises
    ------
    NoLabelsError
        If fewer than ``MIN_SAMPLES`` images can be used.
    """
    observer = observer or Observer()
    torch.manual_seed(settings.seed)
    split = split_samples(samples, VALIDATION_FRACTION)
    cutter = Cutter(start.segmenter if start else SegmenterSettings(), observer)
    training = cutter.samples_to_examples(split.train, 0, len(samples))
    validation = cutter.samples_to_examples(split.validation, len(split.train), len(samples))
    if len(training) + len(validation) < MIN_SAMPLES or not training:
        raise NoLabelsError(
            f"{len(training) + len(validation)} labelled images can be used, training needs {MIN_SAMPLES}; label more"
        )
    texts = [labelled.text for labelled in training + validation]
    alphabet, counts = texts_to_alphabet(texts), [len(text) for text in texts]
    lengths = min(counts), max(counts)
    network = start_network(alphabet, cutter.settings, start).to(device)
    epochs: list[EpochReport] = []

    def on_epoch(report: EpochReport) -> None:
        epochs.append(report)
        observer.on_epoch(report)

    fitter = Fitter(network, alphabet, lengths, settings)
    fitter.fit(training, validation, replace(observer, on_epoch=on_epoch))
    temperature = fit_temperature(fitter, validation)
    correct = round(fitter.score(network, validation)[0] * len(validation)) if validation else 0
    provenance = to_provenance(len(training), len(validation), correct, data_hash(samples))
    model = Model(network, alphabet, lengths, temperature, cutter.settings, provenance)
    return TrainResult(model, tuple(epochs), tuple(cutter.problems), tuple(near_duplicates(split)))


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


def to_provenance(trained: int, validated: int, correct: int, digest: str) -> Provenance:
    """Write down where a model came from."""
    low, high = wilson_interval(correct, validated)
    today = date.today().isoformat()
    return Provenance(trained, validated, digest, correct, low, high, today, program_version())
