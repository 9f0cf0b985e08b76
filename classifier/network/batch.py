"""Examples to tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
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
    strips = array_to_tensor(arrays.strips, device).permute(0, 3, 1, 2).float() / 255
    return Batch(strips, Crops(**arrays_to_tensors(arrays.crops, device)), arrays.lattices)


def arrays_to_tensors(arrays: Mapping[str, NDArray[Any]], device: torch.device) -> dict[str, Tensor]:
    """Arrays to tensors of their shapes, in one copy for each dtype."""
    tensors: dict[str, Tensor] = {}
    for dtype in {array.dtype: None for array in arrays.values()}:
        alike = {name: array for name, array in arrays.items() if array.dtype == dtype}
        joined = array_to_tensor(np.concatenate([array.ravel() for array in alike.values()]), device)
        parts = torch.split(joined, [array.size for array in alike.values()])
        tensors |= {name: part.view(array.shape) for (name, array), part in zip(alike.items(), parts, strict=True)}
    return tensors


def array_to_tensor(array: NDArray[Any], device: torch.device) -> Tensor:
    """Array to tensor; a graphics card copies it while the processor goes on."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
