"""All of a captcha but its text: background, lines, specks, and what is done to the finished drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.kinds import GroundKind, LineKind, SpeckKind, Tint
from kerf.classifier.synthesis.looks import Finish, Ground, Lines, Paint, Range, Specks

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
LUMA = np.array([0.114, 0.587, 0.299])  # of blue, green, red
SHIFT = 4  # binary digits after the point of a line's coordinates


def random_colour(brightness: float, saturation: float, rng: np.random.Generator) -> Colour:
    """Draw a hue: BGR of about this brightness (of 255), from grey (0) to pure (1)."""
    hue = rng.random(3)
    hue = (hue - hue.min()) / max(float(hue.max() - hue.min()), 1e-6)
    base = 1 - saturation + saturation * hue
    have, want = float(base @ LUMA), min(max(brightness / 255, 0.0), 1.0)
    colour = base * (want / have) if want <= have else base + (1 - base) * ((want - have) / (1 - have + 1e-9))
    blue, green, red = (round(255 * min(float(c), 1.0)) for c in colour)
    return blue, green, red


def uniform(bounds: Range, rng: np.random.Generator) -> float:
    """Draw a number between two bounds."""
    return bounds[0] + (bounds[1] - bounds[0]) * float(rng.random())


def whole(bounds: tuple[int, int], rng: np.random.Generator) -> int:
    """Draw a whole number between two bounds, both included."""
    return int(rng.integers(bounds[0], bounds[1] + 1))


@dataclass(frozen=True)
class Palette:
    """Colours of one image.

    Attributes
    ----------
    ground
        BGR of the background.
    brightness
        Of the background, of 255.
    paint
        How far ink stands out from it, and how colourful it is.
    ink
        BGR of the first character.
    """

    ground: Colour
    brightness: float
    paint: Paint
    ink: Colour

    def tint(self, tint: Tint, rng: np.random.Generator) -> Colour:
        """Draw a colour for a line or speck."""
        if tint is Tint.INK:
            return self.ink
        if tint is Tint.GROUND:
            return self.ground
        return ink_colour(self.brightness, self.paint, rng, 0.45 if tint is Tint.FAINT else 1.0)


def ink_colour(brightness: float, paint: Paint, rng: np.random.Generator, strength: float = 1.0) -> Colour:
    """Draw a colour that stands out from a ground, ``strength`` times as much as the text does."""
    contrast = uniform(paint.contrast, rng) * strength
    return random_colour(brightness + (contrast if brightness < 128 else -contrast), paint.saturation, rng)


def random_palette(ground: Ground, paint: Paint, rng: np.random.Generator) -> Palette:
    """Draw the colours of one image."""
    brightness = uniform(ground.brightness, rng)
    colour = random_colour(brightness, ground.saturation, rng)
    return Palette(colour, brightness, paint, ink_colour(brightness, paint, rng))


def draw_ground(ground: Ground, palette: Palette, size_wh: tuple[int, int], rng: np.random.Generator) -> Image:
    """Draw the background: uint8 ``(H, W, 3)`` BGR."""
    width, height = size_wh
    image = np.empty((height, width, 3), np.uint8)
    image[:] = palette.ground
    if ground.kind is GroundKind.GRID:
        draw_grid(image, ground, palette, rng)
    elif ground.kind is not GroundKind.FLAT:
        change = gradient(size_wh, rng) if ground.kind is GroundKind.GRADIENT else clouds(size_wh, rng)
        image = np.clip(image - change * ground.change, 0, 255).astype(np.uint8)
    return add_grain(image, ground.grain, rng)


def gradient(size_wh: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Ramp in a random direction, much the same for each channel: float32 ``(H, W, 3)`` about [-0.5, 0.5]."""
    corners = rng.random((2, 2, 1)) + rng.normal(0, 0.15, (2, 2, 3)) - 0.5
    if rng.random() < 0.5:
        corners[1] = corners[0]
    return np.asarray(cv2.resize(corners.astype(np.float32), size_wh, interpolation=cv2.INTER_LINEAR), np.float32)


def clouds(size_wh: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Smooth blotches: float32 ``(H, W, 3)`` about [-1, 1]."""
    cells = rng.normal(0, 0.4, (int(rng.integers(2, 8)), int(rng.integers(3, 20)), 3)).astype(np.float32)
    return np.asarray(cv2.resize(cells, size_wh, interpolation=cv2.INTER_LINEAR), np.float32)


def draw_grid(image: Image, ground: Ground, palette: Palette, rng: np.random.Generator) -> None:
    """Draw upright and level lines at equal distances, in place."""
    row_step, col_step = rng.integers(5, 25, 2)
    towards = 1 if palette.brightness < 128 else -1
    colour = random_colour(palette.brightness + towards * ground.change, ground.saturation, rng)
    if rng.random() < 0.85:
        image[:: int(row_step)] = colour
    image[:, :: int(col_step)] = colour


def add_grain(image: Image, grain: float, rng: np.random.Generator) -> Image:
    """Add noise of this standard deviation: uint8 ``(H, W, 3)``."""
    if not grain:
        return image
    shape = (*image.shape[:2], 3 if rng.random() < 0.7 else 1)
    noise = rng.standard_normal(shape, np.float32) * np.float32(grain)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def draw_frame(image: Image, frame: int, palette: Palette, rng: np.random.Generator) -> None:
    """Draw a border, in place."""
    if frame:
        colour = palette.tint(Tint.FAINT if rng.random() < 0.5 else Tint.OTHER, rng)
        bottom_right = (image.shape[1] - 1, image.shape[0] - 1)
        cv2.rectangle(image, (0, 0), bottom_right, colour, 2 * frame - 1)


def draw_lines(
    image: Image, lines: Lines, palette: Palette, zoom: float, smooth: bool, rng: np.random.Generator
) -> None:
    """Draw lines across the image, in place; widths are ``zoom`` times as large."""
    kind = cv2.LINE_AA if smooth else cv2.LINE_8
    for _ in range(whole(lines.count, rng)):
        points = line_points(lines, (image.shape[1], image.shape[0]), rng)
        fixed = np.round(points * 2**SHIFT).astype(np.int32)[:, None]
        width = max(1, round(whole(lines.width, rng) * zoom))
        cv2.polylines(image, [fixed], False, palette.tint(lines.tint, rng), width, kind, SHIFT)


def line_points(lines: Lines, size_wh: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Lay out one line: float64 ``(n, 2)`` of columns and rows."""
    width, height = size_wh
    length = uniform(lines.reach, rng) * width
    left = uniform((0, max(width - length, 0)), rng)
    at = np.linspace(0, 1, 2 if lines.kind is LineKind.STRAIGHT else 24)
    ends = rng.uniform(0.05, 0.95, 4) * height
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


def rescale(image: Image, finish: Finish, size_wh: tuple[int, int]) -> Image:
    """Bring a drawing to its final size and blur it: uint8 ``(H, W, 3)``."""
    if (image.shape[1], image.shape[0]) != size_wh:
        smooth = cv2.INTER_AREA if finish.scale > 1 else cv2.INTER_LINEAR
        image = np.asarray(
            cv2.resize(image, size_wh, interpolation=cv2.INTER_NEAREST if finish.sharp else smooth), np.uint8
        )
    if finish.blur > 0:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), finish.blur), np.uint8)
    return image


def finish_image(image: Image, finish: Finish, rng: np.random.Generator) -> Image:
    """Add noise, drop colours and pass through a JPEG file, as ``finish`` says: uint8 ``(H, W, 3)``."""
    image = add_grain(image, finish.grain, rng)
    if finish.grey:
        image = np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    if finish.jpeg:
        _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, finish.jpeg])
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return image
