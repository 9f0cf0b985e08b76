"""Crops to characters to text. ``from kerf.classifier import Recognizer`` reads images with a trained model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerf.classifier.alphabet import Constraint
    from kerf.classifier.recognizer import CharReading, Reading, Recognizer
    from kerf.segmenter.errors import KerfError

__all__ = ["CharReading", "Constraint", "KerfError", "Reading", "Recognizer"]


def __getattr__(name: str) -> Any:
    """Import torch only when something that needs it is asked for."""
    if name == "KerfError":
        from kerf.segmenter.errors import KerfError

        return KerfError
    if name == "Constraint":
        from kerf.classifier.alphabet import Constraint

        return Constraint
    if name in __all__:
        from kerf.classifier import recognizer

        return getattr(recognizer, name)
    raise AttributeError(f"module 'kerf' has no attribute {name!r}")
