"""Labelled examples to weights: the lattice loss, from a geometric start, with the best weights kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice.decoding import decode, texts_to_labels
from kerf.classifier.lattice.search import IMPOSSIBLE, free_and_forced, free_arc_scores, label_arc_scores
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.learning.augment import AugmentSettings, augment
from kerf.classifier.learning.observer import EpochReport, Observer
from kerf.classifier.learning.schedule import Schedule
from kerf.classifier.network.batch import Batch, Example, examples_to_batch
from kerf.classifier.network.char_net import CharNet

VISITS = 1200
"""Epochs for n images are ``VISITS / sqrt(n)``: small folders are seen more often, large ones longer in all."""

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
        Passes over the training part; None takes ``VISITS / sqrt(n)``.
    batch_size, learning_rate, weight_decay
        Of AdamW (Loshchilov and Hutter 2019) under a one-cycle schedule (Smith 2018).
    patience
        Share of the epochs without a better validation loss after which training stops.
    averaging
        Decay a step of the exponential moving average of the weights that is evaluated and kept.
    prior
        Share of the steps over which the start's preference for even widths fades out.
    max_seconds
        The schedule is shortened to end within this time.
    seed
        Of everything random.
    augment
        Strengths, or None for none.
    """

    epochs: int | None = None
    batch_size: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    patience: float = 0.35
    averaging: float = 0.99
    prior: float = 0.25
    max_seconds: float | None = None
    seed: int = 0
    augment: AugmentSettings | None = field(default_factory=AugmentSettings)


@dataclass(frozen=True)
class LabelledExample:
    """One image as the network sees it, and its text."""

    example: Example
    text: str


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
        self.settings = settings
        self.device = next(network.parameters()).device
        self.space = to_text_space(alphabet, lengths, Constraint(), self.device)
        self.generator = torch.Generator().manual_seed(settings.seed)
        decay = settings.averaging
        self.average = torch.optim.swa_utils.AveragedModel(
            network,
            avg_fn=lambda mean, new, count: mean + (new - mean) * max(1 - decay, 9 / (float(count) + 10)),
            use_buffers=True,
        )

    def fit(self, train: Sequence[LabelledExample], validation: Sequence[LabelledExample], observer: Observer) -> None:
        """Train, and leave the best averaged weights in the network, in evaluation mode.

        Best is the highest validation accuracy, then the lowest validation loss; the last where there is no
        validation part.
        """
        epochs = self.settings.epochs or max(10, round(VISITS / math.sqrt(len(train))))
        batches = math.ceil(len(train) / self.settings.batch_size)
        optimizer = torch.optim.AdamW(
            self.network.parameters(), self.settings.learning_rate, weight_decay=self.settings.weight_decay
        )
        schedule = Schedule(epochs * batches, self.settings.max_seconds)
        best, best_loss, best_loss_epoch = None, math.inf, 0
        best_score = (-1.0, -math.inf)
        for epoch in range(1, epochs + 1):
            loss = self.run_epoch(train, optimizer, schedule, observer)
            report = self.report(epoch, epochs, loss, train, validation, schedule)
            observer.on_epoch(report)
            score = (report.validation_accuracy, -report.validation_loss)
            if not validation or score > best_score:
                best_score, best = score, copy_state(self.average.module)
            if report.validation_loss < best_loss:
                best_loss, best_loss_epoch = report.validation_loss, epoch
            stale = validation and epoch - best_loss_epoch > max(3, self.settings.patience * epochs)
            if stale or schedule.done:
                break
        if best is not None:
            self.network.load_state_dict(best)
        self.network.eval()

    def run_epoch(
        self,
        train: Sequence[LabelledExample],
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        observer: Observer,
    ) -> float:
        """One pass in random order; the mean loss."""
        self.network.train()
        losses = []
        for part in self.shuffled_batches(train):
            for group in optimizer.param_groups:
                group["lr"] = self.settings.learning_rate * schedule.rate()
            loss = self.step(part, optimizer, max(0.0, 1 - schedule.progress / max(self.settings.prior, 1e-9)))
            losses.append(loss)
            schedule.advance()
            observer.on_step(schedule.taken, schedule.steps)
            if schedule.done:
                break
        return float(np.mean(losses))

    def shuffled_batches(self, train: Sequence[LabelledExample]) -> Iterator[list[LabelledExample]]:
        """All examples once, in random order but for this: strips of a batch are of similar width."""
        size = self.settings.batch_size
        order = torch.randperm(len(train), generator=self.generator).tolist()
        for first in range(0, len(order), size * SORTED_BATCHES):
            part = [train[i] for i in order[first : first + size * SORTED_BATCHES]]
            part.sort(key=lambda labelled: labelled.example.padded_width)
            for batch in torch.randperm(math.ceil(len(part) / size), generator=self.generator).tolist():
                yield part[batch * size : (batch + 1) * size]

    def step(self, part: Sequence[LabelledExample], optimizer: torch.optim.Optimizer, prior: float) -> float:
        """One step of the optimizer; ``prior`` weighs the preference for even widths."""
        batch = examples_to_batch([p.example for p in part], self.device)
        bias = even_width_bias(part, self.device) * prior if prior > 0 else None
        if self.settings.augment:
            batch = augment(batch, self.settings.augment, self.generator)
        logits, skips = self.network(batch.strips, batch.crops)
        if bias is not None:
            logits = logits + bias[:, None]
        loss = self.losses(logits, skips, batch, [p.text for p in part]).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        optimizer.step()
        self.average.update_parameters(self.network)
        return float(loss.detach())

    def losses(self, logits: Tensor, skips: Tensor, batch: Batch, texts: Sequence[str]) -> Tensor:
        """Lattice loss of each image: log-sum-exp over all paths less that over the label's paths, ``(B,)``."""
        ids = [tuple(self.alphabet.encode(text).tolist()) for text in texts]
        labels, counts = texts_to_labels(ids, len(self.space.allowed), self.device)
        free_scores = free_arc_scores(logits, batch.arcs, self.space.allowed)
        forced_scores = label_arc_scores(logits, batch.arcs, labels)
        free, forced = free_and_forced(free_scores, forced_scores, skips.view(len(texts), -1), batch.arcs)
        free = free.masked_fill(~self.space.lengths, IMPOSSIBLE).logsumexp(dim=1)
        forced = forced.gather(1, counts[:, None])[:, 0]
        return (free - forced)[forced > IMPOSSIBLE / 2]

    @torch.no_grad()
    def score(self, network: nn.Module, examples: Sequence[LabelledExample]) -> tuple[float, float]:
        """Whole-text accuracy and mean loss of a network, without augmentation; NaN for no examples."""
        network.eval()
        right, losses = 0, []
        for logits, skips, batch, texts in self.run_network(network, examples):
            losses.append(self.losses(logits, skips, batch, texts))
            decoded = decode(logits, skips.view(len(texts), -1), batch.arcs, self.space, exact=False)
            right += sum(d.text == text for d, text in zip(decoded, texts, strict=True))
        if not examples:
            return math.nan, math.nan
        return right / len(examples), float(torch.cat(losses).mean())

    def run_network(
        self, network: nn.Module, examples: Sequence[LabelledExample], size: int = 64
    ) -> Iterator[tuple[Tensor, Tensor, Batch, list[str]]]:
        """Logits, skip scores, batch and texts of examples, ``size`` at a time."""
        for first in range(0, len(examples), size):
            part = examples[first : first + size]
            batch = examples_to_batch([p.example for p in part], self.device)
            logits, skips = network(batch.strips, batch.crops)
            yield logits, skips, batch, [p.text for p in part]

    def report(
        self,
        epoch: int,
        epochs: int,
        loss: float,
        train: Sequence[LabelledExample],
        validation: Sequence[LabelledExample],
        schedule: Schedule,
    ) -> EpochReport:
        """Measure after a pass."""
        train_accuracy, _ = self.score(self.average, train[:TRAIN_SAMPLE])
        accuracy, validation_loss = self.score(self.average, validation)
        return EpochReport(epoch, epochs, loss, validation_loss, train_accuracy, accuracy, schedule.seconds)


def copy_state(network: nn.Module) -> dict[str, Tensor]:
    """Copy a network's weights and buffers."""
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


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
    return torch.from_numpy(np.concatenate(biases)).to(device)
