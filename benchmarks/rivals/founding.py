"""The two networks of the question that Kerf began from, in PyTorch, with every figure under its own name.

A has two dense layers between its convolutions and its heads, B has not; both have one head a position. Pooling is
the ordinary one, over height and width, also in the last block, where the original pooled width and channels.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.rivals.ctc import training_clock
from kerf.classifier.folders.dataset import Sample
from kerf.segmenter.load import path_to_image

SIZE_WH = (80, 40)
EPOCHS = 50
BATCH = 32
DROPOUT = 0.3
SHOWN = 200
"""Training images that the figures of a pass are measured on; those of the last pass are of all."""
UNKNOWN = -100
"""Class id of a character that is not in the alphabet."""
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
        self.blocks = nn.Sequential(*blocks).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        units = channels * (SIZE_WH[0] // 16) * (SIZE_WH[1] // 16)
        layers: list[nn.Module] = []
        for width in dense:
            layers += [nn.Linear(units, width), nn.ReLU(), nn.BatchNorm1d(width), nn.Dropout(DROPOUT)]
            units = width
        self.dense = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Linear(units, classes) for _ in range(positions))

    def forward(self, images: Tensor) -> Tensor:
        """Score every class at every position: float32 ``(B, 3, 40, 80)`` to ``(B, positions, classes)``."""
        maps = self.blocks(images.contiguous(memory_format=torch.channels_last))
        features = self.dense(maps.flatten(1))
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
    texts
        Labels of training and validation images, for alphabet and length.
    device
        Where it trains and reads.
    seed
        Of everything random.
    """

    def __init__(self, name: str, texts: Sequence[str], device: torch.device, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.alphabet = "".join(sorted(set("".join(texts))))
        self.positions = max(map(len, texts))
        shorter = min(map(len, texts)) < self.positions  # then one class more stands for the end
        self.device = device
        self.network = FourHeads(DENSE[name], self.positions, len(self.alphabet) + shorter).to(device)
        self.seconds = 0.0

    def fit(self, train: Sequence[Sample], validation: Sequence[Sample]) -> list[Epoch]:
        """Train for ``EPOCHS`` passes of Adam; the last weights are kept, as the original did."""
        images = paths_to_images([sample.path for sample in train])
        labels = texts_to_ids([sample.text for sample in train], self.alphabet, self.positions)
        optimizer, epochs = torch.optim.Adam(self.network.parameters()), []
        for epoch in range(EPOCHS):
            start = training_clock(self.device)
            self.network.train()
            for part in torch.randperm(len(images)).split(BATCH):  # type: ignore[no-untyped-call]
                if len(part) > 1:  # batch normalisation needs two
                    scores = self.network(images[part].to(self.device))
                    ids = labels[part].to(self.device)
                    loss = functional.cross_entropy(scores.flatten(0, 1), ids.flatten()) * self.positions
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
            self.seconds += training_clock(self.device) - start  # measuring is not training
            shown = train if epoch == EPOCHS - 1 else train[:SHOWN]
            epochs.append(Epoch(self.figures(shown), self.figures(validation)))
        return epochs

    def figures(self, samples: Sequence[Sample]) -> Figures:
        """Measure on training or validation images."""
        scores = self.scores([sample.path for sample in samples])
        return scores_to_figures(scores, [sample.text for sample in samples], self.alphabet)

    @torch.no_grad()
    def scores(self, paths: Sequence[Path]) -> Tensor:
        """Log probabilities in evaluation mode: float32 ``(n, positions, classes)``."""
        self.network.eval()
        parts = [
            self.network(paths_to_images(paths[first : first + 256]).to(self.device)).log_softmax(dim=2).cpu()
            for first in range(0, len(paths), 256)
        ]
        return torch.cat(parts)


def scores_to_texts(scores: Tensor, alphabet: str) -> list[str]:
    """Read each position's best class; the class after the last character is the end."""
    return ["".join(alphabet[i] for i in row if i < len(alphabet)) for row in scores.argmax(dim=2).tolist()]


def scores_to_figures(scores: Tensor, texts: Sequence[str], alphabet: str) -> Figures:
    """Measure log probabilities ``(n, positions, classes)`` against the texts.

    A character that the network was never shown counts as wrong, and is left out of the loss.
    """
    positions = scores.shape[1]
    ids = texts_to_ids(texts, alphabet, positions)
    losses = [float(functional.nll_loss(scores[:, i], ids[:, i], ignore_index=UNKNOWN)) for i in range(positions)]
    right = scores.argmax(dim=2) == ids
    accuracies = [float(share) for share in right.float().mean(dim=0)]
    whole = [found == text for found, text in zip(scores_to_texts(scores, alphabet), texts, strict=True)]
    return Figures(sum(losses), tuple(losses), tuple(accuracies), sum(whole) / len(whole))


@functools.cache
def path_to_input(path: Path) -> NDArray[np.float32]:
    """Read and resize an image: float32 ``(3, 40, 80)`` in [0, 1]."""
    small = cv2.resize(path_to_image(path), SIZE_WH, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small.transpose(2, 0, 1), np.float32) / np.float32(255)


def paths_to_images(paths: Sequence[Path]) -> Tensor:
    """Read images: float32 ``(n, 3, 40, 80)`` in [0, 1]."""
    return torch.from_numpy(np.stack([path_to_input(path) for path in paths]))


def texts_to_ids(texts: Sequence[str], alphabet: str, positions: int) -> Tensor:
    """Class ids ``(n, positions)``; the class after the last pads shorter texts."""
    ids = torch.full((len(texts), positions), len(alphabet))
    known = {character: index for index, character in enumerate(alphabet)}
    for row, text in zip(ids, texts, strict=True):
        for position, character in enumerate(text[:positions]):
            row[position] = known.get(character, UNKNOWN)
    return ids
