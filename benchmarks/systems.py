"""What is compared: each system is trained on labelled images, and then given the paths of others and nothing more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ctc import CtcReader, CtcSettings
from founding import FoundingNetwork
from torch import nn

from classifier.dataset import Sample, split_samples
from classifier.fitting import TrainSettings
from classifier.model_file import BUNDLED_MODEL, load_model, resolve_device, save_model
from classifier.recognizer import Recognizer
from classifier.training import VALIDATION_FRACTION, train
from segmenter.errors import KerfError

LEAST_CTC_SECONDS = 60.0
BEST_TIMES = 10
"""At its own best the CTC recogniser may take so many times as long as Kerf."""
CTC_PATIENCE = 60


@dataclass(frozen=True)
class Trained:
    """A system after training.

    Attributes
    ----------
    read
        Paths to texts, in order.
    seconds
        Of training.
    parameters, file_bytes
        Its size; 0 where it is not known.
    detail
        What else it has to say, for JSON.
    figures
        What the scorer may ask it besides texts: labelled images to named figures; None where there is nothing.
    """

    read: Callable[[Sequence[Path]], list[str]]
    seconds: float
    parameters: int
    file_bytes: int
    detail: dict[str, Any] = field(default_factory=dict)
    figures: Callable[[Sequence[Sample]], dict[str, Any]] | None = None


def train_kerf(samples: Sequence[Sample], device: str) -> Trained:
    """Train Kerf as ``train-char`` does, with nothing set."""
    start = time.monotonic()
    chosen = resolve_device(device)
    model = train(samples, TrainSettings(), chosen, load_model(BUNDLED_MODEL, chosen)).model
    seconds = time.monotonic() - start
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        save_model(model, path)
        size = path.stat().st_size
    recognizer = Recognizer(model)

    def read(paths: Sequence[Path]) -> list[str]:
        found = recognizer.read_many(paths)
        return ["" if isinstance(reading, KerfError) else reading.text for reading in found]

    return Trained(read, seconds, count_parameters(model.network), size)


def train_ctc(samples: Sequence[Sample], seconds: float, *, best: bool) -> Trained:
    """Train the CTC recogniser for as long as Kerf took; or, at its best, until it gains no more."""
    split = split_samples(samples, VALIDATION_FRACTION)
    allowed = max(seconds, LEAST_CTC_SECONDS)
    settings = CtcSettings(BEST_TIMES * allowed, patience=CTC_PATIENCE) if best else CtcSettings(allowed)
    reader = CtcReader(samples, settings)
    reader.fit(split.train, split.validation)
    parameters = count_parameters(reader.network)
    return Trained(reader.read, reader.seconds, parameters, 4 * parameters, {"epochs": reader.epochs})


def train_founding(name: str, samples: Sequence[Sample]) -> Trained:
    """Train network A or B as the question did: 50 passes of Adam."""
    split = split_samples(samples, VALIDATION_FRACTION)
    network = FoundingNetwork(name, samples)
    epochs = network.fit(split.train, split.validation)
    parameters = count_parameters(network.network)
    return Trained(
        network.read,
        network.seconds,
        parameters,
        4 * parameters,
        {"epochs": [asdict(epoch) for epoch in epochs]},
        lambda labelled: asdict(network.figures(labelled)),
    )


def count_parameters(network: nn.Module) -> int:
    """Count what training changes."""
    return sum(tensor.numel() for tensor in network.parameters())
