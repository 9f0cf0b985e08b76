"""Kerf reads text captchas by cutting them into characters: ``from kerf import Recognizer``.

``Recognizer`` reads images, ``Reading`` is what it says of one, ``Constraint`` what you know of the texts beforehand.
``kerf.segmenter`` cuts without PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerf.classifier import __getattr__ as __getattr__

if TYPE_CHECKING:
    from kerf.classifier import CharReading, Constraint, Reading, Recognizer

__all__ = ["CharReading", "Constraint", "Reading", "Recognizer", "__version__"]
__version__ = "0.1.0"
