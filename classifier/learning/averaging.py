"""The moving average of a network's weights."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn


class Average:
    """A network whose weights and statistics are the exponential moving average of another's.

    An update is a few fused operations, and waits for nothing that a graphics card computes.

    Parameters
    ----------
    network
        The other.
    decay
        Share of the average that an update leaves, once there were many; the first ones leave less.

    Attributes
    ----------
    network
        The average, in evaluation mode.
    count
        Updates so far.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.count = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move towards a network's weights; the first time, all the way."""
        share = max(1 - self.decay, 9 / (self.count + 10)) if self.count else 1.0
        means, news = floating_state(self.network), floating_state(network)
        torch._foreach_lerp_(means, news, share)
        self.count += 1


def floating_state(network: nn.Module) -> list[Tensor]:
    """Parameters and buffers of a network but for counts, in order."""
    return [tensor for tensor in (*network.parameters(), *network.buffers()) if tensor.is_floating_point()]
