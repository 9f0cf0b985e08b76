"""What training tells while it runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerf.classifier.measuring.metrics import Proportion
from kerf.classifier.measuring.rates import count_to_rate, rates_to_difference
from kerf.segmenter.errors import KerfError

if TYPE_CHECKING:
    from kerf.classifier.model_file import Model


@dataclass(frozen=True)
class EpochReport:
    """One pass over the training part.

    Attributes
    ----------
    epoch, epochs
        Which pass, from 1, of how many; where time is limited, of how many there will be as it seems.
    whole
        Whether the pass came to its end before the time was over.
    loss
        Mean lattice loss of the pass, on augmented images: nats a captcha.
    validation_loss
        The same on the validation part, without augmentation; NaN where there is none.
    training, validation
        Whole texts that the averaged weights read rightly, without augmentation, of a sample of the training part
        and of the validation part.
    seconds
        Since the start.
    """

    epoch: int
    epochs: int
    whole: bool
    loss: float
    validation_loss: float
    training: Proportion
    validation: Proportion
    seconds: float

    @property
    def gap(self) -> float:
        """Training accuracy less validation accuracy; NaN where one of them is not known."""
        training, validation = self.training.value, self.validation.value
        return math.nan if training is None or validation is None else training - validation

    @property
    def least_gap(self) -> float:
        """Lower end of the gap's 95 % interval (Newcombe 1998, method 10); NaN where the gap is."""
        training, validation = (count_to_rate(share.count, share.n) for share in (self.training, self.validation))
        return rates_to_difference(training, validation).low if training.n and validation.n else math.nan


@dataclass(frozen=True)
class PassReport:
    """One pass over images without labels.

    Attributes
    ----------
    number
        Which pass, from 1.
    progress
        Share of the run that is over, in [0, 1].
    learnt, images
        Images learnt from in this pass, of how many.
    loss
        Mean lattice loss of the pass, on augmented images, against the texts drawn: nats a captcha.
    confidence
        Mean probability of the texts read of the images that are never learnt from.
    agreement
        Share of these whose text is the same in a changed view.
    seconds
        Since the start.
    """

    number: int
    progress: float
    learnt: int
    images: int
    loss: float
    confidence: float
    agreement: float
    seconds: float

    @property
    def steadiness(self) -> float:
        """Mean of confidence and agreement: what falls where learning drifts."""
        return (self.confidence + self.agreement) / 2


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
        Told steps done, and in all, as far as can be told where time is limited.
    on_epoch
        Told after each pass.
    on_pass
        Told after each pass over images without labels.
    on_interrupt
        Given the best model so far when a `KeyboardInterrupt` comes, which then goes on; not called where nothing
        was learnt yet.
    """

    on_image: Callable[[int, int], None] = lambda done, total: None
    on_problem: Callable[[KerfError], None] = lambda problem: None
    on_step: Callable[[int, int], None] = lambda done, total: None
    on_epoch: Callable[[EpochReport], None] = lambda report: None
    on_pass: Callable[[PassReport], None] = lambda report: None
    on_interrupt: Callable[[Model], None] = lambda model: None
