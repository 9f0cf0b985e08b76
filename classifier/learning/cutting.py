"""Labelled images to examples that the network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
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
from kerf.segmenter.crops import ink_to_text_rows
from kerf.segmenter.errors import KerfError, LabelFitError, to_problem
from kerf.segmenter.lattice import Lattice
from kerf.segmenter.load import path_to_picture

HEIGHT_SAMPLES = 200
"""Images that the height of the text is measured on, where there is time."""
LEAST_HEIGHTS = 10
"""Images that it is measured on whatever the time."""
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


def alike_text_height(
    samples: Sequence[Sample], settings: SegmenterSettings, deadline: Deadline = NO_DEADLINE
) -> float | None:
    """Height of the text as a share of the image's, where case matters and it is much the same in all images, or None.

    Noise and the letters' own heights make it differ in every kind of captcha; with one height for all, a
    character has one size in all strips, and ``o`` and ``O`` differ.
    """
    if not texts_to_alphabet(sample.text for sample in samples).has_both_cases:
        return None
    heights = []
    for sample in deadline.in_time(samples[:HEIGHT_SAMPLES], LEAST_HEIGHTS):
        with suppress(Exception):  # told when it is cut
            segmentation = path_to_segmentation(sample.path, settings)
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
