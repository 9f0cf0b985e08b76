"""Kinds of image files that are read, told by how they begin."""

from __future__ import annotations

KINDS = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"WEBP": "WebP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
"""How each kind of file begins; WebP so after its eight bytes of RIFF."""
MAGIC_BYTES = 12
"""Bytes that ``bytes_to_kind`` needs."""


def bytes_to_kind(data: bytes) -> str | None:
    """Tell the kind of an image by its first ``MAGIC_BYTES``; None if it is none that is read."""
    start = data[8:12] if data.startswith(b"RIFF") else data
    return next((kind for magic, kind in KINDS.items() if start.startswith(magic)), None)
