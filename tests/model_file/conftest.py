"""A small untrained model and its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.kind import Kind
from kerf.classifier.model_file import (
    Model,
    save_model,
)
from kerf.classifier.model_header import Provenance
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter import CutSettings, SegmenterSettings

CPU = torch.device("cpu")


@pytest.fixture
def model() -> Model:
    """A small untrained model with settings that are not the defaults."""
    torch.manual_seed(1)
    settings = SegmenterSettings(cut=CutSettings(filler=0.2))
    network = CharNet(NetworkConfig(3, hidden=8)).eval()
    return Model(
        network,
        Alphabet("aB3"),
        (2, 5),
        1.25,
        settings,
        Provenance(10, 2, 7, "ff", 1, 0.1, 0.9, "2026-01-02", "0", "0123456789abcdef"),
        Kind((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0), (1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5)),
    )


@pytest.fixture
def path(model: Model, tmp_path: Path) -> Path:
    """The model's file."""
    save_model(model, tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"
