"""The loss that the network learns by: the one file here that imports torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerf.classifier.lattice.lattices import Lattices
from kerf.classifier.lattice.losses import Label, labels_to_losses
from kerf.classifier.lattice.text_space import TextSpace


class LatticeLoss(torch.autograd.Function):
    """The loss and, in the same run of the program on the processor, its gradients: one copy there and one back."""

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, skips: Tensor, lattices: Lattices, labels: Sequence[Label], space: TextSpace
    ) -> Tensor:
        """See ``lattice_loss``."""
        losses = labels_to_losses(logits.cpu().numpy(), skips.cpu().numpy(), lattices, labels, space, gradients=True)
        spelt = losses.values[np.isfinite(losses.values)]
        grads = (torch.from_numpy(grad / max(1, len(spelt))) for grad in (losses.by_logits, losses.by_skips))
        ctx.save_for_backward(*(grad.to(logits.device, non_blocking=True) for grad in grads))
        return logits.new_full((), float(spelt.mean()) if len(spelt) else math.nan)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """Scale the gradients, which are there already."""
        by_logits, by_skips = ctx.saved_tensors
        return by_logits * grad, by_skips * grad, None, None, None


def lattice_loss(
    logits: Tensor, skips: Tensor, lattices: Lattices, labels: Sequence[Label], space: TextSpace
) -> Tensor:
    """Mean over the images of ``Losses.values``, differentiable; images whose label no path spells are left out.

    Parameters
    ----------
    logits, skips
        float32, on any device; otherwise as for ``labels_to_losses``.
    lattices, labels, space
        As there.

    Returns
    -------
    Tensor
        A scalar; NaN, with gradients of 0, where no image is left.
    """
    return LatticeLoss.apply(logits, skips, lattices, labels, space)  # type: ignore[no-any-return,no-untyped-call]
