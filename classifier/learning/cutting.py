"""Labelled images to examples that the network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kerf.classifier.alphabet import texts_to_alphabet
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.kind import Looks, segmentation_to_looks
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.fitting import LabelledExample
from kerf.classifier.learning.observer import Observer
from kerf.classifier.network.examples import segmentation_to_example
from kerf.classifier.texts.patterns import MAX_LENGTH
from kerf.segmenter import Segmentation, SegmenterSettings, segment
from kerf.segmenter.colours import image_to_colours
from kerf.segmenter.crops import CropSettings, ink_to_text_rows
from kerf.segmenter.errors import KerfError, LabelFitError, to_problem
from kerf.segmenter.lattice import Lattice
from kerf.segmenter.load import path_to_picture

MEASURED_SAMPLES = 200
"""Images that the crops are fitted to, where there is time."""
LEAST_MEASURED = 10
"""Images that they are fitted to whatever the time."""
SEVERAL_HUES = 0.25
"""Spread of the text's colours from which they tell something: 0.5 where letters have several hues, 0.1 elsewhere."""
ALIKE = 0.5
"""Heights of the text are alike if from their tenth to their ninetieth percentile it is this share or less."""


@dataclass
class Cutter:
    """Cuts labelled images, ``total`` in all, into examples; collects what it looked at and what could not be used.

    Of what could be used it collects how it looks.
    """

    settings: SegmenterSettings
    observer: Observer
    total: int
    looked_at: list[Sample] = field(default_factory=list)
    looks: list[Looks] = field(default_factory=list)
    problems: list[KerfError] = field(default_factory=list)

    def samples_to_examples(
        self, samples: Sequence[Sample], deadline: Deadline = NO_DEADLINE, least: int = 0
    ) -> list[LabelledExample]:
        """Cut images whose label fits, as many as there is time for; the others go to ``problems``.

        The first ``least`` are cut whatever the time.
        """
        examples = []
        for sample in deadline.in_time(samples, least):
            try:
                examples.append(self.sample_to_example(sample))
            except Exception as error:
                problem = to_problem(str(sample.path), error)
                self.problems.append(problem)
                self.observer.on_problem(problem)
            self.looked_at.append(sample)
            self.observer.on_image(len(self.looked_at), self.total)
        return examples

    def sample_to_example(self, sample: Sample) -> LabelledExample:
        """Cut one image.

        Raises
        ------
        UnreadableImageError, LabelFitError
            If it cannot be read, or has no room for its label.
        """
        segmentation = path_to_segmentation(sample.path, self.settings)
        labelled = label_segmentation(segmentation, sample.text, str(sample.path))
        self.looks.append(segmentation_to_looks(segmentation))
        return labelled


def label_segmentation(segmentation: Segmentation, text: str, name: str) -> LabelledExample:
    """Put a cut image and its text together; ``name`` is what the image is called if they do not fit.

    Raises
    ------
    LabelFitError
        If the image has no room for its label.
    """
    example = segmentation_to_example(segmentation)
    room = min(most_characters(example.lattice), MAX_LENGTH)
    if len(text) > room:
        raise LabelFitError(
            f"{name}: label {text!r} has {len(text)} characters, "
            f"the image has room for {room}; correct the label or remove the image"
        )
    return LabelledExample(example, text)


def path_to_segmentation(path: Path, settings: SegmenterSettings) -> Segmentation:
    """Load and cut an image, as it is done for reading.

    Raises
    ------
    UnreadableImageError
        If it cannot be read.
    """
    return segment(path_to_picture(path, settings.load).pixels, settings)


def samples_to_crop_settings(
    samples: Sequence[Sample], settings: SegmenterSettings, deadline: Deadline = NO_DEADLINE
) -> CropSettings:
    """Choose height and channels of the strip by the first images.

    Where case matters and the height of the text is much the same in all images, it is one for all: noise and the
    letters' own heights make it differ in every kind of captcha; with one height, a character has one size in all
    strips, and ``o`` and ``O`` differ. Where images have strokes of several hues, the strip has colours.
    """
    heights, spreads = [], []
    for sample in deadline.in_time(samples[:MEASURED_SAMPLES], LEAST_MEASURED):
        with suppress(Exception):  # told when it is cut
            segmentation = path_to_segmentation(sample.path, settings)
            top, bottom = ink_to_text_rows(segmentation.ink)
            heights.append((bottom - top) / len(segmentation.image))
            spreads.append(spread_of_hues(segmentation))
    if not heights:
        return settings.crop
    cased = texts_to_alphabet(sample.text for sample in samples).has_both_cases
    height = alike_height(heights) if cased else None
    return replace(settings.crop, text_height=height, colours=bool(np.median(spreads) > SEVERAL_HUES))


def alike_height(heights: Sequence[float]) -> float | None:
    """One height for all, if they are ``ALIKE``."""
    low, middle, high = np.quantile(heights, (0.1, 0.5, 0.9)).tolist()
    return float(np.quantile(heights, 0.75)) if high - low <= ALIKE * middle else None


def spread_of_hues(segmentation: Segmentation) -> float:
    """How far the colours of a text's pixels are from their mean, of its contrast."""
    mask = segmentation.ink.mask
    colours = image_to_colours(segmentation.image, mask)[:, mask] / 127
    return float(np.sqrt(colours.var(axis=1).sum())) if mask.any() else 0.0


def most_characters(lattice: Lattice) -> int:
    """Most candidates that fit side by side."""
    most = np.zeros(len(lattice.cuts), np.int64)
    for start, end in lattice.spans:  # ordered by end
        most[end] = max(most[end], most[start] + 1)
        most[end:] = np.maximum(most[end:], most[end])
    return int(most[-1])
