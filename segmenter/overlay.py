"""One picture of a segmentation: image, ink, cuts, candidates and chosen boxes, drawn from what it kept."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.segmenter import Segmentation

Box = tuple[int, int, int, int]
Color = tuple[int, int, int]
Picture = NDArray[np.uint8]
Columns = NDArray[np.int32]

# Okabe and Ito's palette, BGR: its colours are told apart with every common colour vision.
CHOSEN: tuple[Color, Color] = ((0, 94, 213), (178, 114, 0))  # vermillion and blue, in turn
CUT: Color = (115, 158, 0)  # bluish green
FAINT_CUT: Color = (222, 232, 208)
CANDIDATE: Color = (90, 90, 90)
TEXT: Color = (60, 60, 60)

WIDTH = 640  # pixels that narrower images are enlarged to, by a whole factor
LARGEST_FACTOR = 6
WIDEST = 4000  # columns that are drawn of wider images: every second, every third...
MARGIN = 10
LINE = 20  # height of a line of text
ROW = 9  # height of a row of spans
GAP = 6  # least space between spans in one row


def segmentation_to_overlay(segmentation: Segmentation, chosen: Sequence[Box], labels: Sequence[str] = ()) -> Picture:
    """Draw everything a segmentation found; nothing is computed again.

    From top to bottom: the image with the chosen boxes, numbered from 0; the ink, faded where not taken
    as text, with the cuts; chosen boxes and candidates as spans of the same columns.

    Parameters
    ----------
    segmentation
        The intermediates to draw.
    chosen
        ltrb half-open boxes in pixels of the image as it was given.
    labels
        The character of each chosen box; none, to number them only.

    Returns
    -------
    ndarray
        uint8 ``(H', W', 3)`` BGR; small images are enlarged by a whole factor, without smoothing, and those
        wider than ``WIDEST`` reduced.
    """
    step = -(-segmentation.image.shape[1] // WIDEST)
    image = segmentation.image[::step, ::step]
    ink, mask = segmentation.ink.ink[::step, ::step], segmentation.ink.mask[::step, ::step]
    factor = int(np.clip(round(WIDTH / image.shape[1]), 1, LARGEST_FACTOR))
    scale, width = factor / step, image.shape[1] * factor
    strip, lattice = segmentation.strip, segmentation.lattice
    cuts = to_pixels(strip.cols_to_image(lattice.cuts.astype(np.float32)), scale)
    candidates = to_pixels(strip.cols_to_image(lattice.span_cols.astype(np.float32)), scale)
    boxes = to_pixels(np.asarray(chosen, np.float32).reshape(-1, 4), scale / segmentation.factor)
    names = [f"{i}: {label}" for i, label in enumerate(labels)] or [str(i) for i in range(len(boxes))]
    panels = [
        names_to_panel(names, boxes, width),
        image_to_panel(image, boxes, factor),
        text_to_panel(f"ink, and {len(cuts)} cuts", width),
        ink_to_panel(ink, mask, cuts, factor),
        text_to_panel(f"{len(boxes)} chosen; {len(candidates)} candidates, dot to tick", width),
        spans_to_panel(boxes[:, [0, 2]], candidates, cuts, width),
    ]
    padding = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    return np.pad(np.concatenate(panels), padding, constant_values=255)


def names_to_panel(names: Sequence[str], boxes: Columns, width: int) -> Picture:
    """Write each name over the middle of its box ``(N, 4)``, kept inside the picture."""
    panel = blank(LINE, width)
    for index, (name, box) in enumerate(zip(names, boxes.tolist(), strict=True)):
        (text_width, _), _ = cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
        left = int(np.clip((box[0] + box[2] - text_width) // 2, 0, max(width - text_width, 0)))
        write(panel, name, left, CHOSEN[index % 2])
    return panel


def image_to_panel(image: Picture, boxes: Columns, factor: int) -> Picture:
    """Enlarge the image and draw the boxes ``(N, 4)`` on it."""
    panel = enlarge(image, factor)
    for index, (left, top, right, bottom) in enumerate(boxes.tolist()):
        cv2.rectangle(panel, (left, top), (right - 1, bottom - 1), CHOSEN[index % 2], 2)
    return panel


def ink_to_panel(ink: NDArray[np.float32], mask: NDArray[np.bool_], cuts: Columns, factor: int) -> Picture:
    """Enlarge the ink, black on white, faded outside the mask, and draw the cuts ``(C,)`` across it."""
    panel = enlarge(np.repeat(ink_to_grey(ink, mask)[:, :, None], 3, axis=2), factor)
    draw_cuts(panel, cuts, CUT)
    return panel


def ink_to_grey(ink: NDArray[np.float32], mask: NDArray[np.bool_]) -> Picture:
    """Draw ink black on white, faded outside the mask: ``(H, W)`` both, to uint8 ``(H, W)``."""
    return np.asarray(255 - 255 * ink * np.where(mask, 1.0, 0.35), np.uint8)


def text_to_panel(text: str, width: int) -> Picture:
    """Write one line of text."""
    panel = blank(LINE, width)
    write(panel, text, 0, TEXT)
    return panel


def spans_to_panel(chosen: Columns, candidates: Columns, cuts: Columns, width: int) -> Picture:
    """Draw spans ``(N, 2)`` of columns: the chosen as thick bars, then the candidates as fans.

    A fan is all candidates that begin at one column: a dot there, and a tick at each column where one ends.
    """
    fans = [candidates[candidates[:, 0] == left] for left in np.unique(candidates[:, 0])]
    bars = pack(chosen.tolist())
    rows = [row + max(bars, default=-1) + 1 for row in pack([(fan[0, 0], fan[:, 1].max()) for fan in fans])]
    panel = blank(ROW * (max([*bars, *rows], default=-1) + 1), width)
    draw_cuts(panel, cuts, FAINT_CUT)
    for index, (row, (left, right)) in enumerate(zip(bars, chosen.tolist(), strict=True)):
        middle = ROW * row + ROW // 2
        cv2.rectangle(panel, (left, middle - 1), (right - 1, middle + 1), CHOSEN[index % 2], cv2.FILLED)
    for row, fan in zip(rows, fans, strict=True):
        draw_fan(panel, ROW * row + ROW // 2, int(fan[0, 0]), fan[:, 1].tolist())
    return panel


def draw_fan(panel: Picture, middle: int, start: int, ends: Sequence[int]) -> None:
    """Draw a line from a dot at ``start`` to the last end, with a tick at each end, in place."""
    cv2.line(panel, (start, middle), (max(ends) - 1, middle), CANDIDATE, 1)
    cv2.rectangle(panel, (start, middle - 1), (start + 2, middle + 1), CANDIDATE, cv2.FILLED)
    for end in ends:
        cv2.line(panel, (end - 1, middle - 3), (end - 1, middle), CANDIDATE, 1)


def pack(spans: Sequence[tuple[int, int]]) -> list[int]:
    """Return a row for each span of columns: the first row where it keeps its distance from all before it."""
    taken: list[list[tuple[int, int]]] = []
    rows = []
    for left, right in spans:
        free = (i for i, row in enumerate(taken) if all(right + GAP <= a or b + GAP <= left for a, b in row))
        rows.append(next(free, len(taken)))
        taken.extend([[]] if rows[-1] == len(taken) else [])
        taken[rows[-1]].append((left, right))
    return rows


def draw_cuts(panel: Picture, cuts: Columns, color: Color) -> None:
    """Draw a line from top to bottom at each column of ``(C,)``, in place."""
    panel[:, cuts[(cuts >= 0) & (cuts < panel.shape[1])]] = color


def write(panel: Picture, text: str, left: int, color: Color) -> None:
    """Write text on the panel's last line, in place."""
    cv2.putText(panel, text, (left, len(panel) - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 1, cv2.LINE_AA)


def blank(height: int, width: int) -> Picture:
    """Return a white picture."""
    return np.full((height, width, 3), 255, np.uint8)


def enlarge(image: Picture, factor: int) -> Picture:
    """Repeat each pixel ``factor`` times both ways: uint8 ``(H, W, 3)`` to ``(factor H, factor W, 3)``."""
    return np.ascontiguousarray(image.repeat(factor, axis=0).repeat(factor, axis=1))


def to_pixels(columns: NDArray[np.float32], scale: float) -> Columns:
    """Map image columns or rows, any shape, to those of the picture."""
    return np.round(columns * scale).astype(np.int32)
