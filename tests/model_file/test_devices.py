"""Devices: which there are, and what a forked process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from kerf.classifier import model_file
from kerf.classifier.model_file import (
    load_model,
    resolve_device,
)
from kerf.segmenter.errors import DeviceError
from tests.model_file.conftest import CPU


def test_a_network_is_on_the_device_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "IMPORTED_IN", os.getpid())
    assert {p.device.type for p in load_model(path, torch.device("meta")).network.parameters()} == {"meta"}


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
