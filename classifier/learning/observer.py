"""What training tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kerf.segmenter.errors import KerfError


@dataclass(frozen=True)
class EpochReport:
    """One pass over the training part.

    Attributes
    ----------
    epoch, epochs
        Which pass, from 1, of how many.
    loss
        Mean lattice loss of the pass, on augmented images: nats a captcha.
    validation_loss
        The same on the validation part, without augmentation; NaN where there is none.
    train_accuracy, validation_accuracy
        Whole-text accuracy of the averaged weights, without augmentation, on a sample of the training part and on
        the validation part.
    seconds
        Since the start.
    """

    epoch: int
    epochs: int
    loss: float
    validation_loss: float
    train_accuracy: float
    validation_accuracy: float
    seconds: float

    @property
    def gap(self) -> float:
        """Training accuracy less validation accuracy."""
        return self.train_accuracy - self.validation_accuracy


@dataclass(frozen=True)
class Observer:
    """Where training says how far it is.

    Parameters
    ----------
    on_image
        Told images cut, and in all.
    on_problem
        Told of each image that is left out, and why.
    on_step
        Told steps done, and in all.
    on_epoch
        Told after each pass.
    on_pseudo_labels
        Told how many unlabelled images a model has labelled, and of how many.
    """

    on_image: Callable[[int, int], None] = lambda done, total: None
    on_problem: Callable[[KerfError], None] = lambda problem: None
    on_step: Callable[[int, int], None] = lambda done, total: None
    on_epoch: Callable[[EpochReport], None] = lambda report: None
    on_pseudo_labels: Callable[[int, int], None] = lambda labelled, total: None
