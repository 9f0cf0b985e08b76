"""Unlabelled images to further training samples, by a model's own sure readings (self-training, Lee 2013).

The protocol: a model learns from the labels; it reads the unlabelled images; each text whose calibrated confidence
is at least ``LEAST_CONFIDENCE`` becomes a label; a second model starts where the first one started and learns from
both. Validation images are labelled ones throughout, and no image whose content is among the labelled ones is read.
The second model is kept unless it reads fewer of the validation images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.learning.observer import Observer
from kerf.classifier.model_file import Model
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import KerfError

LEAST_CONFIDENCE = 0.9


def pseudo_label(
    model: Model,
    images: Sequence[Path],
    labelled: Sequence[Sample],
    observer: Observer,
) -> tuple[list[Sample], list[KerfError]]:
    """Label what a model is sure of.

    Parameters
    ----------
    model
        Calibrated.
    images
        Without labels; those that cannot be read are told of and left out.
    labelled
        Images that have labels: the same contents are not labelled again.
    observer
        Told images read, problems, and how many were labelled.

    Returns
    -------
    tuple
        Samples in order of ``images``, each content once, and the errors of images that cannot be read.
    """
    known = {path_to_hash(sample.path) for sample in labelled}
    fresh: dict[str, Path] = {}
    for image in images:
        fresh.setdefault(path_to_hash(image), image)
    paths = [path for digest, path in fresh.items() if digest not in known]
    samples, problems = [], []
    for done, reading in enumerate(Recognizer(model).read_many(paths, Constraint()), start=1):
        observer.on_image(done, len(paths))
        if isinstance(reading, KerfError):
            problems.append(reading)
            observer.on_problem(reading)
        elif reading.text and reading.confidence >= LEAST_CONFIDENCE:
            samples.append(Sample(paths[done - 1], reading.text))
    observer.on_pseudo_labels(len(samples), len(paths))
    return samples, problems
