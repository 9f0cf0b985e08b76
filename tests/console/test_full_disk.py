"""Where a disk is full, one line says so, and what was written before stays."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kerf.classifier.model_file import save_model
from kerf.segmenter.errors import ExitCode, OutputError
from tests.conftest import Here
from tests.running import ROOT
from tests.tiny import tiny_model

SAMPLES = sorted((ROOT / "data" / "samples").glob("clean_*.png"))


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: a write beyond fails as on a full disk, with another reason."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_rows_before_a_full_disk_stay_and_are_gone_on_with(here: Here, tmp_path: Path) -> None:
    folder, out = tmp_path / "images", tmp_path / "rows.csv"
    folder.mkdir()
    for number in range(12):
        shutil.copy(SAMPLES[number % len(SAMPLES)], folder / f"{number:02}.png")
    with full_disk(500):
        answer = here("solve", folder, "--out", out, "--quiet", "--jobs", "1")
    assert answer.code == ExitCode.OUTPUT
    kept = f"kerf: what was done so far is in {out}.partial"
    assert answer.err.splitlines() == [f"kerf: error: {out}: cannot be written: File too large", kept]
    partial = Path(f"{out}.partial").read_bytes()
    assert len(partial) == 500
    assert not out.exists()
    assert here("solve", folder, "--out", out, "--quiet", "--resume").code == 0
    whole = out.read_bytes()
    assert whole.startswith(partial[: partial.rindex(b"\n") + 1])
    assert whole.count(b"\n") == 13


def test_a_model_file_stays_where_another_has_no_room(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_model(tiny_model(), path)
    before = path.read_bytes()
    with full_disk(1000), pytest.raises(OutputError, match=r"cannot be written \(File too large\)"):
        save_model(tiny_model(temperature=2.0), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
