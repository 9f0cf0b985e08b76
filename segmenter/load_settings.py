"""Settings of how files become pixels; without OpenCV, as the command line names them before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FrameRule = Literal["first", "last", "mean", "darkest", "auto"]


@dataclass(frozen=True)
class LoadSettings:
    """How files become pixels.

    Parameters
    ----------
    frames
        Which frames of an animation are read; see ``frames_to_image``.
    """

    frames: FrameRule = "auto"
