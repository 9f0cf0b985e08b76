"""A model file that does not fit is refused in one line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from kerf.classifier import model_file, model_header
from kerf.classifier.model_file import (
    BUNDLED,
    Model,
    load_model,
    save_model,
)
from kerf.classifier.model_header import FORMAT
from kerf.classifier.network.config import SIZES, SizeName
from kerf.segmenter.errors import ModelUnreadableError
from tests.model_file.conftest import CPU
from tests.mutated_models import to_mutants, try_model


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the header of a model file."""
    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()[FORMAT])
    change(header)
    save_file({name: tensor.clone() for name, tensor in load_file(path).items()}, path, {FORMAT: json.dumps(header)})


def refusal(path: Path) -> str:
    """Assert that a file is refused in one line, and return it."""
    with pytest.raises(ModelUnreadableError) as caught:
        load_model(path, CPU)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_truncated_file_is_refused(model: Model, tmp_path: Path, share: float) -> None:
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelUnreadableError, match="truncated"):
        load_model(path, CPU)


def test_a_header_that_does_not_fit_is_refused(path: Path) -> None:
    rewrite(path, lambda header: header.update(temperature=0))
    assert "does not fit (Header.temperature is 0, not within 0.05 to 20.0); train it again" in refusal(path)


def test_other_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    assert refusal(path) == f"{path} is no model of this program; train one with train-char"


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("output.weight", torch.zeros(3, 9)),
        ("output.bias", torch.zeros(3, dtype=torch.float64)),
        ("output.bias", torch.tensor([0.0, float("nan"), 0.0])),
        ("output.bias", torch.tensor([0.0, float("inf"), 0.0])),
        ("output.bias", torch.tensor([0.0, -2e6, 0.0])),
        ("trunk.0.1.running_var", torch.full((32,), -0.5)),
        ("trunk.0.1.running_var", torch.full((32,), -1e-9)),
        ("more", torch.zeros(1)),
        ("m" * 40, torch.zeros(1)),
    ],
)
def test_weights_that_do_not_fit_are_refused(path: Path, name: str, tensor: torch.Tensor) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    weights = {key: value.clone() for key, value in load_file(path).items()}
    save_file({**weights, name: tensor}, path, metadata)
    assert f"does not fit (weights {name!r})" in refusal(path)


def test_weights_that_just_fit_are_read(path: Path) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    weights = {key: value.clone() for key, value in load_file(path).items()}
    weights["output.bias"][:2] = torch.tensor([1e6, -1e6])
    weights["trunk.0.1.running_var"][0] = 0
    save_file(weights, path, metadata)
    assert load_model(path, CPU).network.state_dict()["output.bias"][:2].tolist() == [1e6, -1e6]
    save_file({**weights, "m" * 41: torch.zeros(1)}, path, metadata)
    assert f"(weights {'m' * 40!r})" in refusal(path)


def test_a_missing_weight_is_refused(path: Path) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    weights = {key: value.clone() for key, value in load_file(path).items()}
    del weights["skip.bias"]
    save_file(weights, path, metadata)
    assert "skip.bias" in refusal(path)


def test_shapes_are_compared_before_memory_is_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(path, lambda header: header["network"].update(hidden=500))
    monkeypatch.setattr(model_file, "weights_to_network", lambda *_: pytest.fail("weights were read"))
    assert "weights" in refusal(path)


def test_a_file_too_large_is_not_opened(model: Model, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_header, "MAX_BYTES", path.stat().st_size)
    assert load_model(path, CPU).alphabet == model.alphabet
    monkeypatch.setattr(model_header, "MAX_BYTES", path.stat().st_size - 1)
    monkeypatch.setattr(model_file, "safe_open", lambda *_, **__: pytest.fail("it was opened"))
    assert "no model has" in refusal(path)


def test_random_changes_are_refused_or_read(path: Path) -> None:
    data, target = path.read_bytes(), path.with_name("changed.safetensors")
    found: Counter[str] = Counter()
    for mutant in to_mutants(data, 200, seed=1):
        target.write_bytes(mutant)
        found[try_model(target)] += 1
    assert found["UnforeseenError"] == 0
    assert found["ModelUnreadableError"] > 100


def test_a_loaded_network_reads_and_does_not_learn(path: Path) -> None:
    network = load_model(path, CPU).network
    assert not network.training
    assert not any(module.training for module in network.modules())


@pytest.mark.parametrize(("size", "megabytes"), [("fast", 1), ("accurate", 4)])
def test_a_bundled_model_is_small_and_loads(size: SizeName, megabytes: int) -> None:
    assert len(BUNDLED[size].read_bytes()) <= megabytes * 1_000_000
    model = load_model(BUNDLED[size], CPU)
    assert (
        replace(SIZES[size], classes=len(model.alphabet), samples=model.network.config.samples) == model.network.config
    )
    assert set("0123456789abcxyzABCXYZ") <= set(model.alphabet.characters)
    assert np.isfinite([float(t.abs().max()) for t in model.network.state_dict().values()]).all()
    assert FORMAT == "kerf-model"
