"""A CTC recogniser as today's packages have it: convolutions, a bidirectional LSTM, CTC (Graves 2006).

It sees whole images, as the Keras example and the CRNN packages do (Shi et al. 2017). Size, batch, normalisation,
learning rate and augmentation were tuned on held-back images of ``train/`` of two families, for what is learnt in equal
time on a processor. Trained by cosine cycles with warm restarts, each twice as long as the one before (Loshchilov and
Hutter 2017), until a cycle no longer helps; the weights of the least validation loss are kept.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from kerf.classifier.folders.dataset import Sample
from kerf.segmenter.load import path_to_image

HEIGHT, WIDTH = 32, 128
CHANNELS = (24, 48, 64, 96)
UNITS = 64
DROPOUT = 0.1
BATCH = 8
LEARNING_RATE = 2e-3
WARM_UP = 0.1
"""Share of a cycle over which the learning rate rises."""
CHECKS = 20
"""Times in a cycle that the validation loss is measured."""
CYCLES = (1, 2, 4)
"""Lengths of the cycles, in the time given."""
GAIN = 0.9
"""A cycle has helped if it brought the validation loss below this share of what it was."""
BLANK = 0


class Crnn(nn.Module):
    """Images to class scores a column.

    Parameters
    ----------
    classes
        Characters and the blank.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        first, second, third, last = CHANNELS
        self.blocks = nn.Sequential(
            *block(3, first, kernel=5, stride=2),
            *block(first, second),
            nn.MaxPool2d(2),
            *block(second, third),
            nn.MaxPool2d(2),
            *block(third, last),
        ).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dense = nn.Sequential(nn.Linear(last * HEIGHT // 8, 128), nn.ReLU(), nn.Dropout(DROPOUT))
        self.norm = nn.BatchNorm1d(128)  # without it, it stays for long where it knows only how frequent characters are
        self.recurrent = nn.LSTM(128, UNITS, bidirectional=True, batch_first=True)
        self.output = nn.Linear(2 * UNITS, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Log probabilities: float32 ``(B, 3, 32, 128)`` to ``(B, 16, classes)``."""
        maps = self.blocks(images.contiguous(memory_format=torch.channels_last))  # (B, C, 4, 16)
        columns = self.norm(self.dense(maps.permute(0, 3, 1, 2).flatten(2)).transpose(1, 2)).transpose(1, 2)
        return functional.log_softmax(self.output(self.recurrent(columns)[0]), dim=2)


def block(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> tuple[nn.Module, ...]:
    """Build a convolution that keeps the size (or divides it by ``stride``), normalised and rectified."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU()


@dataclass(frozen=True)
class Cycle:
    """What a cosine cycle cost and brought.

    Attributes
    ----------
    seconds, epochs
        Training time by ``training_clock``, and passes.
    validation_loss
        Least until its end.
    """

    seconds: float
    epochs: int
    validation_loss: float


class CtcReader:
    """A CTC network with its alphabet.

    Parameters
    ----------
    alphabet
        The characters.
    device
        Where it trains and reads.
    seed
        Of everything random.
    """

    def __init__(self, alphabet: str, device: torch.device, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.alphabet = alphabet
        self.device = device
        self.network = Crnn(len(alphabet) + 1).to(device)
        self.best = copy.deepcopy(self.network.state_dict())
        self.cycles: list[Cycle] = []

    @property
    def gains(self) -> bool:
        """Whether another cycle may help, as the last did."""
        losses = [math.inf, *(cycle.validation_loss for cycle in self.cycles)]
        return len(losses) < 2 or losses[-1] <= GAIN * losses[-2]

    def save(self, path: Path) -> None:
        """Keep weights and cycles, so that a later run goes on from here."""
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"weights": self.best, "cycles": [asdict(cycle) for cycle in self.cycles]}, path)

    def load(self, path: Path) -> None:
        """Take up what ``save`` kept."""
        kept = torch.load(path, map_location=self.device, weights_only=True)
        self.best = kept["weights"]
        self.network.load_state_dict(self.best)
        self.cycles = [Cycle(**cycle) for cycle in kept["cycles"]]

    def start_from(self, path: Path) -> None:
        """Take over the weights that ``keep_start`` wrote, and of the output layer those of the characters known."""
        kept = torch.load(path, map_location=self.device, weights_only=True)
        weights, known, own = kept["weights"], kept["alphabet"], self.network.state_dict()
        for name in ("output.weight", "output.bias"):
            other, weights[name] = weights[name], own[name].clone()
            for place, character in enumerate(["", *self.alphabet]):  # the first class is the blank
                if character in known:  # as the empty text is, in every text
                    weights[name][place] = other[known.index(character) + bool(character)]
        self.network.load_state_dict(weights)
        self.best = copy.deepcopy(self.network.state_dict())

    def keep_start(self, path: Path) -> None:
        """Keep the weights for recognisers of other alphabets to start from."""
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"weights": self.best, "alphabet": self.alphabet}, path)

    def fit_cycle(self, train: Sequence[Sample], validation: Sequence[Sample], seconds: float) -> None:
        """Train for one cosine cycle of so many seconds, from the best weights so far."""
        images, labels = samples_to_images(train), self.samples_to_labels(train)
        held_out, held_labels = samples_to_images(validation), self.samples_to_labels(validation)
        least = self.cycles[-1].validation_loss if self.cycles else math.inf
        optimizer = torch.optim.AdamW(self.network.parameters(), LEARNING_RATE, weight_decay=1e-2)
        start, checked, epochs, progress = training_clock(self.device), 0.0, 0, 0.0
        while progress < 1:
            self.network.train()
            for part in torch.randperm(len(images)).split(BATCH):  # type: ignore[no-untyped-call]
                progress = min((training_clock(self.device) - start) / seconds, 1.0)
                rate = min(progress / WARM_UP, 1.0) * (1 + math.cos(math.pi * progress)) / 2
                for group in optimizer.param_groups:
                    group["lr"] = LEARNING_RATE * rate
                loss = self.loss(augment(images[part]), [labels[i] for i in part.tolist()])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
                optimizer.step()
            epochs += 1
            if progress - checked >= 1 / CHECKS or progress >= 1:
                checked, found = progress, self.validation_loss(held_out, held_labels)
                if found < least:
                    least, self.best = found, copy.deepcopy(self.network.state_dict())
        self.network.load_state_dict(self.best)
        self.cycles.append(Cycle(training_clock(self.device) - start, epochs, least))

    def samples_to_labels(self, samples: Sequence[Sample]) -> list[Tensor]:
        """Class ids of each text."""
        return [torch.tensor([self.alphabet.index(c) + 1 for c in sample.text]) for sample in samples]

    def loss(self, images: Tensor, labels: Sequence[Tensor]) -> Tensor:
        """CTC loss a character, mean over float images."""
        scores = self.network(images.to(self.device)).transpose(0, 1)
        return functional.ctc_loss(
            scores,
            torch.cat(list(labels)).to(self.device),
            torch.full((len(images),), len(scores)),
            torch.tensor([len(label) for label in labels]),
            blank=BLANK,
            zero_infinity=True,
        )

    @torch.no_grad()
    def validation_loss(self, images: Tensor, labels: Sequence[Tensor]) -> float:
        """Mean loss without augmentation."""
        self.network.eval()
        losses = [
            float(self.loss(to_float(part), labels[64 * i : 64 * i + 64])) * len(part)
            for i, part in enumerate(images.split(64))  # type: ignore[no-untyped-call]
        ]
        return sum(losses) / len(images)

    @torch.no_grad()
    def read(self, paths: Sequence[Path]) -> list[str]:
        """Read images by the best class of each column, repeats and blanks left out."""
        self.network.eval()
        texts = []
        for first in range(0, len(paths), 64):
            images = np.stack([path_to_input(path) for path in paths[first : first + 64]])
            for row in self.network(to_float(torch.from_numpy(images)).to(self.device)).argmax(dim=2).tolist():
                kept = [c for c, before in zip(row, [BLANK, *row[:-1]], strict=True) if c not in (BLANK, before)]
                texts.append("".join(self.alphabet[c - 1] for c in kept))
        return texts


def training_clock(device: torch.device) -> float:
    """Seconds: of the processor where it trains, so that other work beside it does not count; else by the wall."""
    return time.process_time() if device.type == "cpu" else time.monotonic()


def path_to_input(path: Path) -> NDArray[np.uint8]:
    """Read and resize an image: uint8 ``(3, 32, 128)``."""
    image = path_to_image(path)
    shrinks = image.shape[0] > HEIGHT
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(small.transpose(2, 0, 1), np.uint8)


def samples_to_images(samples: Sequence[Sample]) -> Tensor:
    """Images of samples: uint8 ``(n, 3, 32, 128)``."""
    return torch.from_numpy(np.stack([path_to_input(sample.path) for sample in samples]))


def to_float(images: Tensor) -> Tensor:
    """Bring each image to mean 0 and spread 1, but a plain one: uint8 to float32, ``(B, 3, H, W)``."""
    scaled = images.float() / 127.5 - 1
    spread, mean = torch.std_mean(scaled, dim=(1, 2, 3), keepdim=True)
    return (scaled - mean) / (spread + 0.1)


def augment(images: Tensor) -> Tensor:
    """Shift, scale, shear and change contrast a little, and add noise: uint8 to float32, ``(B, 3, H, W)``."""
    count = len(images)
    draws = torch.rand(7, count) * 2 - 1
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1] = 1 + 0.05 * draws[0], 1 + 0.05 * draws[1]
    affine[:, 0, 1], affine[:, 1, 0] = 0.05 * draws[2], 0.06 * draws[3]
    affine[:, 0, 2], affine[:, 1, 2] = 0.025 * draws[4], 0.05 * draws[5]
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
    moved = functional.grid_sample(to_float(images), grid, padding_mode="border", align_corners=False)
    return moved * (1 + 0.12 * draws[6])[:, None, None, None] + torch.randn(moved.shape) * 0.04
