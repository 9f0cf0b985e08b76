"""Augmentation of strips before cropping: warps, shear, scale, contrast, noise, lines over the text, and holes.

The strip is warped, and the candidates' windows are moved with it, so cutting need not be done again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from kerf.classifier.network.batch import Batch
from kerf.classifier.network.char_net import Crops
from kerf.classifier.network.examples import WIDTH_STEP
from kerf.segmenter.ink import NEUTRAL

TURN = 2 * torch.pi
Draw = Callable[..., Tensor]
MOST_LINES = 2
MOST_HOLES = 4


@dataclass(frozen=True)
class AugmentSettings:
    """Strongest change of each kind; each is drawn uniformly below it.

    Parameters
    ----------
    stretch, squeeze
        Change of width overall, and locally by a sine.
    shear, scale, shift, wave
        Columns a row; change of height; rows up or down and of a sine, as shares of the height.
    contrast, noise
        Change of gain; standard deviation.
    lines, holes
        Chance of each of ``MOST_LINES`` lines drawn over the text, and of each of ``MOST_HOLES`` pieces cut out.
    """

    stretch: float = 0.1
    squeeze: float = 0.33
    shear: float = 0.17
    scale: float = 0.1
    shift: float = 0.07
    wave: float = 0.05
    contrast: float = 0.17
    noise: float = 0.04
    lines: float = 0.5
    holes: float = 0.5


def augment(batch: Batch, settings: AugmentSettings, generator: torch.Generator) -> Batch:
    """Draw one random change for each strip of a batch; arcs stay as they are. The generator is on its device."""
    device, (count, channels, height, width) = batch.strips.device, batch.strips.shape

    def draw(spread: float, *shape: int) -> Tensor:
        """Uniform in ``[-spread, spread)``."""
        return (torch.rand(count, *shape, generator=generator, device=device) * 2 - 1) * spread

    columns = warped_columns(draw, settings, width)
    phase = torch.arange(width, device=device)[None, None] / width * (2 + draw(1.5, 1, 1)) + draw(0.5, 1, 1)
    rows = torch.arange(height, device=device)[None, :, None] - (height - 1) / 2
    from_col = columns[:, None, :] + draw(settings.shear, 1, 1) * rows
    wave = draw(settings.wave * height, 1, 1) * torch.sin(TURN * phase)
    from_row = rows * (1 + draw(settings.scale, 1, 1)) + draw(settings.shift * height, 1, 1) + wave
    grid = torch.stack([(from_col + 0.5) / width * 2 - 1, from_row.expand_as(from_col) / height * 2], dim=3)
    ground = torch.full((1, channels, 1, 1), NEUTRAL / 255, device=device)
    ground[:, 0] = 0
    strips = functional.grid_sample(batch.strips - ground, grid, align_corners=False)
    strips = strips * (1 + draw(settings.contrast, 1, 1, 1)) + ground
    strips = cut_holes(draw_lines(strips, settings.lines, generator), ground, settings.holes, generator)
    noise = torch.randn(strips.shape, generator=generator, device=device) * draw(settings.noise, 1, 1, 1)
    return replace(batch, strips=(strips + noise).clamp(0, 1), crops=move_crops(batch.crops, columns))


def draw_lines(strips: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """Draw up to ``MOST_LINES`` thin sloping waves over each strip, as dark as the text or less."""
    device, (count, channels, height, width) = strips.device, strips.shape
    rows = torch.arange(height, device=device)[:, None]
    across = torch.arange(width, device=device) / height
    for _ in range(MOST_LINES):
        at, slope, bend, phase, cycles, thickness, ink, sign, there = torch.rand(
            9, count, 1, 1, generator=generator, device=device
        ).unbind()
        middle = 0.1 + 0.8 * at + 0.4 * (2 * slope - 1) * (across - 0.5 * width / height)
        middle = middle + 0.2 * bend * torch.sin(TURN * phase + (0.5 + 2.5 * cycles) * across)
        cover = (0.9 + 1.4 * thickness - (rows - height * middle).abs()).clamp(0, 1) * (there < chance)  # (B, H, W)
        ink = 0.3 + 0.7 * ink
        lightness = 0.5 + 0.5 * ink * torch.where(sign < 0.8, 1.0, -1.0)
        colours = [0.5 + 0.5 * ink * (2 * at_random - 1) for at_random in (slope, phase)][: channels - 2]
        strips = torch.lerp(strips, torch.stack([ink, lightness, *colours], dim=1), cover[:, None])
    return strips


def cut_holes(strips: Tensor, ground: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """Put background in the place of up to ``MOST_HOLES`` small rectangles of each strip (Zhong et al. 2020)."""
    device, (count, _, height, width) = strips.device, strips.shape
    rows, cols = torch.arange(height, device=device)[:, None], torch.arange(width, device=device)
    for _ in range(MOST_HOLES):
        row, col, tall, wide, there = torch.rand(5, count, 1, 1, 1, generator=generator, device=device).unbind()
        inside = ((rows - height * row).abs() < 1 + 5 * tall) & ((cols - width * col).abs() < 1 + 5 * wide)
        strips = torch.where(inside & (there < chance), ground, strips)
    return strips


def warped_columns(draw: Draw, settings: AugmentSettings, width: int) -> Tensor:
    """Column of the old strip for each column of the new one: float32 ``(B, W)``, ascending, from 0."""
    cycles = 2.5 + draw(2.0, 1)
    turn = TURN * cycles
    phase = draw(0.5, 1) * TURN
    at = torch.arange(width, device=cycles.device)[None] / width
    bend = draw(settings.squeeze, 1).abs() / turn
    moved = at * (1 + draw(settings.stretch, 1)) + bend * (torch.sin(turn * at + phase) - torch.sin(phase))
    return moved * width


def move_crops(crops: Crops, columns: Tensor) -> Crops:
    """Move windows and gaps to where the warp took them; ``columns`` as from ``warped_columns``."""
    left = moved_columns(crops.windows[:, 0], crops.image, columns)
    right = moved_columns(crops.windows[:, -1], crops.image, columns)
    share = torch.linspace(0, 1, crops.windows.shape[1], device=columns.device)
    windows = left[:, None] + (right - left)[:, None] * share
    middle = moved_columns(crops.skip_middle, crops.skip_image, columns)
    return replace(crops, windows=windows, skip_middle=middle, widths=moved_widths(crops.widths, columns))


def moved_widths(widths: Tensor | None, columns: Tensor) -> Tensor | None:
    """Widths that hold what the warp took beyond the strips' own; see ``Crops``."""
    if widths is None:
        return None
    image = torch.arange(len(widths), device=widths.device)
    ends = (moved_columns(widths.float(), image, columns) / WIDTH_STEP).ceil().long() * WIDTH_STEP
    return ends.maximum(widths).clamp(max=columns.shape[1])


def moved_columns(old: Tensor, image: Tensor, columns: Tensor) -> Tensor:
    """Invert the warp: new columns of old columns ``(M,)`` of the strips ``image`` ``(M,)``, linear between."""
    count, width = columns.shape
    apart = 4 * width  # strips laid end to end on one axis, so that one search serves all
    axis = (columns + apart * torch.arange(count, device=columns.device)[:, None]).flatten()
    index = torch.searchsorted(axis, old.clamp(-width, 2 * width) + apart * image)
    right = (index - image * width).clamp(1, width - 1)
    low, high = columns[image, right - 1], columns[image, right]
    return right - 1 + (old - low) / (high - low).clamp(min=1e-3)
