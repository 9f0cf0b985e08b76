"""Everything an image may come in: the same pixels, or one clear line."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from kerf.segmenter import sources
from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.load import LoadSettings
from kerf.segmenter.sources import Channels, source_to_name, source_to_picture

BGR = np.random.default_rng(3).integers(0, 256, (5, 7, 3), np.uint8)
GREY = np.ascontiguousarray(BGR[:, :, 0])


def read(source: Any, channels: Channels = "bgr", frames: Any = "auto") -> tuple[list[Any], str]:
    """Pixels and frames of a source, as lists to compare."""
    picture = source_to_picture(source, "it", channels, LoadSettings(frames))
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.shape[2:] == (3,)
    assert picture.pixels.flags.c_contiguous
    return picture.pixels.tolist(), picture.frames


@pytest.fixture
def png(tmp_path: Path) -> Path:
    """The pixels as a file."""
    Image.fromarray(BGR[:, :, ::-1].copy()).save(tmp_path / "a.png")
    return tmp_path / "a.png"


WAYS: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "str": str,
    "bytes": lambda path: path.read_bytes(),
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "buffer": lambda path: io.BytesIO(path.read_bytes()),
    "file": lambda path: path.open("rb"),
    "opened": Image.open,
    "pil": lambda path: Image.fromarray(BGR[:, :, ::-1].copy()),
    "array": lambda path: BGR,
    "column by column": lambda path: np.asfortranarray(BGR),
    "every second column": lambda path: np.repeat(BGR, 2, axis=1)[:, ::2],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_whatever_holds_it_the_pixels_are_the_same(png: Path, way: str) -> None:
    assert read(WAYS[way](png)) == (BGR.tolist(), "")


def test_a_file_is_read_from_where_it_stands(png: Path) -> None:
    stream = io.BytesIO(b"before" + png.read_bytes())
    stream.seek(6)
    assert read(stream)[0] == BGR.tolist()


def test_order_of_colours() -> None:
    assert read(BGR[:, :, ::-1], "rgb")[0] == BGR.tolist()
    assert read(BGR, "rgb")[0] == BGR[:, :, ::-1].tolist()


def test_grey_is_repeated() -> None:
    assert read(GREY)[0] == read(GREY, "rgb")[0] == np.stack([GREY] * 3, axis=2).tolist()


@pytest.mark.parametrize("channels", ["bgr", "rgb"])
def test_alpha_is_laid_over_what_letters_stand_out_from(channels: Channels) -> None:
    opaque = np.dstack([BGR, np.full((5, 7), 255, np.uint8)])
    order = [0, 1, 2, 3] if channels == "bgr" else [2, 1, 0, 3]
    assert read(opaque[:, :, order], channels)[0] == BGR.tolist()
    white = np.zeros((5, 7, 4), np.uint8)
    white[2, 2:4] = 255  # white letters on nothing
    pixels = np.array(read(white, channels)[0])
    assert pixels[2, 2].tolist() == [255] * 3
    assert pixels[0, 0].tolist() == [0] * 3


@pytest.mark.parametrize(
    "source",
    [
        np.zeros((5, 7, 3), np.float32),
        np.zeros((5, 7, 3), bool),
        np.zeros((5, 7, 3), np.int8),
        np.zeros((5, 7, 1), np.uint8),
        np.zeros((5, 7, 2), np.uint8),
        np.zeros((5, 7, 5), np.uint8),
        np.zeros(7, np.uint8),
        np.zeros((1, 5, 7, 3), np.uint8),
        np.uint8(7),
        None,
        5,
        1.5,
        [1, 2],
        object(),
    ],
)
def test_what_is_no_image_is_refused_with_what_would_do(source: object) -> None:
    with pytest.raises(UnreadableImageError, match=r"^it: .* uint8 ") as caught:
        read(source)
    assert "\n" not in str(caught.value)
    assert isinstance(source, np.ndarray | np.generic) or f"it: is {type(source).__name__}; " in str(caught.value)


@pytest.mark.parametrize("shape", [(0, 7), (5, 0), (0, 0), (0, 7, 3), (5, 0, 4)])
def test_an_array_without_pixels_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UnreadableImageError, match="give 1 to"):
        read(np.zeros(shape, np.uint8))
    with pytest.raises(UnreadableImageError, match=f"{shape[1]} x {shape[0]} pixels; give 1 to"):
        read(Image.new("RGB", (shape[1], shape[0])))


def test_the_largest_image_is_read_and_one_larger_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_PIXELS", 35)
    assert read(BGR) == read(Image.fromarray(BGR[:, :, ::-1].copy()))
    assert len(read(np.zeros((1, 1), np.uint8))[0]) == len(read(Image.new("L", (1, 1)))[0]) == 1
    monkeypatch.setattr(sources, "MAX_PIXELS", 34)
    for source in (BGR, Image.fromarray(BGR)):
        with pytest.raises(UnreadableImageError, match="give 1 to 34"):
            read(source)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_text("text")
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(UnreadableImageError, match=r"it: cannot be read .*closed file.*; open it again"):
        read(closed)
    with (tmp_path / "a.png").open() as stream, pytest.raises(UnreadableImageError, match="'rb'"):
        read(stream)
    with pytest.raises(UnreadableImageError, match="it: is not a PNG"):
        read(b"text")
    with pytest.raises(UnreadableImageError, match="it: is empty"):
        read(io.BytesIO())
    monkeypatch.setattr(sources, "MAX_BYTES", 100)
    endless = mock.Mock(read=mock.Mock(return_value=b"x" * 101))
    with pytest.raises(UnreadableImageError):
        read(endless)
    endless.read.assert_called_once_with(101)


def test_a_broken_image_that_pil_has_opened_is_refused(png: Path) -> None:
    with (
        Image.open(io.BytesIO(png.read_bytes()[:-40])) as opened,
        pytest.raises(UnreadableImageError, match="it: is cut short"),
    ):
        read(opened)


def test_of_an_animation_a_path_reads_all_frames_and_pil_the_one_it_stands_at(tmp_path: Path) -> None:
    frames = [Image.new("L", (7, 5), level) for level in (0, 100, 200)]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)
    assert read(path, frames="first") == (np.zeros((5, 7, 3), int).tolist(), "first of 3 frames")
    assert read(io.BytesIO(path.read_bytes()), frames="last")[1] == "last of 3 frames"
    assert read(path.read_bytes(), frames="last") == (np.full((5, 7, 3), 200).tolist(), "last of 3 frames")
    with Image.open(path) as opened:
        opened.seek(1)
        assert read(opened) == (np.full((5, 7, 3), 100).tolist(), "2 of 3 frames")
        assert opened.tell() == 1
    frames[0].save(path, save_all=True, append_images=frames[1:2], duration=50)
    with Image.open(path) as opened:
        assert read(opened)[1] == "1 of 2 frames"


def test_a_source_is_called_by_its_path(png: Path) -> None:
    with png.open("rb") as stream, Image.open(png) as opened:
        names = [source_to_name(source) for source in (str(png), png, stream, opened)]
    assert names == [str(png)] * 4
    with open(0, "rb", closefd=False) as numbered:  # its name is 0
        assert source_to_name(numbered) == ""
    assert [source_to_name(source) for source in (b"x", io.BytesIO(), BGR, None, Image.new("L", (1, 1)))] == [""] * 5
