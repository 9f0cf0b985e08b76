"""Pixels to candidate characters: one door, ``segment``, and the intermediates it keeps."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerf.segmenter.crops import CropSettings
    from kerf.segmenter.cuts import CutSettings
    from kerf.segmenter.ink import InkSettings
    from kerf.segmenter.load_settings import LoadSettings
    from kerf.segmenter.segmentation import Segmentation, SegmenterSettings, segment

__all__ = ["CropSettings", "CutSettings", "InkSettings", "LoadSettings", "Segmentation", "SegmenterSettings", "segment"]


def __getattr__(name: str) -> Any:
    """Import OpenCV only when something that needs it is asked for."""
    if name in __all__:
        return getattr(import_module("kerf.segmenter.segmentation"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
