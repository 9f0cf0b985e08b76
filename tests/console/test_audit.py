"""`audit`, by its command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize, write_dataset
from kerf.segmenter.errors import ExitCode
from tests.conftest import Here
from tests.learning.quick import watch_adapting
from tests.running import kerf, problem

SOON = ("--max-minutes", "0.1", "--device", "cpu")
"""So little that nothing is learnt: the model as it comes is the one attack."""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four rendered captchas with their labels."""
    folder = tmp_path_factory.mktemp("audited") / "rendered"
    write_dataset(folder, synthesize(24, 7, "clean", "0123456789", (3, 3), [BUILT_IN_FONT]))
    return folder


@pytest.fixture
def bare(rendered: Path, tmp_path: Path) -> Path:
    """The same without labels."""
    folder = tmp_path / "bare"
    shutil.copytree(rendered, folder, ignore=shutil.ignore_patterns("*.csv"))
    return folder


@pytest.mark.process
def test_a_pipeline_fails_above_what_it_allows(rendered: Path) -> None:
    failed = kerf("audit", rendered, *SOON, "--fail-above", "0.01", "--json")
    assert "of them, 0.01 is the maximum" in problem(failed, ExitCode.ABOVE_MAXIMUM)
    assert failed.code == 16
    told = json.loads(failed.out)
    assert told["threshold"] == 0.01
    assert told["success"]["value"] > 0.5
    assert told["measured"] == 12


def test_it_passes_where_no_more_is_read_and_writes_its_page(here: Here, rendered: Path, tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    answer = here("audit", rendered, *SOON, "--fail-above", "1", "--html", page)
    assert answer.code == 0, answer.err
    assert [line.split("  ")[0] for line in answer.out.splitlines() if line[:1].strip()][:6] == [
        "rendered",
        "read without labels",
        "read after labels",
        "within 1, 2, 3 tries",
        "skipping the unsure",
        "what goes wrong",
    ]
    assert "the threshold is 100.0 %." in " ".join(answer.out.split())
    assert "How weak is rendered?" in page.read_text(encoding="utf-8")


def test_without_labels_success_is_estimated(here: Here, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch_adapting(monkeypatch)
    answer = here("audit", bare, *SOON, "--json", "--charset", "0-9", "--length", "3")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert (told["labels"], told["measured"]) == (0, 0)
    assert (told["success"]["value"], told["success"]["low"], told["success"]["high"]) == (0.5, 0.4, 0.6)
    assert told["success"]["count"] is None
    assert told["told"] == "that texts have 3 characters, of 0-9"
    assert "no labels are used, and success is estimated" in answer.err


def test_two_designs_have_a_difference(here: Here, rendered: Path, tmp_path: Path) -> None:
    shutil.copytree(rendered, tmp_path / "new")
    answer = here("audit", rendered, tmp_path / "new", *SOON, "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert (told["old"]["name"], told["new"]["name"]) == ("rendered", "new")
    assert told["difference"]["low"] < told["difference"]["value"] == 0 < told["difference"]["high"]


def test_what_is_named_wrongly_is_said(here: Here, rendered: Path, tmp_path: Path) -> None:
    three = here("audit", rendered, rendered, rendered)
    assert (three.code, "3 folders are named" in three.err) == (ExitCode.SETTINGS, True)
    missing = here("audit", tmp_path / "gone")
    assert (missing.code, "gone: is not a folder" in missing.err) == (ExitCode.NOT_FOUND, True)
    image = next(rendered.glob("*.png"))
    taken = here("audit", rendered, "--html", image)
    assert (taken.code, "is an input, and would be lost; choose another --html" in taken.err) == (ExitCode.OUTPUT, True)


def test_a_limit_is_of_labelled_images(here: Here, rendered: Path) -> None:
    told = json.loads(here("audit", rendered, *SOON, "--json", "--limit", "10").out)
    assert (told["images"], told["labels"], told["measured"]) == (10, 10, 5)
