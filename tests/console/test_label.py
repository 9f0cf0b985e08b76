"""`kerf label`: what it says, and what it refuses. The page itself is tested in tests/labelling."""

import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from kerf.classifier.labelling import server
from kerf.classifier.labelling.session import Session
from kerf.segmenter.errors import extra_to_command
from tests.conftest import Here
from tests.running import ROOT

SAMPLES = sorted((ROOT / "data" / "samples").glob("clean_*.png"))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served, until Ctrl-C at once."""
    found: list[Any] = []

    def serve(*arguments: Any) -> None:
        found.extend(arguments)
        arguments[2].close()
        arguments[3]("http://address/")
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", serve)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for sample in SAMPLES:
        shutil.copy(sample, tmp_path)
    return tmp_path


def test_the_address_is_data_and_the_rest_is_for_people(folder: Path, served: list[Any], here: Here) -> None:
    (folder / "labels.csv").write_text(f"file,label\n{SAMPLES[0].name},ab\nnone.png,cd\n")
    answer = here("label", folder, "--no-browser")
    assert answer.out == "http://address/\n"
    assert f"1 of {len(SAMPLES)} images are answered; Ctrl-C ends\n" in answer.err
    assert f"1 labels are in {folder / 'labels.csv'}\n" in answer.err
    assert "names 'none.png', which does not exist" in answer.err
    assert "warning" not in answer.err
    assert "kerf solve" not in answer.err
    session, review, listener, _ = served
    assert isinstance(session, Session)
    assert (session.out, review, listener.family) == (folder / "labels.safetensors", None, socket.AF_INET)


def test_another_address_is_warned_of(folder: Path, served: list[Any], here: Here) -> None:
    answer = here("label", folder, "--no-browser", "--host", "0.0.0.0")
    assert answer.code == 0
    assert "warning: whoever can reach 0.0.0.0 and learns this address can read and label\n" in answer.err
    assert len(served) == 4


def test_the_model_that_was_learnt_goes_on_and_is_named(folder: Path, served: list[Any], here: Here) -> None:
    shutil.copy(ROOT / "data" / "models" / "fast.safetensors", folder / "labels.safetensors")
    answer = here("label", folder, "--no-browser")
    model = folder / "labels.safetensors"
    assert f"the model is {model}; it reads the rest: kerf solve {folder} --model {model}\n" in answer.err


def test_a_review_takes_labels_from_names_and_learns_nothing(folder: Path, served: list[Any], here: Here) -> None:
    for index, sample in enumerate(SAMPLES):
        (folder / sample.name).rename(folder / f"{'XY'[index]}{index}Q7.png")
    answer = here("label", folder, "--review", "--no-browser")
    assert (answer.code, len(SAMPLES)) == (0, 2)
    session, review = served[:2]
    assert session.store.labels() == {"X0Q7.png": "X0Q7", "Y1Q7.png": "Y1Q7"}
    assert session.out is None
    assert [card.text for card in review.cards(0)] == ["X0Q7", "Y1Q7"]
    assert not (folder / "labels.csv").exists()


def test_labels_are_exported_wherever_they_came_from(folder: Path, served: list[Any], here: Here) -> None:
    for index, sample in enumerate(SAMPLES):
        (folder / sample.name).rename(folder / f"{'XY'[index]}{index}Q7.png")
    answer = here("label", folder, "--export", "huggingface")
    assert (answer.code, answer.out, served) == (0, "", [])
    assert f"2 labels are in {folder / 'metadata.jsonl'}, for huggingface\n" in answer.err
    answer = here("label", folder, "--export", "kraken")
    assert f"2 labels are in 2 files like {folder / 'X0Q7.gt.txt'}, for kraken\n" in answer.err
    assert (folder / "Y1Q7.gt.txt").read_text() == "Y1Q7\n"
    assert here("label", folder, "--export", "excel").code == 2


def test_what_is_missing_is_told(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch, served: list[Any]
) -> None:
    assert here("label", tmp_path / "none").code == 3
    assert "has no PNG" in here("label", tmp_path).err
    monkeypatch.delitem(sys.modules, "kerf.classifier.labelling.server")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    answer = here("label", tmp_path)
    assert (answer.code, f"label needs uvicorn; {extra_to_command('label')}" in answer.err) == (14, True)
    assert served == []
