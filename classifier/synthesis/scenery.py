"""Colours, background, and what is done to the finished drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.kinds import GroundKind, Tint
from kerf.classifier.synthesis.layouts import Range
from kerf.classifier.synthesis.looks import Finish, Ground, Paint

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
LUMA = np.array([0.114, 0.587, 0.299])  # of blue, green, red


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


def blend(window: Image, coverage: NDArray[np.uint8], colour: Colour | Image) -> None:
    """Lay a colour over a part of the image, in place."""
    share = coverage[..., None].astype(np.float32) * np.float32(1 / 255)
    window[:] = window + (np.asarray(colour, np.float32) - window) * share + np.float32(0.5)


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
    if ground.kind in PATTERNS:
        PATTERNS[ground.kind](image, ground_shade(ground, palette, 1.0, rng), rng)
    elif ground.kind is GroundKind.PATCHES:
        draw_patches(image, ground, palette, rng)
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


def draw_grid(image: Image, colour: Colour, rng: np.random.Generator) -> None:
    """Draw upright and level lines at equal distances, in place."""
    row_step, col_step = rng.integers(5, 25, 2)
    if rng.random() < 0.85:
        image[:: int(row_step)] = colour
    image[:, :: int(col_step)] = colour


def draw_hatch(image: Image, colour: Colour, rng: np.random.Generator) -> None:
    """Draw slanting lines at equal distances, one way or both, in place."""
    row, col = np.ogrid[: image.shape[0], : image.shape[1]]
    step, slope = int(rng.integers(4, 16)), int(rng.integers(1, 3))
    image[(row + slope * col) % step < slope] = colour
    if rng.random() < 0.5:
        image[(row - slope * col) % step < slope] = colour


def draw_circles(image: Image, colour: Colour, rng: np.random.Generator) -> None:
    """Draw circles of all sizes, in place."""
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(3, 30))):
        middle = int(rng.integers(0, width)), int(rng.integers(0, height))
        cv2.circle(image, middle, int(rng.integers(2, max(4, height))), colour, 1, cv2.LINE_AA)


def draw_patches(image: Image, ground: Ground, palette: Palette, rng: np.random.Generator) -> None:
    """Draw discs, rectangles and triangles of many shades, in place."""
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(4, 40))):
        colour = ground_shade(ground, palette, float(rng.random()), rng)
        middle = rng.integers(0, (width, height))
        corners = middle + rng.integers(-height // 2, height // 2 + 1, (3, 2))
        kind = int(rng.integers(0, 3))
        if kind == 0:
            cv2.circle(image, middle.tolist(), int(rng.integers(2, height // 2 + 3)), colour, cv2.FILLED)
        elif kind == 1:
            cv2.rectangle(image, middle.tolist(), corners[0].tolist(), colour, cv2.FILLED)
        else:
            cv2.fillConvexPoly(image, corners.astype(np.int32), colour)


def ground_shade(ground: Ground, palette: Palette, share: float, rng: np.random.Generator) -> Colour:
    """Draw a colour that is nearer to the ink's brightness by a share of the ground's change."""
    towards = 1 if palette.brightness < 128 else -1
    return random_colour(palette.brightness + towards * share * ground.change, ground.saturation, rng)


PATTERNS: dict[GroundKind, Callable[[Image, Colour, np.random.Generator], None]] = {
    GroundKind.GRID: draw_grid,
    GroundKind.HATCH: draw_hatch,
    GroundKind.CIRCLES: draw_circles,
}


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
