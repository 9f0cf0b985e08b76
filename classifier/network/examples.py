"""Examples to arrays: strips side by side, crops as windows, lattices end to end. Without PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.lattice.lattices import Lattices, join_lattices
from kerf.segmenter import Segmentation
from kerf.segmenter.crops import spans_to_windows
from kerf.segmenter.ink import NEUTRAL
from kerf.segmenter.lattice import Lattice

WIDTH_STEP = 32
"""Strips are padded to a multiple of this many columns."""


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


@dataclass(frozen=True)
class ExampleArrays:
    """Several examples as arrays.

    Attributes
    ----------
    strips
        uint8 ``(B, H, W, C)``, padded with background.
    crops
        The fields of ``char_net.Crops`` by name.
    lattices
        The candidates.
    """

    strips: NDArray[np.uint8]
    crops: dict[str, NDArray[Any]]
    lattices: Lattices


def examples_to_arrays(examples: Sequence[Example]) -> ExampleArrays:
    """Pad and join examples; all must come from the same settings."""
    channels, height, _ = examples[0].pixels.shape
    width = max(example.padded_width for example in examples)
    strips = np.zeros((len(examples), height, width, channels), np.uint8)
    strips[..., 1:] = NEUTRAL
    for row, example in zip(strips, examples, strict=True):
        row[:, : example.pixels.shape[2]] = example.pixels.transpose(1, 2, 0)
    lattices = join_lattices([example.lattice for example in examples])
    return ExampleArrays(strips, examples_to_crops(examples, lattices), lattices)


def examples_to_crops(examples: Sequence[Example], lattices: Lattices) -> dict[str, NDArray[Any]]:
    """Windows of all candidates, and the gap before each cut of each image; that before its first has no width."""
    height = examples[0].pixels.shape[1]
    numbers = np.arange(len(examples))
    cuts = np.concatenate([example.lattice.cuts for example in examples])
    before = np.concatenate([[0], cuts[:-1]])
    before[lattices.first_cut[:-1]] = cuts[lattices.first_cut[:-1]]
    image, skip_image = (np.repeat(numbers, np.diff(first)) for first in (lattices.first_span, lattices.first_cut))
    span_cols = cuts[lattices.spans + lattices.first_cut[image, None]]
    widths = np.array([example.padded_width for example in examples])
    crops: dict[str, NDArray[Any]] = {
        "image": image,
        "windows": spans_to_windows(span_cols, examples[0].samples),
        "skip_image": skip_image,
        "skip_middle": np.asarray((cuts + before) / 2, np.float32),
        "skip_width": np.asarray((cuts - before) / height, np.float32),
    }
    return crops if len(set(widths.tolist())) == 1 else {**crops, "widths": widths}
