"""Odd and broken images: each is cut or refused, in order and within limits; the whole is odd_images.py's."""

from pathlib import Path

import pytest

from benchmarks import odd_images
from kerf.classifier.folders.images import find_images
from kerf.segmenter import segment
from kerf.segmenter.errors import KerfError
from kerf.segmenter.load import path_to_image


def test_odd_and_mutated_images_are_cut_or_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    paths = odd_images.write(tmp_path / "odd", 80, 30, 3)
    found = find_images([tmp_path / "odd"])
    assert found.paths == paths
    outcomes = [outcome(path) for path in paths]
    refused = {path: text for path, text in zip(paths, outcomes, strict=True) if text}
    assert 10 < len(refused) < 60
    assert all(
        text.startswith(f"{path}: ") and "\n" not in text.removeprefix(str(path)) for path, text in refused.items()
    )
    assert capfd.readouterr() == ("", "")


def outcome(path: Path) -> str:
    """Cut an image; why it was refused, or nothing."""
    try:
        return "" if segment(path_to_image(path)).strip.pixels.shape[1] == 48 else "not cut"
    except KerfError as error:
        return str(error)
