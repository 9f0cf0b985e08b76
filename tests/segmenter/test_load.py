import re
import struct
import warnings
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from kerf.segmenter import load
from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.load import LoadSettings, bytes_to_picture, path_to_image
from kerf.segmenter.load_settings import FrameRule

WHITE = [255, 255, 255]
KINDS = ["PNG", "JPEG", "GIF", "BMP", "WEBP"]


def bytes_to_image(data: bytes, name: str) -> NDArray[np.uint8]:
    return bytes_to_picture(data, name, LoadSettings()).pixels


def encode(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def pixels_to_picture(pixels: Sequence[Sequence[Sequence[int]]], mode: str) -> Image.Image:
    return Image.fromarray(np.array(pixels, np.uint8)).convert(mode)


def png(size_wh: tuple[int, int], depth: int, color_type: int, row: bytes, clear: bytes = b"") -> bytes:
    """One row of pixels as a PNG of any depth and colour type; Pillow writes only some of them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size_wh, depth, color_type, 0, 0, 0))
    middle = chunk(b"tRNS", clear) if clear else b""
    return b"\x89PNG\r\n\x1a\n" + head + middle + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")


def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (24, 60, 3), dtype=np.uint8)


def test_rgb_becomes_bgr_and_can_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    pixels_to_picture([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [1, 2, 3]], [[9, 9, 9], [4, 5, 6]]], "RGB").save(path)
    image = path_to_image(path)
    assert image.dtype == np.uint8
    assert image.tolist() == [[[0, 0, 255], [0, 255, 0]], [[255, 0, 0], [3, 2, 1]], [[9, 9, 9], [6, 5, 4]]]
    assert image.flags.c_contiguous
    image[0, 0] = 7
    assert image[0, 0].tolist() == [7, 7, 7]


def test_grey_and_one_bit(tmp_path: Path) -> None:
    grey = Image.fromarray(np.array([[0, 100], [200, 255]], np.uint8))
    grey.save(tmp_path / "grey.png")
    grey.convert("1", dither=Image.Dither.NONE).save(tmp_path / "bit.png")
    assert path_to_image(tmp_path / "grey.png").tolist() == [[[0] * 3, [100] * 3], [[200] * 3, WHITE]]
    assert path_to_image(tmp_path / "bit.png").tolist() == [[[0] * 3, [0] * 3], [WHITE, WHITE]]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP"])
def test_palette(kind: str) -> None:
    picture = pixels_to_picture([[[10, 20, 30], [200, 100, 50]]], "RGB").quantize(2)
    assert picture.mode == "P"
    assert bytes_to_image(encode(picture, kind), "a").tolist() == [[[30, 20, 10], [50, 100, 200]]]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_laid_over_white(kind: str) -> None:
    pixels = [[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]]
    data = encode(pixels_to_picture(pixels, "RGBA"), kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert bytes_to_image(data, "a").tolist() == [[[0, 100, 200], WHITE, [204, 224, 244]]]


def test_grey_with_alpha_is_laid_over_white() -> None:
    picture = Image.merge("LA", [Image.new("L", (1, 1), 55), Image.new("L", (1, 1), 51)])
    assert bytes_to_image(encode(picture, "PNG"), "a").tolist() == [[[215, 215, 215]]]


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_transparent_palette_entry_is_white(kind: str) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putdata([0, 1])
    assert bytes_to_image(encode(picture, kind, transparency=0), "a").tolist() == [[WHITE, [60, 50, 40]]]


def test_palette_entries_half_transparent() -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 55, 55, 55])
    picture.putdata([0, 1])
    image = bytes_to_image(encode(picture, "PNG", transparency=bytes([255, 51])), "a")
    assert image.tolist() == [[[30, 20, 10], [215, 215, 215]]]


@pytest.mark.parametrize(
    ("color_type", "values", "transparency", "expected"),
    [
        (0, [0x0000, 0x80FF, 0xFFFF], [], [[0] * 3, [128] * 3, WHITE]),
        (0, [0x0000, 0x80FF, 0xFFFF], [0x80FF], [[0] * 3, WHITE, WHITE]),
        (0, [0x80FF, 0x8000, 0x00FF], [0x8000], [[128] * 3, WHITE, [0] * 3]),
        (2, [0x1234, 0x5678, 0x9ABC], [], [[0x9A, 0x56, 0x12]]),
        (4, [0x1234, 0xFFFF, 0x1000, 0x0000], [], [[0x12] * 3, WHITE]),
        (6, [0x1234, 0x5678, 0x9ABC, 0xFFFF, 1, 2, 3, 0], [], [[0x9A, 0x56, 0x12], WHITE]),
    ],
)
def test_sixteen_bits(color_type: int, values: list[int], transparency: list[int], expected: list[list[int]]) -> None:
    row, clear = (struct.pack(f">{len(v)}H", *v) for v in (values, transparency))
    assert bytes_to_image(png((len(expected), 1), 16, color_type, row, clear), "a").tolist() == [expected]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize(
    ("rule", "value", "said"),
    [("first", 250, "first of 3 frames"), ("last", 190, "last of 3 frames"), ("mean", 180, "mean of 3 frames")],
)
def test_frames_of_an_animation(kind: str, rule: FrameRule, value: int, said: str) -> None:
    frames = [Image.new("RGB", (3, 2), (grey, grey, 9)) for grey in (250, 100, 190)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    picture = bytes_to_picture(data, "a", LoadSettings(rule))
    assert picture.pixels.tolist() == [[[9, value, value]] * 3] * 2
    assert picture.frames == said
    assert picture.pixels.flags.c_contiguous
    assert bytes_to_picture(encode(frames[0], kind), "a", LoadSettings(rule)).frames == ""


def test_cmyk_jpeg() -> None:
    image = bytes_to_image(encode(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), "a")
    assert np.abs(image.astype(int) - [0, 0, 255]).max() <= 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["a.jpg", "a.gif", "a", "a.txt"])
def test_content_decides_and_not_the_name(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encode(Image.new("RGB", (16, 8), (255, 0, 0)), kind))
    image = path_to_image(path)
    assert image.shape == (8, 16, 3)
    assert np.abs(image.astype(int) - [0, 0, 255]).max() <= 3


def test_orientation_is_not_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees"
    picture = Image.new("RGB", (16, 8))
    for kind in ("JPEG", "PNG", "WEBP"):
        assert bytes_to_image(encode(picture, kind, exif=exif), "a").shape == (8, 16, 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.98])
def test_cut_short(capfd: pytest.CaptureFixture[str], kind: str, share: float) -> None:
    data = encode(Image.fromarray(noise()), kind)
    with pytest.raises(UnreadableImageError, match=r"^dir/b\.x: ") as caught:
        bytes_to_image(data[: int(share * len(data))], "dir/b.x")
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(("; replace it", "; convert or remove it"))
    assert capfd.readouterr() == ("", "")


def test_damaged_png() -> None:
    data = bytearray(encode(Image.fromarray(noise()), "PNG"))
    data[len(data) // 2] ^= 0x55
    with pytest.raises(UnreadableImageError, match=r"^a: is cut short or broken \(.+\); replace it$"):
        bytes_to_image(bytes(data), "a")


@settings(derandomize=True, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_whatever_is_broken_either_raises_or_is_an_image_of_some_size(kind: str, data: st.DataObject) -> None:
    broken = bytearray(encode(Image.fromarray(noise()), kind))
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(8, min(80, len(broken) - 1)))] = data.draw(st.integers(0, 255))
    try:
        image = bytes_to_image(bytes(broken), "a")
    except UnreadableImageError:
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.shape[0] * image.shape[1] <= load.MAX_PIXELS


@pytest.mark.parametrize("data", [b"", b"B", b"file,label\na.png,AB12\n", b"RIFF\0\0\0\0WAVE", bytes(99)])
def test_not_an_image(data: bytes) -> None:
    with pytest.raises(
        UnreadableImageError, match=r"^a: is (empty|not a PNG, .* or TIFF image); convert or remove it$"
    ):
        bytes_to_image(data, "a")


def test_a_file_is_called_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(UnreadableImageError, match=f"^{re.escape(str(tmp_path))}/a.png: is not a PNG"):
        path_to_image(tmp_path / "a.png")


def test_what_a_decoder_says_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(Image.new("L", (1, 1)), "PNG")
    monkeypatch.setattr(load, "decode", mock.Mock(side_effect=KeyError("so\n it  is")))
    with pytest.raises(UnreadableImageError, match=r"^a: is cut short or broken \('so\\n it is'\); replace it$"):
        bytes_to_image(data, "a")
    monkeypatch.setattr(load, "decode", lambda *_: warnings.warn("not Pillow's", stacklevel=1))
    with pytest.raises(UnreadableImageError, match="not Pillow's"):
        bytes_to_image(data, "a")


def test_too_large_is_said_before_anything_is_decoded() -> None:
    with pytest.raises(UnreadableImageError, match=r"^a: has 60000 x 50000 pixels, at most 16000000"):
        bytes_to_image(png((60000, 50000), 1, 0, b"not decoded"), "a")


def test_limit_is_inclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "MAX_PIXELS", 12)
    assert bytes_to_image(encode(Image.new("L", (4, 3)), "PNG"), "a").shape == (3, 4, 3)
    with pytest.raises(UnreadableImageError, match="has 13 x 1 pixels"):
        bytes_to_image(encode(Image.new("L", (13, 1)), "PNG"), "a")


@pytest.mark.parametrize("size_wh", [(0, 5), (5, 0)])
def test_without_rows_or_columns(size_wh: tuple[int, int]) -> None:
    with pytest.raises(UnreadableImageError, match=r"^a: is cut short or broken"):
        bytes_to_image(png(size_wh, 8, 0, b""), "a")


def test_one_pixel() -> None:
    assert bytes_to_image(encode(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"), "a").tolist() == [[[3, 2, 1]]]


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"none.png: does not exist; check the path$"):
        path_to_image(tmp_path / "none.png")
    with pytest.raises(UnreadableImageError, match=r"^a\0b: cannot be read: embedded null byte; check the path$"):
        path_to_image(Path("a\0b"))
    with pytest.raises(UnreadableImageError, match=r": cannot be read: it is no regular file; name an image file$"):
        path_to_image(tmp_path)
