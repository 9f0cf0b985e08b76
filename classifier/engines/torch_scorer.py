"""The network run by PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from kerf.classifier.model_file import check_process
from kerf.classifier.network.batch import arrays_to_batch
from kerf.classifier.network.char_net import CharNet, fuse
from kerf.classifier.network.examples import ExampleArrays


class TorchScorer:
    """A network on its device; see ``Scorer``.

    Parameters
    ----------
    network
        On a graphics card, PyTorch's convolutions are set to float32 in the whole process.
    """

    def __init__(self, network: CharNet) -> None:
        self.network = fuse(network)
        self.device = next(network.parameters()).device
        if self.device.type == "cuda":
            torch.backends.cudnn.allow_tf32 = False  # the default leaves 10 of 23 bits

    def __call__(self, arrays: ExampleArrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits and skip scores."""
        batch = arrays_to_batch(arrays, self.device)
        with torch.no_grad():
            logits, skips = self.network(batch.strips, batch.crops)
        return logits.cpu().numpy(), skips.cpu().numpy()

    def check_process(self) -> None:
        """See ``model_file.check_process``."""
        check_process(self.device)

    def begin_thread(self) -> None:
        """Compute on this thread alone."""
        torch.set_num_threads(1)
