"""The lattice of candidate characters: what the cutting stage proposes and the search chooses from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Strip:
    """The text's rows and columns, scaled to one height: what the network reads.

    Attributes
    ----------
    pixels
        uint8 ``(C, S_h, S_w)``; channel 0 is ink, channel 1 lightness against the background (128 = equal),
        signed so that most text is above 128.
    mask
        bool ``(S_h, S_w)``; the denoised text pixels.
    origin
        Image ``(row, col)`` of the strip's top left corner; may lie outside the image.
    scale
        Strip pixels for one image pixel, ``(row, col)``.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    origin: tuple[float, float]
    scale: tuple[float, float]

    def cols_to_image(self, cols: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map strip columns to image columns, any shape."""
        return np.asarray(cols / self.scale[1] + self.origin[1], np.float32)


@dataclass(frozen=True)
class Lattice:
    """Candidate spans between cut columns, left to right.

    Attributes
    ----------
    cuts
        int32 ``(C,)``; ascending columns of the strip. No character crosses the first or the last.
    spans
        int32 ``(N, 2)``; start and end of each candidate as indices into ``cuts``, start < end.
    pieces
        int32 ``(P, 2)``; the spans, as strip columns, that contours and projection alone would choose.
    """

    cuts: NDArray[np.int32]
    spans: NDArray[np.int32]
    pieces: NDArray[np.int32]

    @property
    def span_cols(self) -> NDArray[np.int32]:
        """Candidates as half-open strip columns, int32 ``(N, 2)``."""
        return self.cuts[self.spans]


def to_pairs(data: bytearray) -> NDArray[np.int32]:
    """See bytes as int32 ``(N, 2)``."""
    return np.frombuffer(data, np.int32).reshape(-1, 2)
