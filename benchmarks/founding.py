"""The two networks of the question that Kerf began from, in PyTorch, with every figure under its own name.

A has two dense layers between its convolutions and its heads, B has not; both have one head a position. Pooling is
the ordinary one, over height and width, also in the last block, where the original pooled width and channels.
"""

from __future__ import annotations

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

SIZE_WH = (80, 40)
EPOCHS = 50
BATCH = 32
DROPOUT = 0.3
DENSE = {"A": (1024, 512), "B": ()}


class FourHeads(nn.Module):
    """Four convolution blocks, dense layers or none, and a softmax head for each position.

    Parameters
    ----------
    dense
        Units of the dense layers.
    positions, classes
        Number of heads, and of each one's classes.
    """

    def __init__(self, dense: Sequence[int], positions: int, classes: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        channels = 3
        for width in (32, 64, 128, 256):
            blocks += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(width), nn.MaxPool2d(2)]
            blocks += [nn.Dropout(DROPOUT)]
            channels = width
        self.blocks = nn.Sequential(*blocks, nn.Flatten())
        units = channels * (SIZE_WH[0] // 16) * (SIZE_WH[1] // 16)
        layers: list[nn.Module] = []
        for width in dense:
            layers += [nn.Linear(units, width), nn.ReLU(), nn.BatchNorm1d(width), nn.Dropout(DROPOUT)]
            units = width
        self.dense = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Linear(units, classes) for _ in range(positions))

    def forward(self, images: Tensor) -> Tensor:
        """Score every class at every position: float32 ``(B, 3, 40, 80)`` to ``(B, positions, classes)``."""
        features = self.dense(self.blocks(images))
        return torch.stack([head(features) for head in self.heads], dim=1)


@dataclass(frozen=True)
class Figures:
    """What the log of such a network should have said.

    Attributes
    ----------
    loss
        Sum of the heads' cross entropies, as Keras prints it for a network of several heads.
    loss_by_head, accuracy_by_head
        Of each position.
    whole_text
        Share of images whose characters are all right.
    """

    loss: float
    loss_by_head: tuple[float, ...]
    accuracy_by_head: tuple[float, ...]
    whole_text: float


@dataclass(frozen=True)
class Epoch:
    """Figures after one pass, without dropout."""

    train: Figures
    validation: Figures


class FoundingNetwork:
    """Network A or B with its alphabet.

    Parameters
    ----------
    name
        ``A`` or ``B``.
    samples
        Training and validation images, for alphabet and length.
    seed
        Of everything random.
    """

    def __init__(self, name: str, samples: Sequence[Sample], seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.alphabet = "".join(sorted(set("".join(sample.text for sample in samples))))
        self.positions = max(len(sample.text) for sample in samples)
        self.padding = len(self.alphabet)  # the class of positions after the end, where some texts are shorter
        shorter = min(len(sample.text) for sample in samples) < self.positions
        self.network = FourHeads(DENSE[name], self.positions, len(self.alphabet) + shorter)
        self.seconds = 0.0

    def fit(self, train: Sequence[Sample], validation: Sequence[Sample]) -> list[Epoch]:
        """Train for ``EPOCHS`` passes of Adam; the last weights are kept, as the original did."""
        start = time.monotonic()
        images, labels = samples_to_tensors(train, self.alphabet, self.positions)
        optimizer, epochs = torch.optim.Adam(self.network.parameters()), []
        for _ in range(EPOCHS):
            self.network.train()
            for part in torch.randperm(len(images)).split(BATCH):  # type: ignore[no-untyped-call]
                if len(part) > 1:  # batch normalisation needs two
                    scores = self.network(images[part])
                    loss = functional.cross_entropy(scores.flatten(0, 1), labels[part].flatten()) * self.positions
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
            paused = time.monotonic()
            epochs.append(Epoch(self.figures(train), self.figures(validation)))
            start += time.monotonic() - paused  # measuring is not training
        self.seconds = time.monotonic() - start
        return epochs

    @torch.no_grad()
    def figures(self, samples: Sequence[Sample]) -> Figures:
        """Measure on labelled images."""
        images, labels = samples_to_tensors(samples, self.alphabet, self.positions)
        scores = self.scores(images)
        losses = [float(functional.cross_entropy(scores[:, i], labels[:, i])) for i in range(self.positions)]
        right = scores.argmax(dim=2) == labels
        accuracies = [float(share) for share in right.float().mean(dim=0)]
        return Figures(sum(losses), tuple(losses), tuple(accuracies), float(right.all(dim=1).float().mean()))

    @torch.no_grad()
    def scores(self, images: Tensor) -> Tensor:
        """Score images in evaluation mode."""
        self.network.eval()
        return torch.cat([self.network(part) for part in images.split(256)])  # type: ignore[no-untyped-call]

    def read(self, paths: Sequence[Path]) -> list[str]:
        """Read images."""
        images = torch.from_numpy(np.stack([path_to_input(path) for path in paths]))
        ids = self.scores(images).argmax(dim=2).tolist()
        return ["".join(self.alphabet[i] for i in row if i != self.padding) for row in ids]


def path_to_input(path: Path) -> NDArray[np.float32]:
    """Read and resize an image: float32 ``(3, 40, 80)`` in [0, 1]."""
    small = cv2.resize(path_to_image(path), SIZE_WH, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small.transpose(2, 0, 1), np.float32) / np.float32(255)


def samples_to_tensors(samples: Sequence[Sample], alphabet: str, positions: int) -> tuple[Tensor, Tensor]:
    """Images ``(n, 3, 40, 80)`` and class ids ``(n, positions)``; the class after the last pads shorter texts."""
    ids = np.full((len(samples), positions), len(alphabet), np.int64)
    for row, sample in zip(ids, samples, strict=True):
        row[: len(sample.text)] = [alphabet.index(character) for character in sample.text]
    images = np.stack([path_to_input(sample.path) for sample in samples])
    return torch.from_numpy(images), torch.from_numpy(ids)
