"""pretrain: it says what it draws with, goes on where it was stopped, and writes a model that trains and reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerf.classifier.console import pretrain as command
from kerf.classifier.learning import checkpoint as checkpoint_file
from kerf.classifier.learning import drawing, pretraining
from kerf.classifier.recognizer import Recognizer
from kerf.classifier.synthesis import BUILT_IN_FONT
from kerf.segmenter.errors import ExitCode
from tests.conftest import Here


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (drawing, pretraining):
        monkeypatch.setattr(module, "CHUNK", 16)
    for name, value in (("ROUND", 2), ("HELD_BACK", 1), ("KEPT", 1)):
        monkeypatch.setattr(pretraining, name, value)
    monkeypatch.setattr(drawing, "installed", list)
    monkeypatch.setattr(command, "installed", list)
    monkeypatch.setattr(command, "missing", lambda: ["captcha", "trek-captcha"])
    monkeypatch.setattr(command, "find_fonts", lambda: [BUILT_IN_FONT])


def test_a_start_model_is_learnt_and_a_stopped_run_goes_on(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, checkpoint = tmp_path / "start.safetensors", tmp_path / "start.checkpoint"
    arguments = ("--out", out, "--images", "96", "--visits", "1", "--workers", "0")
    inner, saved = checkpoint_file.save_checkpoint, []

    def save_and_stop(*given: object) -> None:
        inner(*given)  # type: ignore[arg-type]
        saved.append(given)
        if len(saved) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(pretraining, "save_checkpoint", save_and_stop)
    stopped = here("pretrain", *arguments)
    assert stopped.code == ExitCode.INTERRUPTED
    assert "drawing with 1 fonts and no packages" in stopped.err
    assert "not installed, and left out: captcha, trek-captcha" in stopped.err
    assert checkpoint.exists()
    assert not out.exists()
    answer = here("pretrain", *arguments)
    assert answer.code == 0, answer.err
    assert f"going on from {checkpoint}" in answer.err
    assert len(saved) == 3  # the last of three rounds
    assert not checkpoint.exists()
    assert Recognizer.load(out, "cpu").model.provenance.trained == 96


def test_a_checkpoint_of_another_training_is_refused(here: Here, tmp_path: Path) -> None:
    (tmp_path / "start.checkpoint").write_bytes(b"no checkpoint")
    answer = here("pretrain", "--out", tmp_path / "start.safetensors", "--images", "32", "--workers", "0")
    assert answer.code == ExitCode.MODEL_UNREADABLE
    assert "start.checkpoint is no checkpoint of this training; remove it to begin anew" in answer.err
