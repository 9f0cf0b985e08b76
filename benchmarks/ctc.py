"""A CTC recogniser as today's packages have it: convolutions, two bidirectional LSTM layers, CTC (Graves 2006).

Tuned in good faith: batch normalisation, augmentation, a one-cycle schedule, early stopping on validation accuracy with
the best weights kept. It sees whole images, as the Keras example and the CRNN packages do (Shi et al. 2017).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from classifier.dataset import Sample
from segmenter.load import path_to_image

HEIGHT = 48
WIDTH = 192
BATCH = 32
LEARNING_RATE = 2e-3
BLANK = 0


@dataclass(frozen=True)
class CtcSettings:
    """How long to train.

    Parameters
    ----------
    max_seconds
        The schedule ends within this time.
    max_epochs
        And within so many passes.
    patience
        Training stops after so many passes without a better validation accuracy; None for never.
    seed
        Of everything random.
    """

    max_seconds: float
    max_epochs: int = 400
    patience: int | None = None
    seed: int = 0


class Crnn(nn.Module):
    """Images to class scores a column.

    Parameters
    ----------
    classes
        Characters and the blank.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        channels = 3
        for width, pool in ((32, (2, 2)), (64, (2, 2)), (128, (2, 1)), (128, (2, 1))):
            blocks += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            blocks += [nn.MaxPool2d(pool)]
            channels = width
        self.blocks = nn.Sequential(*blocks).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dense = nn.Sequential(nn.Linear(channels * HEIGHT // 16, 128), nn.ReLU(), nn.Dropout(0.2))
        self.recurrent = nn.LSTM(128, 128, num_layers=2, bidirectional=True, dropout=0.25, batch_first=True)
        self.output = nn.Linear(256, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Log probabilities: float32 ``(B, 3, H, W)`` to ``(B, W / 4, classes)``."""
        maps = self.blocks(images.contiguous(memory_format=torch.channels_last))  # (B, C, H / 16, W / 4)
        columns = self.dense(maps.permute(0, 3, 1, 2).flatten(2))
        return functional.log_softmax(self.output(self.recurrent(columns)[0]), dim=2)


class CtcReader:
    """A CTC network with its alphabet.

    Parameters
    ----------
    samples
        Training and validation images, for the alphabet.
    settings
        How long to train.
    """

    def __init__(self, samples: Sequence[Sample], settings: CtcSettings) -> None:
        torch.manual_seed(settings.seed)
        self.alphabet = "".join(sorted(set("".join(sample.text for sample in samples))))
        self.network = Crnn(len(self.alphabet) + 1)
        self.settings = settings
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.seconds = 0.0
        self.epochs = 0

    def fit(self, train: Sequence[Sample], validation: Sequence[Sample]) -> None:
        """Train until time, passes or patience are used up; the best weights by validation accuracy are kept."""
        start, settings = time.monotonic(), self.settings
        images, held_out = samples_to_images(train), samples_to_images(validation)
        labels = [torch.tensor([self.alphabet.index(c) + 1 for c in sample.text]) for sample in train]
        optimizer = torch.optim.AdamW(self.network.parameters(), LEARNING_RATE, weight_decay=1e-2)
        best, best_score, stale = copy.deepcopy(self.network.state_dict()), (-1.0, 0.0), 0
        for epoch in range(settings.max_epochs):
            progress = max((time.monotonic() - start) / settings.max_seconds, epoch / settings.max_epochs)
            if progress >= 1 or (settings.patience is not None and stale > settings.patience):
                break
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * min(1.0, (epoch + 1) / 5) * (1 + math.cos(math.pi * progress)) / 2
            loss = self.run_epoch(images, labels, optimizer)
            texts = self.read_images(held_out)
            right = sum(text == sample.text for text, sample in zip(texts, validation, strict=True))
            score = (right / max(len(validation), 1), -loss)
            stale = 0 if score > best_score else stale + 1
            if not validation or score > best_score:
                best, best_score = copy.deepcopy(self.network.state_dict()), score
            self.epochs = epoch + 1
        self.network.load_state_dict(best)
        self.seconds = time.monotonic() - start

    def run_epoch(self, images: Tensor, labels: Sequence[Tensor], optimizer: torch.optim.Optimizer) -> float:
        """One pass in random order; the mean loss."""
        self.network.train()
        total = 0.0
        for part in torch.randperm(len(images), generator=self.generator).split(BATCH):  # type: ignore[no-untyped-call]
            scores = self.network(augment(images[part], self.generator))
            targets = [labels[i] for i in part.tolist()]
            loss = functional.ctc_loss(
                scores.transpose(0, 1),
                torch.cat(targets),
                torch.full((len(part),), scores.shape[1]),
                torch.tensor([len(target) for target in targets]),
                blank=BLANK,
                zero_infinity=True,
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            optimizer.step()
            total += float(loss.detach()) * len(part)
        return total / len(images)

    def read(self, paths: Sequence[Path]) -> list[str]:
        """Read images."""
        return self.read_images(torch.from_numpy(np.stack([path_to_input(path) for path in paths])))

    @torch.no_grad()
    def read_images(self, images: Tensor) -> list[str]:
        """Read by the best class of each column, repeats and blanks left out."""
        self.network.eval()
        texts = []
        for part in images.split(64):  # type: ignore[no-untyped-call]
            for row in self.network(to_float(part)).argmax(dim=2).tolist():
                kept = [c for c, before in zip(row, [BLANK, *row[:-1]], strict=True) if c not in (BLANK, before)]
                texts.append("".join(self.alphabet[c - 1] for c in kept))
        return texts


def path_to_input(path: Path) -> NDArray[np.uint8]:
    """Read and resize an image: uint8 ``(3, 48, 192)``."""
    image = path_to_image(path)
    shrinks = image.shape[0] > HEIGHT
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(small.transpose(2, 0, 1), np.uint8)


def samples_to_images(samples: Sequence[Sample]) -> Tensor:
    """Images of samples: uint8 ``(n, 3, H, W)``, also for none."""
    images = [path_to_input(sample.path) for sample in samples]
    return torch.from_numpy(np.stack(images) if images else np.empty((0, 3, HEIGHT, WIDTH), np.uint8))


def to_float(images: Tensor) -> Tensor:
    """Scale to [-1, 1]."""
    return images.float() / 127.5 - 1


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift, scale, shear and change contrast a little, and add noise: uint8 to float32, ``(B, 3, H, W)``."""
    count = len(images)
    draws = torch.rand(7, count, generator=generator) * 2 - 1
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1] = 1 + 0.08 * draws[0], 1 + 0.08 * draws[1]
    affine[:, 0, 1], affine[:, 1, 0] = 0.08 * draws[2], 0.1 * draws[3]
    affine[:, 0, 2], affine[:, 1, 2] = 0.04 * draws[4], 0.08 * draws[5]
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
    moved = functional.grid_sample(to_float(images), grid, padding_mode="border", align_corners=False)
    noise = torch.randn(moved.shape, generator=generator) * 0.04
    return moved * (1 + 0.2 * draws[6])[:, None, None, None] + noise
