"""What an engine does, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerf.classifier.network.examples import ExampleArrays

Engine = Literal["torch", "onnx"]


class Scorer(Protocol):
    """A network that is ready to read."""

    def __call__(self, arrays: ExampleArrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score examples whose strips are of one padded width: logits ``(N, K)`` and skip scores ``(M,)``."""

    def check_process(self) -> None:
        """Raise DeviceError if it cannot be used in this process."""

    def begin_thread(self) -> None:
        """Prepare one of several threads that use it; called first by each."""
