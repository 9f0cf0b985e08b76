"""Examples to tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kerf.classifier.lattice.lattices import Lattices
from kerf.classifier.network.char_net import Crops
from kerf.classifier.network.examples import Example, ExampleArrays, examples_to_arrays


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


def examples_to_batch(examples: Sequence[Example], device: torch.device) -> Batch:
    """Pad and join examples; all must come from the same settings."""
    return arrays_to_batch(examples_to_arrays(examples), device)


def arrays_to_batch(arrays: ExampleArrays, device: torch.device) -> Batch:
    """Make tensors; strips keep their channels last in memory."""
    strips = torch.from_numpy(arrays.strips).to(device).permute(0, 3, 1, 2).float() / 255
    crops = Crops(**{name: torch.from_numpy(array).to(device) for name, array in arrays.crops.items()})
    return Batch(strips, crops, arrays.lattices)
