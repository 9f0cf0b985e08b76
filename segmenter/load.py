"""Image file to pixels: the only loader there is, for training, solving and pictures alike.

Pillow decodes everything. OpenCV would save 40 to 70 microseconds of a PNG or JPEG, but it writes lines of its own to
stderr about broken files, and whether it returns half of such an image depends on its version.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from stat import S_ISREG

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.frames import frames_to_image
from kerf.segmenter.kinds import bytes_to_kind
from kerf.segmenter.load_settings import LoadSettings as LoadSettings

MAX_PIXELS = 16_000_000
"""Largest image that is decoded, rows times columns."""
MAX_BYTES = 8_000_000
"""Largest file that is read."""
MAX_FRAMES = 200
"""Most frames of an animation that are decoded, and fewer where they are large."""
MAX_FRAME_PIXELS = 6_000_000
"""Pixels of all frames decoded of an animation, but for the first."""
MAX_SCANNED = 10 * MAX_PIXELS
"""Pixels of a JPEG times the scans that it has."""
MAX_RUNS = 1_000_000
"""Largest BMP file, in bytes, that is compressed by run lengths, which Pillow decodes slowly."""


class Gif(GifImageFile):
    """A GIF whose frames cannot enlarge it beyond ``MAX_PIXELS``; Pillow takes the memory for them as it seeks."""

    @property
    def _size(self) -> tuple[int, int]:
        return self._checked

    @_size.setter
    def _size(self, size: tuple[int, int]) -> None:
        check_size(size)
        self._checked = size


PLUGINS: dict[str, type[ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "GIF": Gif,
    "BMP": BmpImageFile,
    "WebP": WebPImageFile,
    "TIFF": TiffImageFile,
}


class TooLargeError(Exception):
    """An image is over a limit, said so that it goes on after the file's name."""


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes
    ----------
    pixels
        uint8 ``(H, W, 3)`` BGR, contiguous, writable.
    frames
        Which frames of an animation it was made of, for people, such as ``mean of 12``; empty for a still image.
    """

    pixels: NDArray[np.uint8]
    frames: str = ""


def path_to_image(path: Path) -> NDArray[np.uint8]:
    """Read an image file: the pixels of ``path_to_picture``, with default settings."""
    return path_to_picture(path, LoadSettings()).pixels


def path_to_picture(path: Path, settings: LoadSettings) -> Picture:
    """Read an image file, whatever its name ends in.

    Pixels are as stored: an orientation in EXIF is not applied, so that boxes are those of the file. Of 16 bits the
    upper eight are kept. Where most of an image is transparent, it is laid over white or black, whichever
    the rest stands out from; else over white.

    Parameters
    ----------
    path
        A PNG, JPEG, GIF, BMP, WebP or TIFF file.
    settings
        How.

    Raises
    ------
    UnreadableImageError
        If it cannot be opened, is no image, is cut short or broken, or over one of the limits above.
    """
    try:
        data = path_to_bytes(path)
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: does not exist; check the path") from error
    except ValueError as error:  # no path at all: it has a NUL
        raise UnreadableImageError(f"{path}: cannot be read: {error}; check the path") from error
    except OSError as error:
        raise UnreadableImageError(f"{path}: cannot be read: {error.strerror}; check its rights") from error
    return bytes_to_picture(data, str(path), settings)


def path_to_bytes(path: Path) -> bytes:
    """Read a regular file, as far as any image may be long; memory is taken for what it holds and no more."""
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise UnreadableImageError(f"{path}: cannot be read: it is no regular file; name an image file")
    with path.open("rb") as stream:
        data = stream.read(min(status.st_size, MAX_BYTES) + 1)
        if len(data) > status.st_size:  # it has grown, or is of a file system that does not say
            data += stream.read(MAX_BYTES + 1 - len(data))
    return data


def bytes_to_picture(data: bytes, name: str, settings: LoadSettings) -> Picture:
    """Read an image from memory; as ``path_to_picture``, with ``name`` for the message of an error."""
    kind = bytes_to_kind(data)
    if kind is None:
        what = "is empty" if not data else "is not a PNG, JPEG, GIF, BMP, WebP or TIFF image"
        raise UnreadableImageError(f"{name}: {what}; convert or remove it")
    try:
        check_bytes(data, kind)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")  # what is broken is said by what it raises
            picture = PLUGINS[kind](BytesIO(data))
            check_work(data, picture)
            return decode(picture, settings)
    except TooLargeError as error:
        raise UnreadableImageError(f"{name}: {error}; make it smaller or remove it") from error
    except Exception as error:  # a decoder may raise anything when bytes are broken
        reason = " ".join(str(error).split())
        raise UnreadableImageError(f"{name}: is cut short or broken ({reason}); replace it") from error


def check_size(size_wh: tuple[int, int]) -> None:
    """Raise ``TooLargeError`` for more than ``MAX_PIXELS``."""
    width, height = size_wh
    if width * height > MAX_PIXELS:
        raise TooLargeError(f"has {width} x {height} pixels, at most {MAX_PIXELS} are read")


def check_bytes(data: bytes, kind: str) -> None:
    """Raise ``TooLargeError`` for what is too large before Pillow opens it."""
    if len(data) > MAX_BYTES:
        raise TooLargeError(f"has more than {MAX_BYTES} bytes, which is the most that is read")
    if kind == "WebP":  # takes memory for its canvas as it is opened
        check_size(webp_to_size(data))


def webp_to_size(data: bytes) -> tuple[int, int]:
    """Read width and height off a WebP header: extended, lossless or lossy; see RFC 9649."""
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    bits = int.from_bytes(data[21:25] if data[12:16] == b"VP8L" else data[26:30], "little")
    if data[12:16] == b"VP8L":
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return bits & 0x3FFF, bits >> 16 & 0x3FFF


def check_work(data: bytes, picture: ImageFile) -> None:
    """Raise ``TooLargeError`` for an opened picture that would take too long to decode."""
    check_size(picture.size)
    width, height = picture.size
    scans = data.count(b"\xff\xda") if isinstance(picture, JpegImageFile) else 0
    if scans * width * height > MAX_SCANNED:
        raise TooLargeError(f"has {scans} scans of {width} x {height} pixels, at most {MAX_SCANNED} pixels are read")
    if isinstance(picture, BmpImageFile) and picture.info["compression"] in (1, 2) and len(data) > MAX_RUNS:
        raise TooLargeError(f"has more than {MAX_RUNS} bytes of run lengths, which is the most that is read")


def decode(picture: ImageFile, settings: LoadSettings) -> Picture:
    """Decode an opened picture, still or animated."""
    width, height = picture.size
    most = min(MAX_FRAMES, max(1, MAX_FRAME_PIXELS // (width * height)))
    sought = seek_frames(picture)
    frames = layers_to_frames([picture_to_layer(picture) for _ in islice(sought, most)])
    more = next(sought, None) is not None
    if len(frames) == 1:
        return Picture(np.array(frames[0]), "first of several large frames" if more else "")
    pixels, rule = frames_to_image(np.stack(frames), settings.frames)
    said = f"the first {len(frames)}" if more else len(frames)
    return Picture(np.array(pixels), f"{rule} of {said} frames")


def image_to_picture(image: Image.Image) -> Picture:
    """Decode one picture of any mode, transparency laid over one colour."""
    (frame,) = layers_to_frames([picture_to_layer(image)])
    return Picture(np.array(frame))


def seek_frames(picture: ImageFile) -> Iterator[int]:
    """Seek each frame of an opened picture, and yield its number before it is decoded; of pages, the first."""
    size, frame = picture.size, 0
    if isinstance(picture, PngImageFile) and picture.is_animated and picture.default_image:
        picture.seek(frame := 1)  # what is shown where animations are not
    while picture.size == size:
        yield frame
        if not isinstance(picture, (GifImageFile, PngImageFile, WebPImageFile)):
            return
        try:
            picture.seek(frame := frame + 1)
        except EOFError:
            return


def picture_to_layer(picture: Image.Image) -> Image.Image:
    """Convert a picture of any mode to RGB, or to RGBA where it has transparency."""
    if picture.mode.startswith(("I", "F")):  # of more than 8 bits, which Pillow would clip and not scale
        picture = deep_to_grey(picture)
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if picture.mode == mode and not getattr(picture, "is_animated", False):
        return picture  # nothing is decoded into it later, so no copy is needed
    return picture.convert(mode)


def layers_to_frames(layers: Sequence[Image.Image]) -> list[NDArray[np.uint8]]:
    """Lay RGBA over one colour, white or black: to uint8 ``(H, W, 3)`` BGR each, read-only."""
    if all(layer.mode == "RGB" for layer in layers):
        return [rgb_to_frame(layer) for layer in layers]
    ground = layers_to_ground([layer for layer in layers if layer.mode == "RGBA"])
    frames = []
    for layer in layers:
        frame = Image.new("RGB", layer.size, ground)
        frame.paste(layer, mask=layer if layer.mode == "RGBA" else None)
        frames.append(rgb_to_frame(frame))
    return frames


def rgb_to_frame(picture: Image.Image) -> NDArray[np.uint8]:
    """See a picture in RGB as uint8 ``(H, W, 3)`` BGR, read-only; faster than ``asarray``, which copies twice."""
    return np.frombuffer(picture.tobytes("raw", "BGR"), np.uint8).reshape(picture.height, picture.width, 3)


def layers_to_ground(layers: Sequence[Image.Image]) -> str:
    """Choose what RGBA layers are laid over: black where they are light and mostly transparent, else white."""
    opacity = ink = light = 0.0
    for layer in layers:
        alpha = np.asarray(layer.getchannel("A"), np.float32) / 255
        opacity += float(alpha.mean()) / len(layers)
        ink += float(alpha.sum())
        light += float((alpha * np.asarray(layer.convert("L"))).sum())
    return "black" if opacity < 0.5 and light > 127.5 * ink else "white"


def deep_to_grey(picture: Image.Image) -> Image.Image:
    """Keep the upper eight of 16 bits, what stands for transparency white; other ranges are stretched to 8 bits."""
    values = np.nan_to_num(np.asarray(picture, np.float64), posinf=0.0, neginf=0.0)
    clear = values == picture.info.get("transparency", np.nan)
    low, high = float(values.min()), float(values.max())
    if picture.mode == "F" or low < 0 or high > 0xFFFF:
        values = (values - low) * (0xFFFF / max(high - low, 1e-9))
    values[clear] = 0xFFFF
    return Image.fromarray((values / 256).astype(np.uint8))
