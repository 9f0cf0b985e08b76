"""The model file: round trip, and refusal of what does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.model_file import (
    BUNDLED_MODEL,
    FORMAT,
    FORMAT_VERSION,
    Model,
    Provenance,
    load_model,
    resolve_device,
    save_model,
)
from kerf.classifier.network.char_net import CharNet, NetworkConfig
from kerf.segmenter import CutSettings, SegmenterSettings
from kerf.segmenter.errors import DeviceError, ModelUnreadableError, ModelVersionError, NotFoundError, OutputError

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
        Provenance(10, 2, 7, "ff", 1, 0.1, 0.9, "2026-01-02", "0"),
    )


def rewrite(path: Path, **changes: str) -> None:
    """Change the metadata of a model file."""
    with safe_open(path, framework="pt") as file:
        metadata = {**file.metadata(), **changes}
    save_file(load_file(path), path, metadata)


def test_round_trip_keeps_everything(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "sub" / "m.safetensors"
    save_model(model, path)
    again = load_model(path, CPU)
    assert (again.alphabet, again.lengths, again.temperature) == (
        model.alphabet,
        model.lengths,
        model.temperature,
    )
    assert (again.segmenter, again.provenance) == (model.segmenter, model.provenance)
    assert again.network.config == model.network.config
    for name, tensor in model.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], tensor)
    assert [p.name for p in path.parent.iterdir()] == ["m.safetensors"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_truncated_file_is_refused(model: Model, tmp_path: Path, share: float) -> None:
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelUnreadableError, match="truncated"):
        load_model(path, CPU)


def test_other_format_version_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    rewrite(path, format_version=str(FORMAT_VERSION + 1))
    with pytest.raises(ModelVersionError, match=f"format {FORMAT_VERSION + 1}"):
        load_model(path, CPU)


def test_other_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(ModelUnreadableError, match="no model of this program"):
        load_model(path, CPU)


@pytest.mark.parametrize(
    "change", [{"alphabet": "ab"}, {"surprise": 1}, {"network": {}}, {"alphabet": "aab"}, {"segmenter": 3}]
)
def test_header_that_does_not_fit_is_refused(model: Model, tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()["header"])
    rewrite(path, header=json.dumps({**header, **change}))
    with pytest.raises(ModelUnreadableError) as caught:
        load_model(path, CPU)
    assert "\n" not in str(caught.value)


def test_weights_of_another_shape_are_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    weights = {**load_file(path), "output.weight": torch.zeros(3, 9)}
    save_file(weights, path, metadata)
    with pytest.raises(ModelUnreadableError, match="do not fit"):
        load_model(path, CPU)


def test_missing_file_and_unwritable_place(model: Model, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_model(tmp_path / "none.safetensors", CPU)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        save_model(model, tmp_path / "file" / "m.safetensors")


def test_devices() -> None:
    assert resolve_device("cpu") == CPU
    with pytest.raises(DeviceError, match="'abacus'"):
        resolve_device("abacus")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="auto"):
            resolve_device("cuda")


def test_bundled_model_is_small_and_loads() -> None:
    assert len(BUNDLED_MODEL.read_bytes()) <= 1_000_000
    model = load_model(BUNDLED_MODEL, CPU)
    assert set("0123456789abcxyzABCXYZ") <= set(model.alphabet.characters)
    assert np.isfinite([float(t.abs().max()) for t in model.network.state_dict().values()]).all()
    assert FORMAT == "kerf-model"
