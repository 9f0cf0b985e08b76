"""Learning from images without labels, in one run of the fitter.

The teacher is the moving average of the weights that are being learnt (Tarvainen and Valpola 2017). Before each pass
it reads all images as they are, under what the user knows of the texts; the surest are learnt from, the more of them
the further the run is. What an image is taught to say is drawn from the teacher's posterior over texts, anew in each
pass, so that an unsure reading is not learnt as if it were sure (expectation maximisation, by sampling); it is seen
in a changed view (noisy student, Xie et al. 2020). Labelled images, if there are any, take part in every pass.

Some images are never learnt from. If what is read of them becomes less sure, or differs more under a change of the
image, than it did, the run has drifted: it ends, and the best weights so far are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from kerf.classifier.lattice.decoding import decode
from kerf.classifier.lattice.text_space import TextSpace
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample
from kerf.classifier.learning.guesses import Guess, decoded_to_guess, surest
from kerf.classifier.learning.observer import Observer, PassReport
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.network.examples import Example
from kerf.segmenter.errors import SettingsError

PASSES = 600
"""Passes over n images are ``PASSES / sqrt(n)``, and at least ``LEAST_PASSES``."""
LEAST_PASSES = 8
FIRST_SHARE, LAST_SHARE = 0.3, 0.9
"""Of the images, how many are learnt from at first and in the end."""
GROWTH = 0.6
"""Share of the run in which they become more."""
TEXTS = 8
"""Most probable texts of an image that one is drawn from."""
DRIFT = 0.1
"""By how much confidence and agreement together may fall below their best."""


@dataclass(frozen=True)
class Unlabelled:
    """Images without labels, cut.

    Attributes
    ----------
    learnt
        To learn from.
    held_out
        Never learnt from.
    """

    learnt: Sequence[Example]
    held_out: Sequence[Example]


@dataclass(frozen=True)
class Adaptation:
    """How a run went.

    Attributes
    ----------
    passes
        What was reported after each.
    learnt
        Images learnt from in the last.
    drifted
        Whether it ended because it drifted.
    """

    passes: tuple[PassReport, ...]
    learnt: int
    drifted: bool


class Adapter:
    """Has a fitter learn from images without labels.

    Parameters
    ----------
    fitter
        Its network reads some of the images already.
    space
        The texts that they may have.
    unlabelled
        The images.
    anchors
        Labelled ones, learnt from in every pass.
    """

    def __init__(
        self, fitter: Fitter, space: TextSpace, unlabelled: Unlabelled, anchors: Sequence[LabelledExample]
    ) -> None:
        self.fitter = fitter
        self.space = space
        self.unlabelled = unlabelled
        self.anchors = anchors
        self.learnt = 0

    @property
    def teacher(self) -> nn.Module:
        """The averaged network."""
        return self.fitter.average.network

    def adapt(self, observer: Observer, deadline: Deadline) -> Adaptation:
        """Learn, and leave the averaged weights in the network; one step is taken whatever the time.

        Raises
        ------
        SettingsError
            If no text that the images may have fits any of them.
        """
        schedule = self.to_schedule(deadline)
        reports: list[PassReport] = []
        best, drifted = Best(), False
        while not (schedule.done or drifted):
            lesson = self.to_lesson(FIRST_SHARE + (LAST_SHARE - FIRST_SHARE) * min(1.0, schedule.progress / GROWTH))
            loss = self.fitter.run_epoch(lesson, schedule, observer)
            reports.append(self.report(len(reports) + 1, loss, schedule))
            observer.on_pass(reports[-1])
            best.offer(reports[-1].steadiness, self.teacher)
            drifted = reports[-1].steadiness < best.steadiness - DRIFT
        if drifted:
            self.teacher.load_state_dict(best.weights)
        self.fitter.keep_average()
        return Adaptation(tuple(reports), self.learnt, drifted)

    def to_schedule(self, deadline: Deadline) -> Schedule:
        """Count the steps that the passes take, and those that their time is short of for the last reading."""
        images, size = len(self.unlabelled.learnt), self.fitter.settings.batch_size
        passes = self.fitter.settings.epochs or max(LEAST_PASSES, round(PASSES / math.sqrt(images)))
        share = LAST_SHARE - (LAST_SHARE - FIRST_SHARE) * GROWTH / 2
        steps = math.ceil(passes * (share * images + len(self.anchors)) / size)
        return Schedule(steps, deadline, (images / 3 + 2 * len(self.unlabelled.held_out)) / size)

    def to_lesson(self, share: float) -> list[LabelledExample]:
        """Read all images, and draw a text for each of the surest; with the labelled ones."""
        guesses = self.guess(self.unlabelled.learnt)
        chosen = surest(guesses, share)
        if not chosen:
            raise SettingsError(
                "no text that is asked for fits any of the images; correct --charset, --length or --pattern"
            )
        self.learnt = len(chosen)
        drawn = [LabelledExample(self.unlabelled.learnt[i], guesses[i].draw(self.fitter.order)) for i in sorted(chosen)]
        return [*drawn, *self.anchors]

    def guess(self, examples: Sequence[Example], *, changed: bool = False) -> list[Guess]:
        """Read images with the teacher, as they are or each with a random change."""
        changes = self.fitter.changes if changed else None
        return [
            decoded_to_guess(decoded)
            for logits, skips, lattices in self.fitter.score_examples(self.teacher, examples, changes)
            for decoded in decode(logits, skips, lattices, self.space, best=TEXTS)
        ]

    def report(self, number: int, loss: float, schedule: Schedule) -> PassReport:
        """Read what is held out, twice."""
        plain, changed = self.guess(self.unlabelled.held_out), self.guess(self.unlabelled.held_out, changed=True)
        count = max(1, len(plain))
        return PassReport(
            number,
            schedule.progress,
            self.learnt,
            len(self.unlabelled.learnt),
            loss,
            sum(guess.confidence for guess in plain) / count,
            sum(one.text == other.text for one, other in zip(plain, changed, strict=True)) / count,
            schedule.seconds,
        )


class Best:
    """The steadiest weights so far."""

    def __init__(self) -> None:
        self.steadiness = -math.inf
        self.weights: dict[str, Tensor] = {}

    def offer(self, steadiness: float, network: nn.Module) -> None:
        """Keep a network's weights if it reads more steadily."""
        if steadiness > self.steadiness:
            self.steadiness = steadiness
            self.weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
