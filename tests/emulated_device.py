"""A device apart, on the processor: its tensors do not mix with the processor's, and what makes it wait is counted.

It goes by the name of ``meta``, a device that every build of PyTorch knows and that computes nothing by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")
PROCESSOR = torch.device("cpu")
READS = ("aten._local_scalar_dense", "aten.nonzero", "aten.equal", "aten.is_nonzero", "aten.masked_select")
INDEXING = ("aten.index.", "aten.index_put", "aten._index_put")


class DeviceTensor(Tensor):
    """A tensor of the device; ``held`` is what it holds."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> DeviceTensor:
        tensor = Tensor._make_wrapper_subclass(
            cls, held.shape, held.stride(), held.storage_offset(), dtype=held.dtype, device=DEVICE
        )
        tensor.held = held
        return tensor

    @classmethod
    def __torch_dispatch__(cls, operation: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        raise AssertionError(f"{operation} on a tensor of the device, which is not there now")


class Device(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Runs operations where their tensors are.

    Attributes
    ----------
    counts
        ``read``: values the program waited for; ``down``: copies to the processor; ``up``: copies to the device.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        here = [isinstance(tensor, DeviceTensor) for tensor in tensors]
        copies = str(operation).startswith(("aten._to_copy", "aten.copy_"))
        self.check(str(operation), tensors, here, copies)
        target = self.target(operation, kwargs, here, copies)
        if kwargs.get("device") == DEVICE:
            kwargs["device"] = PROCESSOR
        result = operation(*tree_map(unwrap, args), **tree_map(unwrap, kwargs))
        if not target:
            return args[0] if copies and str(operation).startswith("aten.copy_") else result
        result = tree_map(lambda leaf: DeviceTensor(leaf) if isinstance(leaf, Tensor) else leaf, result)
        if any(here):
            return return_and_correct_aliasing(operation, args, kwargs, result)  # type: ignore[no-untyped-call]
        return result

    def check(self, name: str, tensors: list[Tensor], here: list[bool], copies: bool) -> None:
        """Refuse to mix, but for numbers and in copies; count what the program must wait for."""
        if any(here) and not copies and any(not on and tensor.dim() for on, tensor in zip(here, tensors, strict=True)):
            raise RuntimeError(f"{name}: all tensors must be on the same device")
        masks = any(tensor.dtype == torch.bool for tensor in tensors[1:])
        if any(here) and (name.startswith(READS) or (name.startswith(INDEXING) and masks)):
            self.counts["read"] += 1

    def target(self, operation: Any, kwargs: dict[str, Any], here: list[bool], copies: bool) -> bool:
        """Whether the result is on the device; copies from one side to the other are counted."""
        asked = kwargs.get("device")
        if not copies:
            return any(here) or asked == DEVICE
        if str(operation).startswith("aten.copy_"):
            to, source = here
        else:
            source = here[0]
            to = source if asked is None else asked == DEVICE
        if to != source:
            self.counts["up" if to else "down"] += 1
        return to


def unwrap(leaf: Any) -> Any:
    """Return what a tensor of the device holds, and anything else as it is."""
    return leaf.held if isinstance(leaf, DeviceTensor) else leaf


def move(network: nn.Module) -> None:
    """Put a network onto the device, in place."""
    for module in network.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = nn.Parameter(DeviceTensor(parameter.detach().clone()))
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = DeviceTensor(buffer.clone())


@contextmanager
def emulated() -> Iterator[Device]:
    """Have the device, with random numbers of its own and without the half precision that it does not know."""
    generator = torch.Generator

    class OnProcessor:
        def __new__(cls, device: torch.device = PROCESSOR) -> torch.Generator:  # type: ignore[misc]
            return generator(PROCESSOR)

    with pytest.MonkeyPatch.context() as patch, Device() as device:
        patch.setattr(torch, "Generator", OnProcessor)
        patch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
        yield device
