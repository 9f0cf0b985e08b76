"""Files to pixels: what a file is, is read off its content; its size is checked before it is decoded.

Pillow decodes everything. OpenCV would save 20 to 50 microseconds an image, but it writes lines of its own to
stderr about broken files, and whether it returns half of such an image depends on its version.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from kerf.segmenter.errors import UnreadableImageError

MAX_PIXELS = 16_000_000
"""Largest image that is decoded, rows times columns."""

KINDS: dict[bytes, type[ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"\xff\xd8\xff": JpegImageFile,
    b"GIF8": GifImageFile,
    b"BM": BmpImageFile,
    b"WEBP": WebPImageFile,
}
"""How each kind of file begins; WebP so after its eight bytes of RIFF."""


@dataclass(frozen=True)
class LoadSettings:
    """How files become pixels.

    Parameters
    ----------
    frames
        Which frames of an animation are read: first, last, mean, darkest or auto.
    """

    frames: str = "auto"


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes
    ----------
    pixels
        uint8 ``(H, W, 3)`` BGR, contiguous, writable.
    frames
        Which frames of an animation it was made of, for people; empty for a still image.
    """

    pixels: NDArray[np.uint8]
    frames: str = ""


def path_to_image(path: Path) -> NDArray[np.uint8]:
    """Read an image file: the pixels of ``path_to_picture``, with default settings."""
    return path_to_picture(path, LoadSettings()).pixels


def path_to_picture(path: Path, settings: LoadSettings) -> Picture:
    """Read an image file, whatever its name ends in.

    Pixels are as stored: an orientation in EXIF is not applied, so that boxes are those of the file. Of an
    animation it is the first frame. Transparency is laid over white, and of 16 bits the upper eight are kept.

    Parameters
    ----------
    path
        A PNG, JPEG, GIF, BMP or WebP file.
    settings
        How.

    Raises
    ------
    UnreadableImageError
        If it cannot be opened, is no image, is cut short or broken, or has more than ``MAX_PIXELS``.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(f"{path}: cannot be read: {error.strerror}; check its rights") from error
    return bytes_to_picture(data, str(path), settings)


def bytes_to_picture(data: bytes, name: str, settings: LoadSettings) -> Picture:
    """Read an image from memory; as ``path_to_picture``, with ``name`` for the message of an error."""
    start = data[8:12] if data.startswith(b"RIFF") else data
    kind = next((kind for magic, kind in KINDS.items() if start.startswith(magic)), None)
    if kind is None:
        raise UnreadableImageError(f"{name}: is not a PNG, JPEG, GIF, BMP or WebP image; convert or remove it")
    try:
        picture = kind(BytesIO(data))
        width, height = picture.size
        if width * height <= MAX_PIXELS:
            return Picture(picture_to_image(picture))
    except Exception as error:  # a decoder may raise anything when bytes are broken
        reason = " ".join(str(error).split())
        raise UnreadableImageError(f"{name}: is cut short or broken ({reason}); replace it") from error
    raise UnreadableImageError(
        f"{name}: has {width} x {height} pixels, at most {MAX_PIXELS} are read; make it smaller or remove it"
    )


def picture_to_image(picture: Image.Image) -> NDArray[np.uint8]:
    """Decode an opened picture of any mode: to uint8 ``(H, W, 3)`` BGR, transparency over white."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip and not scale
        picture = deep_to_grey(picture)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", layer.size, "white")
        picture.paste(layer, mask=layer)
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    width, height = picture.size
    return np.frombuffer(picture.tobytes("raw", "BGR"), np.uint8).reshape(height, width, 3).copy()


def deep_to_grey(picture: Image.Image) -> Image.Image:
    """Keep the upper eight of 16 bits; a value that stands for transparency becomes white."""
    values = np.array(picture)
    values[values == picture.info.get("transparency", -1)] = 0xFFFF
    return Image.fromarray((values >> 8).astype(np.uint8))
