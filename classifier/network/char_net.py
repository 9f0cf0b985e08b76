"""CharNet: which single character each candidate crop is.

The convolutions run once over the strip; a candidate's crop is a window of the feature map, sampled at the columns
that ``kerf.segmenter.crops.spans_to_windows`` gives (Fast R-CNN, Girshick 2015, in one dimension). The first layer of
the head is applied to every feature column before cropping, so that a further candidate costs a few thousand
multiplications instead of two million.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from kerf.classifier.network.config import NetworkConfig

STRIDE = 4  # strip columns for one feature column


@dataclass(frozen=True)
class Crops:
    """The crops of a batch of strips, as windows.

    Attributes
    ----------
    image
        int64 ``(N,)``; which strip of the batch.
    windows
        float32 ``(N, S)``; strip columns.
    skip_image, skip_middle, skip_width
        ``(M,)``; the same for the gaps between neighbouring cuts: strip, middle column, width in strip heights.
    widths
        int64 ``(B,)``; columns of each strip with the padding of its own, a multiple of 4; what is beyond is there
        for the others' sake and is not looked at. None where all strips are as wide as the batch.
    """

    image: Tensor
    windows: Tensor
    skip_image: Tensor
    skip_middle: Tensor
    skip_width: Tensor
    widths: Tensor | None = None


def conv_block(in_channels: int, out_channels: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class CharNet(nn.Module):
    """Strips and candidate windows to character scores.

    Parameters
    ----------
    config
        Its shape.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        first, second, third = config.channels
        self.trunk = nn.Sequential(
            conv_block(config.in_channels, first, stride=2),  # (H/2, W/2)
            conv_block(first, second),
            nn.MaxPool2d(2),  # (H/4, W/4)
            conv_block(second, third),
            conv_block(third, third),
            nn.MaxPool2d((2, 1)),  # (H/8, W/4)
            conv_block(third, third),
            conv_block(third, config.reduced, size=1),
        )
        column = config.reduced * (config.height // 8)
        self.window_layer = nn.Linear(column, config.samples * config.hidden, bias=False)
        self.width_layer = nn.Linear(2, config.hidden)
        self.norm = nn.LayerNorm(config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden, config.classes)
        self.skip = nn.Linear(column, 1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # 2 to 3 times faster on a CPU
        nn.init.zeros_(self.skip.weight)
        nn.init.constant_(self.skip.bias, -4.0)

    def forward(self, strips: Tensor, crops: Crops) -> tuple[Tensor, Tensor]:
        """Score every crop and every gap.

        Parameters
        ----------
        strips
            float32 ``(B, C, H, W)`` in [0, 1]; W a multiple of 4.
        crops
            Windows into them.

        Returns
        -------
        tuple
            Logits ``(N, K)`` and skip scores ``(M,)``.
        """
        hidden, skips = self.describe(strips, crops)
        return self.output(self.dropout(hidden)), skips

    def describe(self, strips: Tensor, crops: Crops) -> tuple[Tensor, Tensor]:
        """Say what every crop looks like, ``(N, hidden)``, before that has a class; and score the gaps."""
        halves = self.training and has_bfloat16(strips.device)
        with torch.autocast(strips.device.type, torch.bfloat16, enabled=halves):
            maps = self.strips_to_maps(strips, crops.widths).float()  # (B, R, H/8, W/4)
        columns = maps.permute(0, 3, 2, 1).flatten(2)  # (B, W/4, H/8 * R)
        width = columns.shape[1]
        widths = columns.new_full((columns.shape[0],), width) if crops.widths is None else crops.widths // STRIDE
        table = self.window_layer(columns)  # (B, W/4, S * hidden)
        hidden = self.sample(table.view(-1, self.config.hidden), crops, widths, width)  # (N, hidden)
        hidden = functional.relu(self.norm(hidden + self.width_layer(self.width_features(crops))))
        left, right, weight = neighbours(crops.skip_middle, widths[crops.skip_image])
        costs = self.skip(columns).view(-1)
        base = crops.skip_image * width
        cost = costs[base + left] * (1 - weight) + costs[base + right] * weight
        return hidden, cost * crops.skip_width

    def strips_to_maps(self, strips: Tensor, widths: Tensor | None) -> Tensor:
        """Run the convolutions ``(B, C, H, W)`` to ``(B, R, H/8, W/4)``, each strip as if it were alone.

        What is beyond a strip's width is zero before each of them, as a convolution pads at the edge of a batch.
        """
        maps, wide = strips, strips.shape[3]
        for block in self.trunk:
            if widths is not None:
                own = widths * maps.shape[3] // wide
                within = torch.arange(maps.shape[3], device=maps.device) < own[:, None]  # (B, W)
                maps = maps * within[:, None, None]
            maps = block(maps)
        return maps

    def sample(self, table: Tensor, crops: Crops, widths: Tensor, width: int) -> Tensor:
        """Sum a crop's columns, interpolated, each through its own slice of the window layer: to ``(N, hidden)``.

        ``table`` is ``(B * width * S, hidden)``, ``widths`` are the columns of each strip, ``(B,)``.
        """
        samples = self.config.samples
        left, right, weight = neighbours(crops.windows, widths[crops.image, None])  # (N, S)
        slot = torch.arange(samples, device=table.device)
        base = crops.image[:, None] * width
        rows = torch.cat([(base + left) * samples + slot, (base + right) * samples + slot], dim=1)
        weights = torch.cat([1 - weight, weight], dim=1)
        return functional.embedding_bag(rows, table, per_sample_weights=weights, mode="sum")

    def width_features(self, crops: Crops) -> Tensor:
        """Width of each crop in strip heights, and its logarithm: ``(N, 2)``."""
        span = (crops.windows[:, -1:] - crops.windows[:, :1]) / self.config.height
        return torch.cat([span, span.log()], dim=1)


def fuse(network: CharNet) -> CharNet:
    """Copy a network for reading alone: each batch normalisation becomes part of the convolution before it."""
    fused = deepcopy(network).eval()
    for index, block in enumerate(fused.trunk):
        if isinstance(block, nn.Sequential):
            convolution, norm, activation = block
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            fused.trunk[index] = nn.Sequential(fuse_conv_bn_eval(convolution, norm), activation)
    return fused


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 itself, twice as fast as in float32, rather than by emulation."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def neighbours(columns: Tensor, widths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Feature columns left and right of strip columns, and the right one's share; clamped to ``[0, widths)``."""
    last = widths - 1
    position = (columns / STRIDE - 0.5).clamp(min=0).minimum(last.to(columns.dtype))
    left = position.floor().long()
    return left, (left + 1).minimum(last.long()), position - left
