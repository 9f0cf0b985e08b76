"""How a reader of parts loads what it reads with."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from kerf.classifier.console.option_groups import ReadingOptions, RowSettings
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.part_reader import PartReader, Reads
from kerf.classifier.console.parts import Parts
from kerf.classifier.recognizer import Recognizer


@pytest.mark.parametrize("model", [None, b"content"])
def test_all_that_is_known_of_the_images_reaches_the_model(model: bytes | None, tmp_path: Path) -> None:
    found: list[object] = []

    def load(path: Path | None, *others: object) -> mock.Mock:
        found.extend([path and path.read_bytes(), *others])
        return mock.Mock()

    reads = Reads(
        ReadingOptions(frames="last", ink_colour="red"),
        "onnx",
        model,
        Parts(str(tmp_path), RowSettings(), RowFormat.CSV),
        ".",
    )
    with mock.patch.object(Recognizer, "load", load):
        PartReader(reads)
    assert found == [model, "cpu", "last", "onnx", "red"]
