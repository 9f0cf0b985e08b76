"""A model file holds all of the model, and is written whole or not at all."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
import torch
from safetensors import safe_open

from kerf.classifier.model_file import (
    BUNDLED_MODEL,
    Model,
    load_model,
    save_model,
)
from kerf.segmenter.errors import NotFoundError, OutputError
from tests.model_file.conftest import CPU


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


def test_a_model_of_any_kind_has_none(model: Model, path: Path) -> None:
    save_model(replace(model, kind=None), path)
    assert load_model(path, CPU).kind is None
    assert load_model(BUNDLED_MODEL, CPU).kind is None


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


def test_missing_file_and_unwritable_place(model: Model, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none.safetensors does not exist; train a model with train-char or leave"):
        load_model(tmp_path / "none.safetensors", CPU)
    with pytest.raises(NotFoundError, match=r"is a folder; train a model with train-char or leave"):
        load_model(tmp_path, CPU)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        save_model(model, tmp_path / "file" / "m.safetensors")
