"""Choices that a look makes: strokes, colours, depths and shapes."""

from __future__ import annotations

from enum import StrEnum


class Stroke(StrEnum):
    """How a character is drawn."""

    SOLID = "solid"
    SHADOWED = "shadowed"  # with a drop shadow in another colour
    BORDERED = "bordered"  # with an outline in another colour
    HOLLOW = "hollow"  # an outline that hides what is behind it
    OUTLINE = "outline"  # an outline one can see through
    OPEN = "open"  # an outline with gaps
    DOUBLE = "double"  # with a line round it at a distance
    TWICE = "twice"  # an outline drawn twice, a little apart
    BLOCK = "block"  # the front of a block in the ground's colour, seen from one side
    EMBOSSED = "embossed"  # the shadow and a thin outline of a character in the ground's colour
    STRIPED = "striped"
    SPRAYED = "sprayed"  # made of dots
    CRAYON = "crayon"  # patchy and with frayed edges
    PEN = "pen"  # streaky


class Family(StrEnum):
    """Which fonts an image is drawn with, as far as there are some."""

    ANY = "any"
    HAND = "hand"  # imitate handwriting
    SCREEN = "screen"  # upright ones that stay clear in few pixels


class Tint(StrEnum):
    """Colour of lines and specks."""

    INK = "ink"  # the first character's
    OTHER = "other"  # each its own, as strong as the text
    FAINT = "faint"  # each its own, weaker than the text
    GROUND = "ground"  # cuts through the text


class Depth(StrEnum):
    """Where lines and specks lie."""

    BEHIND = "behind"
    BEFORE = "before"
    ON_TOP = "on top"  # drawn last, so neither scaled nor blurred


class GroundKind(StrEnum):
    """Pattern of the background."""

    FLAT = "flat"
    GRADIENT = "gradient"
    CLOUDS = "clouds"
    GRID = "grid"
    HATCH = "hatch"  # slanting lines at equal distances
    CIRCLES = "circles"
    PATCHES = "patches"  # discs, rectangles and triangles


class LineKind(StrEnum):
    """Course of a line."""

    STRAIGHT = "straight"
    CURVE = "curve"
    WAVE = "wave"
    SCRIBBLE = "scribble"  # up and down, and back on itself
    CIRCLE = "circle"
    GRID = "grid"  # upright and level ones, all over the image


class SpeckKind(StrEnum):
    """Shape of a speck."""

    POINT = "point"
    DISC = "disc"
    DASH = "dash"
    RING = "ring"
