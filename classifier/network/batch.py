"""Examples to tensors: strips side by side, crops as windows, lattices end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kerf.classifier.lattice.lattices import Lattices, join_lattices
from kerf.classifier.network.char_net import Crops
from kerf.segmenter import Segmentation
from kerf.segmenter.crops import spans_to_windows
from kerf.segmenter.ink import NEUTRAL
from kerf.segmenter.lattice import Lattice

WIDTH_STEP = 32
"""Strips are padded to a multiple of this many columns."""


@dataclass(frozen=True)
class Batch:
    """Examples as the network and the search take them.

    Attributes
    ----------
    strips
        float32 ``(B, C, H, W)`` in [0, 1], padded with background.
    crops
        Candidates' windows, in order of images; gaps likewise, one before each cut. Their ``widths`` make the scores
        of an image the same in any batch.
    lattices
        The candidates.
    """

    strips: Tensor
    crops: Crops
    lattices: Lattices


@dataclass(frozen=True)
class Example:
    """What the network and the search need of one segmentation, and nothing more: thousands are held in memory.

    Attributes
    ----------
    pixels
        uint8 ``(C, H, S_w)``; the strip.
    lattice
        The candidates.
    samples
        Columns that each candidate is sampled at.
    """

    pixels: NDArray[np.uint8]
    lattice: Lattice
    samples: int

    @property
    def padded_width(self) -> int:
        """Columns of the strip after padding, whatever it is in a batch with."""
        return -(-int(self.pixels.shape[2]) // WIDTH_STEP) * WIDTH_STEP


def segmentation_to_example(segmentation: Segmentation) -> Example:
    """Keep strip and lattice."""
    return Example(segmentation.strip.pixels, segmentation.lattice, segmentation.settings.crop.samples)


def examples_to_batch(examples: Sequence[Example], device: torch.device) -> Batch:
    """Pad and join examples; all must come from the same settings."""
    channels, height, _ = examples[0].pixels.shape
    width = max(example.padded_width for example in examples)
    strips = np.zeros((len(examples), height, width, channels), np.uint8)
    strips[..., 1:] = NEUTRAL
    for row, example in zip(strips, examples, strict=True):
        row[:, : example.pixels.shape[2]] = example.pixels.transpose(1, 2, 0)
    tensor = array_to_tensor(strips, device).permute(0, 3, 1, 2).float() / 255  # channels last in memory
    lattices = join_lattices([example.lattice for example in examples])
    return Batch(tensor, examples_to_crops(examples, lattices, device), lattices)


def examples_to_crops(examples: Sequence[Example], lattices: Lattices, device: torch.device) -> Crops:
    """Windows of all candidates, and the gap before each cut of each image; that before its first has no width."""
    height = examples[0].pixels.shape[1]
    numbers = np.arange(len(examples))
    cuts = np.concatenate([example.lattice.cuts for example in examples])
    before = np.concatenate([[0], cuts[:-1]])
    before[lattices.first_cut[:-1]] = cuts[lattices.first_cut[:-1]]
    image, skip_image = (np.repeat(numbers, np.diff(first)) for first in (lattices.first_span, lattices.first_cut))
    span_cols = cuts[lattices.spans + lattices.first_cut[image, None]]
    widths = np.array([example.padded_width for example in examples])
    floats = (spans_to_windows(span_cols, examples[0].samples), (cuts + before) / 2, (cuts - before) / height)
    windows, middle, apart = arrays_to_tensors([np.asarray(array, np.float32) for array in floats], device)
    images, skip_images, padded = arrays_to_tensors([image, skip_image, widths], device)
    crops = Crops(images, windows, skip_images, middle, apart, padded)
    return crops if len(set(widths.tolist())) > 1 else replace(crops, widths=None)


def arrays_to_tensors(arrays: Sequence[NDArray[Any]], device: torch.device) -> list[Tensor]:
    """Arrays of one dtype to tensors of their shapes, in one copy."""
    joined = array_to_tensor(np.concatenate([array.ravel() for array in arrays]), device)
    parts = torch.split(joined, [array.size for array in arrays])
    return [part.view(array.shape) for part, array in zip(parts, arrays, strict=True)]


def array_to_tensor(array: NDArray[Any], device: torch.device) -> Tensor:
    """Array to tensor; a graphics card copies it while the processor goes on."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
