"""What the engine ray refuses, and where Ray is missing; nothing here starts it."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

import pytest

from kerf.segmenter.errors import ExitCode
from tests.conftest import Here

IMAGE = Path(__file__).parent.parent.parent / "data" / "samples" / "clean_0.png"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--engine", "ray"), "give --out FOLDER, and --format csv, jsonl or parquet"),
        (
            ("--engine", "ray", "--out", "a", "--format", "table"),
            "give --out FOLDER, and --format csv, jsonl or parquet",
        ),
        (("--engine", "ray", "--out", IMAGE), "give --out FOLDER, and --format csv, jsonl or parquet"),
        (("--engine", "ray", "--out", "a", "--device", "cuda"), "not on 'cuda'; leave the device out"),
        (
            ("--engine", "ray", "--out", "a", "--check", "s3://bucket/a.png"),
            "files of this machine alone; leave it out",
        ),
        (("--format", "parquet", "--out", "a"), "--format parquet is for --engine ray; choose csv, jsonl or table"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: tuple[str | Path, ...], line: str, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = here("solve", IMAGE, *options)
    assert (answer.code, answer.out, answer.err.count("kerf: error: ")) == (ExitCode.SETTINGS, "", 1)
    assert answer.err.endswith(f"{line}\n")
    assert list(tmp_path.iterdir()) == []


def test_where_ray_is_missing_it_is_said_how_to_get_it(here: Here, tmp_path: Path) -> None:
    with mock.patch.dict(sys.modules, {"ray.data": None}):
        answer = here("solve", IMAGE, "--engine", "ray", "--out", tmp_path / "parts")
    assert answer.code == ExitCode.SETTINGS
    assert answer.err == "kerf: error: the engine ray needs Ray Data; pip install 'kerf-captcha[ray]'\n"
    assert list(tmp_path.iterdir()) == []
