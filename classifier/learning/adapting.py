"""Learning from images without labels, in one run of the fitter.

The teacher is the moving average of the weights that are being learnt (Tarvainen and Valpola 2017). Before each pass
it reads all images as they are, under what the user knows of the texts; the surest are learnt from, the more of them
the further the run is, each in a changed view with the text that is read of it (noisy student, Xie et al. 2020).
Labelled images, if there are any, take part in every pass.

Some images are never learnt from. Where what is read of them is at last less sure, or differs more under a change of
the image, than it did, the run has drifted: it ends, and the best weights so far are kept. That it becomes so for a
while is usual, until the network knows the kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from kerf.classifier.lattice.decoding import Decoded, decode
from kerf.classifier.lattice.text_space import TextSpace
from kerf.classifier.learning.calibration import TEMPERATURES
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample, images_to_epochs
from kerf.classifier.learning.observer import Observer, PassReport
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.learning.surest import surest
from kerf.classifier.measuring.metrics import wilson_interval
from kerf.classifier.network.examples import Example
from kerf.segmenter.errors import SettingsError

FIRST_SHARE, LAST_SHARE = 0.3, 0.9
"""Of the images, how many are learnt from at first and in the end."""
GROWTH = 0.6
"""Share of the run in which they become more, and after which drift is looked for."""
DRIFT = 0.05
"""By how much the mean of confidence and agreement may fall below its best, beside what chance does: two of its
standard errors, which are at most a quarter of the square root of one by the number of images."""


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
    temperature
        That makes the model's confidence no greater than its agreement with itself.
    accuracy
        Estimate of the share of whole texts that it reads rightly, and the ends of its doubt: its mean confidence at
        that temperature; times the lower end of the 95 % interval of its agreement; and without the temperature, and
        two standard errors. Each of images never learnt from.
    """

    passes: tuple[PassReport, ...]
    learnt: int
    drifted: bool
    temperature: float
    accuracy: tuple[float, float, float]


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
        best.offer(self.report(0, math.nan, schedule).steadiness, self.teacher)
        while not reports or not (schedule.done or drifted):
            lesson = self.to_lesson(FIRST_SHARE + (LAST_SHARE - FIRST_SHARE) * min(1.0, schedule.progress / GROWTH))
            if not reports:
                schedule.begin()
            loss = self.fitter.run_epoch(lesson, schedule, observer)
            reports.append(self.report(len(reports) + 1, loss, schedule))
            observer.on_pass(reports[-1])
            best.offer(reports[-1].steadiness, self.teacher)
            steady = reports[-1].steadiness >= best.steadiness - self.tolerance
            drifted = schedule.progress > GROWTH and not steady
        if drifted:
            self.teacher.load_state_dict(best.weights)
        self.fitter.keep_average()
        return self.to_adaptation(reports, drifted, schedule)

    def to_adaptation(self, reports: Sequence[PassReport], drifted: bool, schedule: Schedule) -> Adaptation:
        """Calibrate, and estimate the accuracy, by what is held out."""
        last = self.report(len(reports), math.nan, schedule)
        temperature = self.fit_temperature(last.agreement)
        value, count = self.mean_confidence(temperature), len(self.unlabelled.held_out)
        agreement, _ = wilson_interval(round(last.agreement * count), count)  # few that all agree do not prove it
        error = 2 * math.sqrt(last.confidence * (1 - last.confidence) / max(1, count))
        accuracy = (value, value * agreement, min(1.0, last.confidence + error))
        return Adaptation(tuple(reports), self.learnt, drifted, temperature, accuracy)

    @property
    def tolerance(self) -> float:
        """By how much steadiness may fall below its best."""
        return DRIFT + 0.5 / math.sqrt(max(1, len(self.unlabelled.held_out)))

    def to_schedule(self, deadline: Deadline) -> Schedule:
        """Count the steps that the passes take, and those that their time is short of for the last reading."""
        images, size = len(self.unlabelled.learnt), self.fitter.settings.batch_size
        passes = self.fitter.settings.epochs or images_to_epochs(images, self.fitter.network.config)
        share = LAST_SHARE - (LAST_SHARE - FIRST_SHARE) * GROWTH / 2
        steps = math.ceil(passes * (share * images + len(self.anchors)) / size)
        return Schedule(steps, deadline, (images / 3 + 4 * len(self.unlabelled.held_out)) / size)

    def to_lesson(self, share: float) -> list[LabelledExample]:
        """Read all images, and take the surest as they are read; with the labelled ones."""
        guesses = self.guess(self.unlabelled.learnt)
        chosen = surest(guesses, share)
        if not (chosen or self.anchors):
            raise SettingsError(
                "no text that is asked for fits any of the images; correct --charset, --length or --pattern"
            )
        self.learnt = len(chosen)
        read = [LabelledExample(self.unlabelled.learnt[i], guesses[i].text) for i in sorted(chosen)]
        return [*read, *self.anchors]

    def guess(self, examples: Sequence[Example], *, changed: bool = False, temperature: float = 1.0) -> list[Decoded]:
        """Read images with the teacher, as they are or each with a random change."""
        changes = self.fitter.changes if changed else None
        return [
            decoded
            for logits, skips, lattices in self.fitter.score_examples(self.teacher, examples, changes)
            for decoded in decode(logits, skips, lattices, self.space, temperature=temperature)
        ]

    def fit_temperature(self, agreement: float) -> float:
        """Find the least temperature, from 1 on, at which what is held out is read no more surely than it agrees.

        Learning from its own readings makes a network too sure, and never less sure than it should be.
        """
        return next((t for t in TEMPERATURES if t >= 0.999 and self.mean_confidence(t) <= agreement), TEMPERATURES[-1])

    def mean_confidence(self, temperature: float) -> float:
        """Mean probability of the texts read of what is held out."""
        guesses = self.guess(self.unlabelled.held_out, temperature=temperature)
        return sum(guess.confidence for guess in guesses) / max(1, len(guesses))

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
