"""Labelled examples to weights: the lattice loss, from a geometric start, with the weights averaged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice.decoding import decode
from kerf.classifier.lattice.lattice_loss import lattice_loss
from kerf.classifier.lattice.lattices import Lattices
from kerf.classifier.lattice.losses import labels_to_losses
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.learning.augment import AugmentSettings, augment
from kerf.classifier.learning.averaging import Average
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.measuring.metrics import Proportion, proportion
from kerf.classifier.network.batch import array_to_tensor, examples_to_batch
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import SIZES, NetworkConfig, SizeName
from kerf.classifier.network.examples import Example
from kerf.segmenter.errors import SettingsError
from kerf.segmenter.load_settings import FrameRule

VISITS, WIDE_VISITS = 1200, 800
"""Epochs for n images are this / sqrt(n): small folders are seen more often, large ones longer in all. The second is
for networks wider than the size ``fast``, which learn in fewer."""

SORTED_BATCHES = 16
"""Batches whose strips are sorted by width together, so that little is padded."""
TRAIN_SAMPLE = 100
"""Training images on which training accuracy is measured."""
EVEN_WIDTH = 8.0
"""Weight of the start's preference for candidates of even width."""


@dataclass(frozen=True)
class TrainSettings:
    """How to fit the network.

    Parameters
    ----------
    epochs
        Passes over the training part; None takes those of ``images_to_epochs``.
    batch_size, learning_rate, weight_decay
        Of AdamW (Loshchilov and Hutter 2019) under a one-cycle schedule (Smith 2018).
    averaging
        Decay a step of the exponential moving average of the weights that is evaluated and kept.
    prior
        Share of the steps over which the start's preference for even widths fades out.
    seed
        Of everything random, below ``2 ** 63``.
    augment
        Strengths, or None for none.
    size
        Of the network, to which a start is widened; None for the start's, or else ``fast``.
    frames
        Which frames of an animation are read; None for what the start says.
    ink_colour
        The letters of which colour count, a name or a value such as ``#c02020``; None for what the start says.

    Raises
    ------
    SettingsError
        If the seed is out of range.
    """

    epochs: int | None = None
    batch_size: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    averaging: float = 0.99
    prior: float = 0.25
    seed: int = 0
    augment: AugmentSettings | None = field(default_factory=AugmentSettings)
    size: SizeName | None = None
    frames: FrameRule | None = None
    ink_colour: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**63:
            raise SettingsError(f"seed {self.seed} is out of range; give one from 0 to {2**63 - 1}")


@dataclass(frozen=True)
class LabelledExample:
    """One image as the network sees it, and its text."""

    example: Example
    text: str


Scores = tuple[NDArray[np.float32], NDArray[np.float32], Lattices]
"""Logits, skips and lattices of a batch, as ``decode`` takes them."""


@dataclass(frozen=True)
class Scored:
    """What a network says of a batch of B labelled examples: arrays as ``decode`` takes them."""

    logits: NDArray[np.float32]
    skips: NDArray[np.float32]
    lattices: Lattices
    texts: list[str]


class Fitter:
    """Fits a network to labelled examples.

    Parameters
    ----------
    network
        Trained in place.
    alphabet
        Its classes.
    lengths
        Fewest and most characters of a text.
    settings
        How.
    """

    def __init__(self, network: CharNet, alphabet: Alphabet, lengths: tuple[int, int], settings: TrainSettings) -> None:
        self.network = network
        self.alphabet = alphabet
        self.lengths = lengths
        self.settings = settings
        self.device = next(network.parameters()).device
        self.space = to_text_space(alphabet, lengths, Constraint())
        self.order = torch.Generator().manual_seed(settings.seed)
        self.changes = torch.Generator(self.device).manual_seed(settings.seed)
        self.average = Average(network, settings.averaging)
        self.optimizer = torch.optim.AdamW(
            network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )

    def fit(
        self,
        train: Sequence[LabelledExample],
        validation: Sequence[LabelledExample],
        observer: Observer,
        deadline: Deadline = NO_DEADLINE,
        taken: int = 0,
        after_epoch: Callable[[int], None] = lambda taken: None,
    ) -> EpochReport:
        """Train, leave the averaged weights in the network, and return the last report.

        The validation part is measured on and decides nothing. Steps are taken until the schedule ends, which is
        early enough before the deadline to measure and calibrate; one is taken whatever the time. ``taken`` are the
        steps behind it when it begins; ``after_epoch`` is told of them after each pass but the last.
        """
        epochs = self.settings.epochs or images_to_epochs(len(train), self.network.config)
        batches = math.ceil(len(train) / self.settings.batch_size)
        measured = min(TRAIN_SAMPLE, len(train)) + 2 * len(validation)  # at no more a piece than a step takes
        schedule = Schedule(epochs * batches, deadline, measured / self.settings.batch_size)
        schedule.taken = taken
        while True:
            loss = self.run_epoch(train, schedule, observer)
            report = self.report(loss, train, validation, schedule)
            observer.on_epoch(report)
            if schedule.done:
                self.keep_average()
                return report
            after_epoch(schedule.taken)

    def keep_average(self) -> None:
        """Put the averaged weights into the network, in evaluation mode."""
        self.network.load_state_dict(self.average.network.state_dict())
        self.network.eval()

    @property
    def has_learnt(self) -> bool:
        """Whether a step was taken."""
        return self.average.count > 0

    def run_epoch(
        self,
        train: Sequence[LabelledExample],
        schedule: Schedule,
        observer: Observer,
    ) -> float:
        """One pass in random order; the mean loss."""
        self.network.train()
        losses: list[Tensor] = []
        for part in self.shuffled_batches(train):
            for group in self.optimizer.param_groups:
                group["lr"] = self.settings.learning_rate * schedule.rate()
            loss = self.step(part, max(0.0, 1 - schedule.progress / max(self.settings.prior, 1e-9)))
            losses.append(loss)  # read at the end: until then nobody waits for the device
            schedule.advance()
            observer.on_step(schedule.taken, schedule.expected_steps)
            if schedule.done:
                break
        return float(torch.stack(losses).mean())

    def shuffled_batches(self, train: Sequence[LabelledExample]) -> Iterator[list[LabelledExample]]:
        """All examples once, in random order but for this: strips of a batch are of similar width."""
        size = self.settings.batch_size
        order = torch.randperm(len(train), generator=self.order).tolist()
        for first in range(0, len(order), size * SORTED_BATCHES):
            part = [train[i] for i in order[first : first + size * SORTED_BATCHES]]
            part.sort(key=lambda labelled: labelled.example.padded_width)
            for batch in torch.randperm(math.ceil(len(part) / size), generator=self.order).tolist():
                yield part[batch * size : (batch + 1) * size]

    def step(self, part: Sequence[LabelledExample], prior: float) -> Tensor:
        """One step of the optimizer, and its loss; ``prior`` weighs the preference for even widths."""
        batch = examples_to_batch([p.example for p in part], self.device)
        bias = even_width_bias(part, self.device) * prior if prior > 0 else None
        if self.settings.augment:
            batch = augment(batch, self.settings.augment, self.changes)
        logits, skips = self.network(batch.strips, batch.crops)
        if bias is not None:
            logits = logits + bias[:, None]
        labels = [self.alphabet.encode(p.text) for p in part]
        loss = lattice_loss(logits, skips, batch.lattices, labels, self.space)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.average.update(self.network)
        return loss.detach()

    def losses(self, scored: Scored, temperature: float = 1.0) -> NDArray[np.float64]:
        """Loss of each image, ``(B',)``, at a temperature; those whose label no path spells are left out."""
        labels = [self.alphabet.encode(text) for text in scored.texts]
        losses = labels_to_losses(
            scored.logits, scored.skips, scored.lattices, labels, self.space, temperature=temperature
        )
        return losses.values[np.isfinite(losses.values)]

    def score(self, network: nn.Module, examples: Sequence[LabelledExample]) -> tuple[Proportion, float]:
        """Whole texts that a network reads rightly, and its mean loss, without augmentation; NaN for no examples."""
        network.eval()
        right, losses = 0, []
        for scored in self.run_network(network, examples):
            losses.extend(self.losses(scored).tolist())
            decoded = decode(scored.logits, scored.skips, scored.lattices, self.space, exact=False)
            right += sum(d.text == text for d, text in zip(decoded, scored.texts, strict=True))
        return proportion(right, len(examples)), float(np.mean(losses)) if losses else math.nan

    def run_network(self, network: nn.Module, examples: Sequence[LabelledExample], size: int = 64) -> Iterator[Scored]:
        """Score examples, ``size`` at a time."""
        scored = self.score_examples(network, [labelled.example for labelled in examples], size=size)
        for first, scores in zip(range(0, len(examples), size), scored, strict=True):
            yield Scored(*scores, [labelled.text for labelled in examples[first : first + size]])

    def score_examples(
        self, network: nn.Module, examples: Sequence[Example], changes: torch.Generator | None = None, size: int = 64
    ) -> Iterator[Scores]:
        """Score examples, ``size`` at a time; with ``changes``, each in a view changed as in training."""
        for first in range(0, len(examples), size):
            batch = examples_to_batch(examples[first : first + size], self.device)
            if changes and self.settings.augment:
                batch = augment(batch, self.settings.augment, changes)
            with torch.no_grad():
                logits, skips = (scores.cpu().numpy() for scores in network(batch.strips, batch.crops))
            yield logits, skips, batch.lattices

    def report(
        self,
        loss: float,
        train: Sequence[LabelledExample],
        validation: Sequence[LabelledExample],
        schedule: Schedule,
    ) -> EpochReport:
        """Measure after a pass."""
        batches = math.ceil(len(train) / self.settings.batch_size)
        epoch, rest = math.ceil(schedule.taken / batches), schedule.taken % batches
        epochs = max(epoch, math.ceil(schedule.expected_steps / batches))
        training, _ = self.score(self.average.network, train[:TRAIN_SAMPLE])
        right, validation_loss = self.score(self.average.network, validation)
        return EpochReport(epoch, epochs, not rest, loss, validation_loss, training, right, schedule.seconds)


def images_to_epochs(count: int, config: NetworkConfig) -> int:
    """Return the passes over so many images that a network needs."""
    visits = WIDE_VISITS if config.hidden > SIZES["fast"].hidden else VISITS
    return max(10, round(visits / math.sqrt(count)))


def even_width_bias(part: Sequence[LabelledExample], device: torch.device) -> Tensor:
    """How well each candidate fits an equal division of the ink: ``(N,)``, 0 at best.

    The squared logarithm of the ratio of its width to that of one of ``len(text)`` equal parts.
    """
    biases: list[NDArray[np.float32]] = []
    for labelled in part:
        cols = labelled.example.lattice.span_cols.astype(np.float32)
        if len(cols):
            even = (cols[:, 1].max() - cols[:, 0].min()) / len(labelled.text)
            biases.append(-EVEN_WIDTH * np.square(np.log((cols[:, 1] - cols[:, 0]) / even)))
    return array_to_tensor(np.concatenate(biases), device)
