"""A training that was stopped, in a file: everything that its next step depends on. No pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from kerf.classifier.learning.fitting import Fitter
from kerf.classifier.model_file import write_whole
from kerf.segmenter.errors import ModelUnreadableError

FORMAT = "kerf-checkpoint"
SECONDS = 30.0
"""Least time between two checkpoints of a ``Keeper``."""


@dataclass
class Keeper:
    """Keeps a training in a file from time to time, so that one that was killed can go on.

    Parameters
    ----------
    path
        The file.
    resume
        Whether to go on from it if it is there.
    """

    path: Path
    resume: bool
    _last: float = field(default_factory=monotonic)

    def begin(self, fitter: Fitter, identity: str) -> int:
        """Return the steps that were taken before; see ``load_checkpoint``."""
        return load_checkpoint(fitter, self.path, identity) if self.resume and self.path.exists() else 0

    def keep(self, fitter: Fitter, taken: int, identity: str) -> None:
        """Write a checkpoint if the last one is ``SECONDS`` old; see ``save_checkpoint``."""
        if monotonic() - self._last >= SECONDS:
            save_checkpoint(fitter, taken, self.path, identity)
            self._last = monotonic()


def save_checkpoint(fitter: Fitter, taken: int, path: Path, identity: str = "") -> None:
    """Write weights, their average, the optimizer's moments and the random generators after ``taken`` steps.

    The file is written whole or not at all. ``identity`` is what tells this training from others of the same shape.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    tensors = {name: tensor.cpu().contiguous() for name, tensor in fitter_to_tensors(fitter).items()}
    counts = {"taken": taken, "averaged": fitter.average.count, "identity": identity}
    write_whole(path, save(tensors, {FORMAT: json.dumps(counts)}))


def load_checkpoint(fitter: Fitter, path: Path, identity: str = "") -> int:
    """Put into a fitter what one of the same shape and settings saved; return the steps it had taken.

    Raises
    ------
    ModelUnreadableError
        If the file is truncated, no checkpoint, of a network of another shape, or of another identity.
    """
    try:
        with safe_open(path, framework="pt") as file:
            counts = json.loads((file.metadata() or {})[FORMAT])
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if counts.get("identity", "") != identity:
            raise ValueError("of other images, or with other settings")
        take_one_step(fitter)
        own = fitter_to_tensors(fitter)
        if {name: tensor.shape for name, tensor in own.items()} != {
            name: tensor.shape for name, tensor in stored.items()
        }:
            raise ValueError("of another network")
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(stored[name])
        fitter.average.count = int(counts["averaged"])
        fitter.order.set_state(stored["order"])
        fitter.changes.set_state(stored["changes"])
        torch.set_rng_state(stored["dropout"])
        return int(counts["taken"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise ModelUnreadableError(
            f"{path} is no checkpoint of this training; remove it to begin anew, or give its images and options"
        ) from error


def take_one_step(fitter: Fitter) -> None:
    """Make the optimizer's moments, which it only has after a step; this one changes nothing that is kept."""
    for parameter in fitter.network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    fitter.optimizer.step()
    fitter.optimizer.zero_grad()


def fitter_to_tensors(fitter: Fitter) -> dict[str, Tensor]:
    """Every tensor of a fitter by name; the generators' states are copies."""
    tensors = {f"network.{name}": tensor for name, tensor in fitter.network.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in fitter.average.network.state_dict().items()}
    for number, parameter in enumerate(fitter.network.parameters()):
        moments = fitter.optimizer.state[parameter]
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in moments.items()}
    generators = {"order": fitter.order.get_state(), "changes": fitter.changes.get_state()}
    return tensors | generators | {"dropout": torch.get_rng_state()}
