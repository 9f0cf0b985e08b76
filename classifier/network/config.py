"""The shape of CharNet, which is known without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SizeName = Literal["fast", "accurate"]


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of the network; stored in the model file.

    Parameters
    ----------
    classes
        Characters of the alphabet.
    in_channels, height
        Of the strip.
    samples
        Columns of a crop's window, margins included.
    channels
        Channels of the convolution stages.
    reduced
        Channels of a feature column before the head.
    hidden
        Width of the head.
    dropout
        Share of the head's units dropped in training.
    """

    classes: int
    in_channels: int = 2
    height: int = 48
    samples: int = 8
    channels: tuple[int, int, int] = (16, 16, 32)
    reduced: int = 16
    hidden: int = 96
    dropout: float = 0.2


SIZES: dict[SizeName, NetworkConfig] = {
    "fast": NetworkConfig(1),
    "accurate": NetworkConfig(1, channels=(32, 32, 64), reduced=32, hidden=192),
}
"""Shapes to train from nothing or to widen a start to, by name."""
