"""Crops to characters to text. ``from classifier import Recognizer`` reads images with a trained model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.alphabet import Constraint
    from classifier.recognizer import CharReading, Reading, Recognizer

__all__ = ["CharReading", "Constraint", "Reading", "Recognizer"]


def __getattr__(name: str) -> Any:
    """Import torch only when something that needs it is asked for."""
    if name == "Constraint":
        from classifier.alphabet import Constraint

        return Constraint
    if name in __all__:
        from classifier import recognizer

        return getattr(recognizer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
