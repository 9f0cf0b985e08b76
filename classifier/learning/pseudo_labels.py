"""Unlabelled images to further training samples, by a model's own sure readings (self-training, Lee 2013).

The protocol: a model learns from the labels; it reads the unlabelled images; each text whose calibrated confidence
is at least ``LEAST_CONFIDENCE`` becomes a label; a second model starts where the first one started and learns from
both. Validation images are labelled ones throughout. Images whose content is among the labelled or held-out ones
are not read, and what looks like one of those is not learnt. The second model is kept unless it reads fewer of the
validation images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.folders.dataset import Sample, Split
from kerf.classifier.folders.duplicates import near_duplicates
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.observer import Observer
from kerf.classifier.model_file import Model
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import KerfError

LEAST_CONFIDENCE = 0.9


def pseudo_label(
    model: Model,
    images: Sequence[Path],
    known: Sequence[Sample],
    observer: Observer,
    deadline: Deadline = NO_DEADLINE,
) -> tuple[list[Sample], list[KerfError]]:
    """Label what a model is sure of.

    Parameters
    ----------
    model
        Calibrated.
    images
        Without labels; those that cannot be read are told of and left out.
    known
        Images that have labels, and that were held out: neither they nor what looks like them is labelled.
    observer
        Told images read, problems, and how many were labelled.
    deadline
        When to stop reading.

    Returns
    -------
    tuple
        Samples by the hash of their contents, each content once, and the errors of images that cannot be read.
    """
    paths = fresh_images(images, known, deadline)
    samples, problems = [], []
    readings = deadline.in_time(Recognizer(model).read_many(paths))
    for done, (path, reading) in enumerate(zip(paths, readings, strict=False), start=1):
        observer.on_image(done, len(paths))
        if isinstance(reading, KerfError):
            problems.append(reading)
            observer.on_problem(reading)
        elif reading.text and reading.confidence >= LEAST_CONFIDENCE:
            samples.append(Sample(path, reading.text))
    alike = {sample for _, sample in near_duplicates(Split(tuple(known), tuple(samples)))}
    samples = [sample for sample in samples if sample not in alike]
    observer.on_pseudo_labels(len(samples), len(paths))
    return samples, problems


def fresh_images(images: Sequence[Path], known: Sequence[Sample], deadline: Deadline) -> list[Path]:
    """List images whose content is not among the known, each content once, ordered by its hash."""
    fresh: dict[str, Path] = {}
    for image in deadline.in_time(images):
        fresh.setdefault(path_to_hash(image), image)
    for sample in known:
        fresh.pop(path_to_hash(sample.path), None)
    return [fresh[digest] for digest in sorted(fresh)]
