"""Sixty odd and broken images: each is cut or refused, in order and within limits; the whole is odd_images.py's."""

from pathlib import Path

import odd_images
import pytest

from kerf.classifier.folders.images import find_images
from kerf.segmenter import segment
from kerf.segmenter.errors import KerfError
from kerf.segmenter.load import path_to_image


def test_odd_and_mutated_images_are_cut_or_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    paths = odd_images.write(tmp_path / "odd", 40, 60, 3)
    found = find_images([tmp_path / "odd"])
    assert found.paths == paths
    refused = 0
    for path in paths:
        try:
            assert segment(path_to_image(path)).strip.pixels.shape[1] == 48
        except KerfError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ")
            assert "\n" not in str(error)
    assert 15 < refused < 85
    assert capfd.readouterr() == ("", "")


def test_no_odd_image_takes_long(tmp_path: Path) -> None:
    images = {name: data for name, data in odd_images.odd(0) if "4000x4000" not in name and len(data) < 3_000_000}
    assert len(images) > 100
    for name, data in images.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert odd_images.seconds_to_read(path) < 1, name
