"""The bundled model with its samples, and a tiny model of fixed weights."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kerf.classifier import Reading, Recognizer
from kerf.segmenter.errors import KerfError
from tests.running import ROOT
from tests.tiny import tiny_model

SAMPLES = ROOT / "data" / "samples"


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """The bundled model."""
    return Recognizer.load(device="cpu")


@pytest.fixture(scope="module")
def labels() -> dict[Path, str]:
    """The samples and their texts."""
    with (SAMPLES / "labels.csv").open(encoding="utf-8") as stream:
        return {SAMPLES / row["file"]: row["label"] for row in csv.DictReader(stream)}


@pytest.fixture
def tiny() -> Recognizer:
    """A tiny model of fixed weights, see tests/tiny.py."""
    return Recognizer(tiny_model())


def texts(readings: list[Reading | KerfError]) -> list[str]:
    """Texts of readings, none of which may be an error."""
    assert all(isinstance(r, Reading) for r in readings)
    return [r.text for r in readings if isinstance(r, Reading)]
