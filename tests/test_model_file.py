"""The model file: round trip, and refusal of what does not fit."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from kerf.classifier import model_file, model_header
from kerf.classifier.alphabet import Alphabet
from kerf.classifier.kind import Kind
from kerf.classifier.model_file import (
    BUNDLED_MODEL,
    Model,
    load_model,
    resolve_device,
    save_model,
)
from kerf.classifier.model_header import FORMAT, FORMAT_VERSION, Provenance
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter import CutSettings, SegmenterSettings
from kerf.segmenter.errors import DeviceError, ModelUnreadableError, ModelVersionError, NotFoundError, OutputError
from tests.mutated_models import to_mutants, try_model

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


@pytest.fixture
def path(model: Model, tmp_path: Path) -> Path:
    """The model's file."""
    save_model(model, tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_round_trip_keeps_everything(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "sub" / "folder" / "m.safetensors"
    save_model(model, path)
    again = load_model(path, CPU)
    assert (again.alphabet, again.lengths, again.temperature) == (
        model.alphabet,
        model.lengths,
        model.temperature,
    )
    assert (again.segmenter, again.provenance, again.kind) == (model.segmenter, model.provenance, model.kind)
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


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, "x" * 21, None])
def test_other_format_version_is_refused(path: Path, version: object) -> None:
    rewrite(path, lambda header: header.update(version=version))
    shown = f"{path} has model format {str(version)[:20]}, this program reads {FORMAT_VERSION}"
    message = f"{shown}; train it again or use the version that wrote it"
    with pytest.raises(ModelVersionError, match=f"^{re.escape(message)}$"):
        load_model(path, CPU)


@pytest.mark.parametrize("header", ["[]", "{}", "3"])
def test_a_header_without_a_version_is_refused(path: Path, header: str) -> None:
    save_file({"a": torch.zeros(2)}, path, {FORMAT: header})
    with pytest.raises(ModelVersionError, match="has model format None"):
        load_model(path, CPU)


def test_a_header_that_does_not_fit_is_refused(path: Path) -> None:
    rewrite(path, lambda header: header.update(temperature=0))
    assert "does not fit (Header.temperature is 0, not within 0.05 to 20.0); train it again" in refusal(path)


def test_other_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    assert refusal(path) == f"{path} is no model of this program; train one with train-char"


def test_a_model_of_any_kind_has_none(model: Model, path: Path) -> None:
    save_model(replace(model, kind=None), path)
    assert load_model(path, CPU).kind is None
    assert load_model(BUNDLED_MODEL, CPU).kind is None


def test_deep_nesting_is_refused(path: Path) -> None:
    weights = {name: tensor.clone() for name, tensor in load_file(path).items()}
    save_file(weights, path, {FORMAT: "[" * 100_000})
    assert refusal(path) == f"{path} is a model file that does not fit (nested too deeply); train it again"


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


def test_the_same_model_makes_the_same_file(path: Path, tmp_path: Path) -> None:
    save_model(load_model(path, CPU), tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    with safe_open(path, framework="pt") as file:
        (header,) = file.metadata().values()  # of one name: the library keeps no order of several
    assert header == json.dumps(json.loads(header), sort_keys=True)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    model: Model, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def fail(self: Path, data: bytes) -> int:
        with self.open("wb") as stream:
            stream.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    message = f"{path} cannot be written (No space left on device); name another file"
    with pytest.raises(OutputError, match=f"^{re.escape(message)}$"):
        save_model(model, path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    monkeypatch.setattr(Path, "unlink", mock.Mock(side_effect=PermissionError))
    with pytest.raises(OutputError, match="No space left"):
        save_model(model, path)


def test_ctrl_c_while_writing_leaves_the_old_file_and_nothing_else(
    model: Model, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def stop(self: Path, target: Path) -> Path:
        assert self.name == "m.safetensors.partial"
        assert len(self.read_bytes()) == len(before)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        save_model(model, path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_link_is_followed_and_what_is_no_file_is_left_alone(model: Model, path: Path, tmp_path: Path) -> None:
    link, before = tmp_path / "link.safetensors", path.read_bytes()
    link.symlink_to(path)
    path.write_bytes(b"old")
    save_model(model, link)
    assert link.is_symlink()
    assert path.read_bytes() == before
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(OutputError, match="is no file; name another"):
            save_model(model, place)
    assert (tmp_path / "pipe").is_fifo()


def test_a_loaded_network_reads_and_does_not_learn(path: Path) -> None:
    network = load_model(path, CPU).network
    assert not network.training
    assert not any(module.training for module in network.modules())


def test_a_network_is_on_the_device_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "IMPORTED_IN", os.getpid())
    assert {p.device.type for p in load_model(path, torch.device("meta")).network.parameters()} == {"meta"}


def test_missing_file_and_unwritable_place(model: Model, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none.safetensors does not exist; train a model with train-char or leave"):
        load_model(tmp_path / "none.safetensors", CPU)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        save_model(model, tmp_path / "file" / "m.safetensors")


def test_devices() -> None:
    assert resolve_device("cpu") == CPU
    with pytest.raises(DeviceError, match="'abacus'"):
        resolve_device("abacus")
    assert resolve_device("cpu:0") == torch.device("cpu", 0)
    for name in ("cpu:1", "cpu:foo", "cpu:", "", "meta", "CPU", "cuda:99"):
        with pytest.raises(DeviceError, match=f"'{name}' is not on this machine; use auto or one of: .*cpu$"):
            resolve_device(name)


def test_auto_is_the_fastest_device_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert [str(resolve_device(name)) for name in ("auto", "cuda", "cuda:1", "mps")] == [
        "cuda",
        "cuda",
        "cuda:1",
        "mps",
    ]
    with pytest.raises(DeviceError, match="cuda, mps, cpu"):
        resolve_device("cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert resolve_device("auto").type == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == CPU


def test_a_forked_process_computes_on_one_thread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", counts.append)
    monkeypatch.setattr(model_file, "IMPORTED_IN", os.getpid())
    load_model(path, CPU)
    assert counts == []
    monkeypatch.setattr(model_file, "IMPORTED_IN", os.getppid())
    load_model(path, CPU)
    assert counts == [1]
    with pytest.raises(DeviceError, match=r"cuda:1 cannot be used in a forked process; .*'spawn'"):
        load_model(path, torch.device("cuda:1"))


def test_bundled_model_is_small_and_loads() -> None:
    assert len(BUNDLED_MODEL.read_bytes()) <= 1_000_000
    model = load_model(BUNDLED_MODEL, CPU)
    assert set("0123456789abcxyzABCXYZ") <= set(model.alphabet.characters)
    assert np.isfinite([float(t.abs().max()) for t in model.network.state_dict().values()]).all()
    assert FORMAT == "kerf-model"
