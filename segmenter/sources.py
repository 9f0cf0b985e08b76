"""Whatever a program holds an image in, as pixels: the one door for paths, bytes, files, PIL images and arrays."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.load import (
    MAX_BYTES,
    MAX_PIXELS,
    LoadSettings,
    Picture,
    bytes_to_picture,
    image_to_picture,
    path_to_picture,
)

Source = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | NDArray[np.uint8]
Channels = Literal["bgr", "rgb"]


def source_to_picture(source: Source, name: str, channels: Channels, settings: LoadSettings) -> Picture:
    """Turn a source of any kind into pixels.

    Parameters
    ----------
    source
        A path; a file's bytes; an open binary file, read from where it stands; a PIL image; or uint8 pixels, grey
        ``(H, W)``, colour ``(H, W, 3)``, or with alpha ``(H, W, 4)``.
    name
        What to call it in the message of an error, where it is no path.
    channels
        Order of the colours of an array.
    settings
        How files become pixels.

    Raises
    ------
    UnreadableImageError
        If it cannot be read, or is none of these.
    """
    match source:
        case str() | os.PathLike():
            return path_to_picture(Path(source), settings)
        case bytes() | bytearray() | memoryview():
            return bytes_to_picture(bytes(source), name, settings)
        case Image.Image():
            return pil_to_picture(source, name)
        case np.ndarray():
            return array_to_picture(source, name, channels)
        case _ if hasattr(source, "read"):
            return bytes_to_picture(file_to_bytes(source, name), name, settings)
        case _:
            raise UnreadableImageError(
                f"{name}: is {type(source).__name__}; give a path, bytes, a binary file, a PIL image or a uint8 array"
            )


def source_to_name(source: object) -> str:
    """Return the path of an image, or of the file that it is read from; empty if it has none."""
    for path in (source, getattr(source, "name", None), getattr(source, "filename", None)):
        if isinstance(path, str | os.PathLike):
            return os.fspath(path)
    return ""


def file_to_bytes(stream: BinaryIO, name: str) -> bytes:
    """Read an open file from where it stands, as far as any image may be long."""
    try:
        data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a closed one raises the latter
        raise UnreadableImageError(f"{name}: cannot be read ({error}); open it again") from error
    if not isinstance(data, bytes):
        raise UnreadableImageError(f"{name}: is a file opened as text; open it with mode 'rb'")
    return data


def pil_to_picture(image: Image.Image, name: str) -> Picture:
    """Take the frame that a PIL image stands at, and say which, transparency laid over as for files."""
    if not 0 < image.width * image.height <= MAX_PIXELS:
        raise UnreadableImageError(f"{name}: has {image.width} x {image.height} pixels; give 1 to {MAX_PIXELS}")
    try:
        count = getattr(image, "n_frames", 1)
        return replace(image_to_picture(image), frames=f"{image.tell() + 1} of {count} frames" if count > 1 else "")
    except (OSError, ValueError, SyntaxError) as error:  # it is decoded only now
        raise UnreadableImageError(f"{name}: is cut short or broken ({error}); replace it") from error


def array_to_picture(pixels: NDArray[np.uint8], name: str, channels: Channels) -> Picture:
    """Bring an array to three channels, BGR."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        raise UnreadableImageError(
            f"{name}: is an array of {pixels.dtype}, shape {pixels.shape}; give uint8 (H, W), (H, W, 3) or (H, W, 4)"
        )
    if not 0 < pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS:
        raise UnreadableImageError(f"{name}: has shape {pixels.shape}; give 1 to {MAX_PIXELS} pixels")
    if pixels.ndim == 2:
        return Picture(np.repeat(pixels[:, :, None], 3, axis=2))
    if pixels.shape[2] == 4:
        rgba = pixels if channels == "rgb" else pixels[:, :, [2, 1, 0, 3]]
        return image_to_picture(Image.fromarray(np.ascontiguousarray(rgba)))
    return Picture(np.array(pixels if channels == "bgr" else pixels[:, :, ::-1], order="C"))
