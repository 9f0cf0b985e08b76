"""Kerf reads text captchas by cutting them into characters: ``from kerf import Recognizer``.

``Recognizer`` reads images, ``Reading`` is what it says of one, ``Constraint`` what you know of the texts beforehand;
``KerfError`` is what is raised for a bad input. ``kerf.segmenter`` cuts without PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerf.classifier import __getattr__ as __getattr__

if TYPE_CHECKING:
    from kerf.classifier import CharReading, Constraint, KerfError, Reading, Recognizer

__all__ = ["CharReading", "Constraint", "KerfError", "Reading", "Recognizer", "__version__"]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    """List also what is imported only when it is asked for, so that ``help`` shows it."""
    return sorted({*globals(), *__all__})
