"""``kerf adapt``: a model from images without labels, or with a few; what it says; what is kept when it is stopped."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.learning.training import train
from kerf.classifier.model_file import load_model, resolve_device, save_model
from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize, write_dataset
from kerf.segmenter.errors import ExitCode
from tests.conftest import Here
from tests.running import CLI, ENVIRONMENT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty captchas of two digits, with labels."""
    path = tmp_path_factory.mktemp("captchas")
    write_dataset(path, synthesize(30, 5, "clean", "235", (2, 2), [BUILT_IN_FONT]))
    return path


@pytest.fixture(scope="module")
def start(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model hardly trained on them."""
    path = tmp_path_factory.mktemp("models") / "start.safetensors"
    samples = folder_to_samples(folder).samples
    save_model(train(samples, TrainSettings(epochs=4), torch.device("cpu")).model, path)
    return path


@pytest.fixture(scope="module")
def bare(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images without labels."""
    path = tmp_path_factory.mktemp("bare")
    for image in folder.glob("*.png"):
        (path / f"x{image.name}").write_bytes(image.read_bytes())
    return path


def test_a_model_is_learnt_from_images_alone(bare: Path, start: Path, tmp_path: Path, here: Here) -> None:
    out = tmp_path / "model.safetensors"
    answer = here("adapt", bare, "--out", out, "--start", start, "--length", "2", "--max-minutes", "0.02")
    assert (answer.code, answer.out) == (0, ""), answer.err
    assert re.search(r"^pass +\d+, 100 % of the run: learnt from \d+ of 2[0-7] images", answer.err, re.MULTILINE)
    assert f"the model is {out}" in answer.err.splitlines()
    model = load_model(out, resolve_device("cpu"))
    assert (model.alphabet.characters, model.lengths) == ("235", (2, 2))
    assert model.provenance.pseudo_labelled > 0
    assert model.provenance.trained == 0


def test_labels_help(folder: Path, bare: Path, start: Path, tmp_path: Path, here: Here) -> None:
    out = tmp_path / "model.safetensors"
    answer = here(
        "adapt", bare, "--labels", folder, "--out", out, "--start", start, "--charset", "235x", "--max-minutes", "0.1"
    )
    assert answer.code == 0
    assert "30 labels from" in answer.err
    assert "warning: without labels that show them, 'x' of the characters asked for are not learnt" in answer.err
    assert "trained on 27 labelled images" in answer.err
    assert load_model(out, resolve_device("cpu")).provenance.trained == 27


def test_what_will_not_do_is_said(bare: Path, start: Path, tmp_path: Path, here: Here) -> None:
    out = tmp_path / "model.safetensors"
    few = here("adapt", bare, "--out", out, "--start", start, "--limit", "5")
    assert few.code == ExitCode.NO_IMAGES
    assert "5 images that differ can be read, adapting needs 20" in few.err
    unknown = here("adapt", bare, "--out", out, "--start", start, "--charset", "xyz")
    assert unknown.code == ExitCode.SETTINGS
    none = here("adapt", tmp_path / "none", "--out", out, "--start", start)
    assert none.code == ExitCode.NOT_FOUND
    assert not out.exists()


def test_what_was_learnt_is_kept_when_it_is_stopped(bare: Path, start: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    command = [sys.executable, str(CLI), "adapt", str(bare), "--out", str(out), "--start", str(start)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("pass   2"):
            assert line, "it ended by itself"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(60) == ExitCode.INTERRUPTED
    partial = tmp_path / "model.partial.safetensors"
    assert f"kerf: interrupted; what was done so far is in {partial}" in said.splitlines()
    assert list(tmp_path.iterdir()) == [partial]
    assert load_model(partial, resolve_device("cpu")).provenance.pseudo_labelled > 0
