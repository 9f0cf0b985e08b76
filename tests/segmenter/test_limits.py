"""What loading an image may cost, transparency, and modes beyond eight bits."""

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from kerf.segmenter import load
from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.load import (
    LoadSettings,
    bytes_to_picture,
    layers_to_frames,
    layers_to_ground,
    path_to_bytes,
    path_to_image,
    webp_to_size,
)


def encode(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableImageError) as caught:
        bytes_to_picture(data, "a", LoadSettings())
    return str(caught.value)


def test_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(Image.new("L", (9, 9)), "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data)
    monkeypatch.setattr(load, "MAX_BYTES", len(data))
    assert path_to_image(path).shape == (9, 9, 3)
    path.write_bytes(data + b"\0")
    with pytest.raises(UnreadableImageError, match=f"has more than {len(data)} bytes.*; make it smaller or remove it"):
        path_to_image(path)


def test_no_more_of_a_file_is_read_than_is_needed_to_refuse_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "MAX_BYTES", 100)
    path = tmp_path / "a.png"
    path.write_bytes(b"x" * 1000)
    assert path_to_bytes(path) == b"x" * 101
    with pytest.raises(UnreadableImageError):
        path_to_image(path)


@pytest.mark.parametrize("told", [0, 3, 99, 100])
def test_a_file_larger_than_it_is_said_to_be_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bytes(range(100)))
    values = [*path.stat()]
    values[6] = told
    monkeypatch.setattr(Path, "stat", lambda _: os.stat_result(values))
    assert path_to_bytes(path) == bytes(range(100))
    monkeypatch.setattr(load, "MAX_BYTES", 50)
    assert path_to_bytes(path) == bytes(range(51))


def test_only_a_jpeg_has_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "MAX_SCANNED", 15)
    data = encode(Image.new("L", (4, 4)), "PNG")
    assert bytes_to_picture(data + b"\xff\xda" * 9, "a", LoadSettings()).pixels.shape == (4, 4, 3)


def test_scans_of_a_jpeg_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(Image.linear_gradient("L"), "JPEG", progressive=True)
    scans = data.count(b"\xff\xda")
    monkeypatch.setattr(load, "MAX_SCANNED", scans * 256 * 256)
    bytes_to_picture(data, "a", LoadSettings())
    monkeypatch.setattr(load, "MAX_SCANNED", scans * 256 * 256 - 1)
    assert refusal(data).startswith(f"a: has {scans} scans of 256 x 256 pixels, at most {scans * 256 * 256 - 1} ")


def test_five_hundred_scans_of_an_ordinary_image_are_read() -> None:
    data = encode(Image.linear_gradient("L").resize((160, 60)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    many = data[:last] + data[last:-2] * 500 + data[-2:]
    assert bytes_to_picture(many, "a", LoadSettings()).pixels.shape == (60, 160, 3)
    assert load.MAX_SCANNED < 500 * 2000 * 2000


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 90}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_size_of_a_webp_is_read_off_its_header(mode: str, options: dict[str, object]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 300, 4), dtype=np.uint8)
    data = encode(Image.fromarray(noise).convert(mode), "WEBP", **options)
    assert webp_to_size(data) == (300, 40)
    frames = [Image.new("RGB", (300, 40), colour) for colour in ("red", "blue")]
    assert webp_to_size(encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])) == (300, 40)


def test_a_webp_canvas_is_refused_before_it_is_opened() -> None:
    data = bytearray(encode(Image.new("RGBA", (30, 40), (9, 9, 9, 99)), "WEBP"))
    assert data[12:16] == b"VP8X"
    data[24:30] = b"\xfe\x3f\0\xfe\x3f\0"
    assert refusal(bytes(data)).startswith("a: has 16383 x 16383 pixels")


@pytest.mark.parametrize("size", [(5000, 5000), (13000, 13000)])
def test_a_frame_cannot_enlarge_a_gif(size: tuple[int, int]) -> None:
    data = encode(Image.new("P", (30, 40)), "GIF")
    control, place = b"!\xf9\x04\x08\0\0\0\0", b",\0\0\0\0" + struct.pack("<HH", *size)
    bomb = data[:-1] + (control + place + b"\0\x02\x02D\x01\0") * 2 + b";"
    assert refusal(bomb).startswith(f"a: has {size[0]} x {size[1]} pixels, at most 16000000 ")


@pytest.mark.parametrize("compression", [1, 2])
def test_run_lengths_of_a_bmp_are_bounded(monkeypatch: pytest.MonkeyPatch, compression: int) -> None:
    data = bytearray(encode(Image.new("P", (16, 4)), "BMP"))
    data[30:34] = struct.pack("<I", compression)
    monkeypatch.setattr(load, "MAX_RUNS", len(data))
    assert "cut short or broken" in refusal(bytes(data))  # it has none
    monkeypatch.setattr(load, "MAX_RUNS", len(data) - 1)
    assert f"more than {len(data) - 1} bytes of run lengths" in refusal(bytes(data))
    bytes_to_picture(encode(Image.new("P", (16, 4)), "BMP"), "a", LoadSettings())


def test_few_frames_of_a_long_animation_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.new("L", (4, 4), i) for i in range(12)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    monkeypatch.setattr(load, "MAX_FRAMES", 12)
    assert bytes_to_picture(data, "a", LoadSettings("last")).frames == "last of 12 frames"
    (tmp_path / "a.gif").write_bytes(data)
    assert path_to_image(tmp_path / "a.gif").tolist() == bytes_to_picture(data, "a", LoadSettings()).pixels.tolist()
    monkeypatch.setattr(load, "MAX_FRAMES", 11)
    picture = bytes_to_picture(data, "a", LoadSettings("last"))
    assert picture.frames == "last of the first 11 frames"
    assert picture.pixels[0, 0].tolist() == [10] * 3
    monkeypatch.setattr(load, "MAX_FRAME_PIXELS", 3 * 16 + 15)
    assert bytes_to_picture(data, "a", LoadSettings("last")).frames == "last of the first 3 frames"
    monkeypatch.setattr(load, "MAX_FRAME_PIXELS", 15)
    assert bytes_to_picture(data, "a", LoadSettings("last")).frames == "first of several large frames"


def test_the_picture_for_those_without_animation_is_left_out() -> None:
    frames = [Image.new("L", (4, 4), level) for level in (0, 100, 200)]
    data = encode(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True)
    picture = bytes_to_picture(data, "a", LoadSettings("first"))
    assert picture.pixels[0, 0].tolist() == [100] * 3
    assert picture.frames == "first of 2 frames"


def test_of_pages_the_first_is_read() -> None:
    pages = [Image.new("L", (4, 4), level) for level in (50, 100)]
    picture = bytes_to_picture(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "a", LoadSettings())
    assert picture.pixels[0, 0].tolist() == [50] * 3
    assert picture.frames == ""


def layer(colour: int, opaque: int) -> Image.Image:
    """Ten pixels of grey and alpha, of which so many are opaque and the others clear."""
    alpha = Image.fromarray(np.array([[255] * opaque + [0] * (10 - opaque)], np.uint8))
    return Image.merge("LA", [Image.new("L", (10, 1), colour), alpha])


@pytest.mark.parametrize(
    ("colour", "opaque", "ground"),
    [
        (255, 3, 0),
        (128, 3, 0),
        (127, 3, 255),
        (127, 1, 255),
        (0, 3, 255),
        (255, 4, 0),
        (255, 5, 255),
        (255, 9, 255),
        (255, 0, 255),
    ],
)
def test_transparency_is_laid_over_what_the_letters_stand_out_from(colour: int, opaque: int, ground: int) -> None:
    pixels = bytes_to_picture(encode(layer(colour, opaque), "PNG"), "a", LoadSettings()).pixels
    assert pixels[0, :, 0].tolist() == [colour] * opaque + [ground] * (10 - opaque)


def test_the_ground_is_chosen_for_all_layers_together() -> None:
    def ground(*layers: tuple[int, int]) -> str:
        return layers_to_ground([layer(*one).convert("RGBA") for one in layers])

    assert ground((255, 9), (255, 2)) == "white"  # on average more than half
    assert ground((255, 8), (255, 1)) == "black"
    assert ground((0, 3), (255, 2)) == "white"  # of what is to be seen, less than half is light


def test_frames_without_transparency_stay_as_they_are_beside_others() -> None:
    layers = [Image.new("RGB", (10, 1), (1, 2, 3)), layer(255, 3).convert("RGBA")]
    assert [frame[0, 9].tolist() for frame in layers_to_frames(layers)] == [[3, 2, 1], [0, 0, 0]]


def test_all_frames_are_laid_over_the_same() -> None:
    frames = [layer(255, 3).convert("RGBA"), layer(0, 1).convert("RGBA")]
    data = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert bytes_to_picture(data, "a", LoadSettings("last")).pixels[0, :, 0].tolist() == [0] * 10


def test_values_beyond_sixteen_bits_are_stretched() -> None:
    for values in ([0.0, 0.25, 1.0], [-1.0, 2.0, 11.0]):
        data = encode(Image.fromarray(np.array([values], np.float32)), "TIFF")
        assert bytes_to_picture(data, "a", LoadSettings()).pixels[0, :, 0].tolist() == [0, 63, 255]
    data = encode(Image.fromarray(np.array([[0, 70000, 140000]], np.int32)), "TIFF")
    assert bytes_to_picture(data, "a", LoadSettings()).pixels[0, :, 0].tolist() == [0, 127, 255]
    data = encode(Image.fromarray(np.array([[np.nan, 5.0, np.inf, -np.inf]], np.float32)), "TIFF")
    assert bytes_to_picture(data, "a", LoadSettings()).pixels[0, :, 0].tolist() == [0, 255, 0, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 512, 770]], np.int32), [0, 2, 3]),  # not stretched
        (np.array([[256, 65535]], np.int32), [1, 255]),
        (np.array([[256, 65536]], np.int32), [0, 255]),
        (np.array([[-1, 255]], np.int32), [0, 255]),
        (np.array([[2.0, 2.25, 2.5]], np.float32), [0, 127, 255]),
        (np.array([[7.0, 7.0]], np.float32), [0, 0]),
    ],
)
def test_sixteen_bits_stay_and_what_is_beyond_is_stretched(values: NDArray[np.generic], expected: list[int]) -> None:
    data = encode(Image.fromarray(values), "TIFF")
    assert bytes_to_picture(data, "a", LoadSettings()).pixels[0, :, 0].tolist() == expected


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(UnreadableImageError, match="it is no regular file; name an image file"):
        path_to_image(tmp_path / "a.png")


def test_what_pillow_warns_of_is_not_said() -> None:
    data = encode(Image.new("L", (4, 4), 9), "PNG")
    chunk = b"acTL" + bytes(8)  # an animation of no frames, of which Pillow warns; in tests that is an error
    animated = data[:33] + struct.pack(">I", 8) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    assert bytes_to_picture(animated, "a", LoadSettings()).pixels[0, 0, 0] == 9
