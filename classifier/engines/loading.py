"""A model for the engine that is asked for; PyTorch is imported for its own alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, get_args

from kerf.classifier.engines.onnx_model import OnnxModel, load_onnx
from kerf.classifier.engines.scorer import Engine, Scorer
from kerf.segmenter.errors import SettingsError

if TYPE_CHECKING:
    from kerf.classifier.model_file import Model

AnyModel: TypeAlias = "Model | OnnxModel"
"""What a recognizer reads with."""


def load_for(engine: Engine, path: Path | None, device: str) -> AnyModel:
    """Load what an engine reads with; errors as ``Recognizer.load``."""
    if engine not in get_args(Engine):
        raise SettingsError(f"engine {engine!r} is unknown; use {' or '.join(get_args(Engine))}")
    if engine == "onnx":
        if path is None:
            raise SettingsError("the engine onnx reads with an exported model; write one with export and name it")
        return load_onnx(path, device)
    from kerf.classifier.model_file import BUNDLED_MODEL, load_model, resolve_device

    return load_model(path or BUNDLED_MODEL, resolve_device(device))


def model_to_scorer(model: AnyModel) -> Scorer:
    """Make a model ready to read."""
    if isinstance(model, OnnxModel):
        return model.scorer
    from kerf.classifier.engines.torch_scorer import TorchScorer

    return TorchScorer(model.network)
