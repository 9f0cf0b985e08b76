"""Lines and specks."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.kinds import LineKind, SpeckKind
from kerf.classifier.synthesis.layouts import Range
from kerf.classifier.synthesis.looks import Lines, Specks
from kerf.classifier.synthesis.scenery import Colour, Image, Palette, uniform, whole

SHIFT = 4  # binary digits after the point of a line's coordinates


def draw_lines(
    image: Image, lines: Lines, palette: Palette, zoom: float, smooth: bool, rng: np.random.Generator
) -> None:
    """Draw lines across the image, in place; widths are ``zoom`` times as large."""
    size_wh = image.shape[1], image.shape[0]
    if lines.kind is LineKind.GRID:
        draw_paths(image, grid_paths(size_wh, rng), lines, palette, zoom, smooth, rng)
        return
    for _ in range(whole(lines.count, rng)):
        draw_paths(image, [line_points(lines, size_wh, rng)], lines, palette, zoom, smooth, rng)


def draw_paths(
    image: Image,
    paths: list[NDArray[np.float64]],
    lines: Lines,
    palette: Palette,
    zoom: float,
    smooth: bool,
    rng: np.random.Generator,
) -> None:
    """Draw paths, float64 ``(n, 2)`` of columns and rows each, in one width and colour, in place."""
    kind = cv2.LINE_AA if smooth else cv2.LINE_8
    fixed = [np.round(points * 2**SHIFT).astype(np.int32)[:, None] for points in paths]
    width = max(1, round(whole(lines.width, rng) * zoom))
    cv2.polylines(image, fixed, False, palette.tint(lines.tint, rng), width, kind, SHIFT)


def grid_paths(size_wh: tuple[int, int], rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Lay out upright and level lines at equal distances."""
    width, height = size_wh
    across, down = np.maximum(rng.uniform(0.15, 0.6, 2) * height, 7)
    level = [np.array([[0, at], [width, at]]) for at in np.arange(down * rng.random(), height, down)]
    return level + [np.array([[at, 0], [at, height]]) for at in np.arange(across * rng.random(), width, across)]


def line_points(lines: Lines, size_wh: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Lay out one line: float64 ``(n, 2)`` of columns and rows."""
    width, height = size_wh
    length = uniform(lines.reach, rng) * width
    left = uniform((0, max(width - length, 0)), rng)
    if lines.kind is LineKind.CIRCLE:
        return circle_points(size_wh, rng)
    if lines.kind is LineKind.SCRIBBLE:
        return scribble_points(left, length, lines.band, height, rng)
    at = np.linspace(0, 1, 2 if lines.kind is LineKind.STRAIGHT else 24)
    ends = rng.uniform(*lines.band, 4) * height
    if lines.reach[1] < 0.4:
        ends = ends[0] + (ends - ends[0]) * 0.5
    if lines.kind is LineKind.CURVE:
        basis = np.stack([(1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3])
        rows = ends @ basis
    else:
        rows = ends[0] + (ends[1] - ends[0]) * at
    if lines.kind is LineKind.WAVE:
        turns, phase = rng.uniform(1, 4), rng.uniform(0, 7)
        rows = ends[0] * 0.6 + 0.2 * height + rng.uniform(0.08, 0.25) * height * np.sin(turns * 6.28 * at + phase)
    return np.stack([left + at * length, rows], axis=1)


def circle_points(size_wh: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Lay out a circle or an ellipse much like one: float64 ``(33, 2)``."""
    middle = rng.random(2) * size_wh
    radii = uniform((0.12, 0.6), rng) * size_wh[1] * rng.uniform(0.85, 1.15, 2)
    at = np.linspace(0, 2 * np.pi, 33)
    return np.asarray(middle + radii * np.stack([np.cos(at), np.sin(at)], axis=1))


def scribble_points(
    left: float, length: float, band: Range, height: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Lay out a hand's scribble, which goes up and down and back on itself: float64 ``(n, 2)``."""
    knots = int(rng.integers(5, 11))
    cols = left + length * (np.linspace(0, 1, knots) + rng.normal(0, 0.5 / knots, knots))
    corners = np.stack([cols, rng.uniform(*band, knots) * height], axis=1).astype(np.float32)
    smooth = cv2.resize(corners[:, None], (1, 8 * knots), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth.reshape(-1, 2), np.float64)


def draw_specks(image: Image, specks: Specks, palette: Palette, zoom: float, rng: np.random.Generator) -> None:
    """Draw small marks, in place; sizes are ``zoom`` times as large."""
    height, width = image.shape[:2]
    count = int(rng.poisson(specks.density * height * width / 1000 / zoom**2))
    rows, cols = rng.integers(0, height, count), rng.integers(0, width, count)
    colours = np.array([palette.tint(specks.tint, rng) for _ in range(min(count, 12))], np.uint8)
    if specks.kind is SpeckKind.POINT and specks.size[1] * zoom < 2:
        image[rows, cols] = colours[np.arange(count) % len(colours)] if count else 0
        return
    sizes = np.maximum(1, np.round(rng.integers(specks.size[0], specks.size[1] + 1, count) * zoom)).astype(int)
    turns = rng.uniform(0, 6.28, count)
    draw = SPECK_DRAWERS[specks.kind]
    for i in range(count):
        blue, green, red = (int(c) for c in colours[i % len(colours)])
        draw(image, int(cols[i]), int(rows[i]), int(sizes[i]), float(turns[i]), (blue, green, red))


def draw_point(image: Image, col: int, row: int, size: int, turn: float, colour: Colour) -> None:
    """Draw a square of ``size`` pixels."""
    image[row : row + size, col : col + size] = colour


def draw_disc(image: Image, col: int, row: int, size: int, turn: float, colour: Colour) -> None:
    """Draw a disc of radius ``size``."""
    cv2.circle(image, (col, row), size, colour, -1)


def draw_ring(image: Image, col: int, row: int, size: int, turn: float, colour: Colour) -> None:
    """Draw a circle of radius ``size + 1``."""
    cv2.circle(image, (col, row), size + 1, colour, 1, cv2.LINE_AA)


def draw_dash(image: Image, col: int, row: int, size: int, turn: float, colour: Colour) -> None:
    """Draw a line of half length ``size``."""
    across, down = round(size * np.cos(turn)), round(size * np.sin(turn))
    cv2.line(image, (col - across, row - down), (col + across, row + down), colour, 1)


SPECK_DRAWERS: dict[SpeckKind, Callable[[Image, int, int, int, float, Colour], None]] = {
    SpeckKind.POINT: draw_point,
    SpeckKind.DISC: draw_disc,
    SpeckKind.RING: draw_ring,
    SpeckKind.DASH: draw_dash,
}
