"""The tutorials run as they stand."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.running import ROOT
from tests.typed import make_checkout, path_to_blocks, run_blocks

TUTORIALS = ROOT / "docs" / "tutorials"


@pytest.mark.process
@pytest.mark.parametrize("name", sorted(path.name for path in TUTORIALS.glob("*.md")))
def test_a_tutorial_runs_as_typed(name: str, tmp_path: Path) -> None:
    run_blocks(path_to_blocks(TUTORIALS / name), make_checkout(tmp_path))
    if name == "label_and_train.md":
        with (tmp_path / "texts.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == 120
        assert all(row["status"] == "read" for row in rows)
