"""What a drawn captcha looks like: every knob, validated."""

from __future__ import annotations

from dataclasses import dataclass, field

from kerf.classifier.synthesis.kinds import Depth, GroundKind, LineKind, SpeckKind, Stroke, Tint
from kerf.classifier.synthesis.layouts import Layout, Range, Warp, check


@dataclass(frozen=True)
class Paint:
    """Strokes and colours of the text.

    Parameters
    ----------
    stroke
        How characters are drawn.
    joined
        Whether overlapping characters are one shape, so that outlines run round all of them.
    width
        Of outlines, shadows and stripes in pixels.
    weight
        Pixels added round each stroke.
    contrast
        Difference in brightness from the ground, of 255: darker on a light ground, lighter on a dark one.
    saturation
        From grey (0) to pure colours (1).
    each
        Whether each character has its own colour.
    """

    stroke: Stroke = Stroke.SOLID
    joined: bool = False
    width: int = 1
    weight: int = 0
    contrast: Range = (120.0, 220.0)
    saturation: float = 0.5
    each: bool = False

    def __post_init__(self) -> None:
        check(self, width=(1, 8), weight=(0, 4), contrast=(1, 255), saturation=(0, 1))


@dataclass(frozen=True)
class Ground:
    """Background.

    Parameters
    ----------
    kind
        Its pattern.
    brightness
        Of 255; text on a ground below 128 is lighter than it.
    saturation
        From grey (0) to pure colours (1).
    change
        Largest change of brightness within the pattern.
    grain
        Standard deviation of noise in each pixel.
    frame
        Width in pixels of a border in another colour.
    """

    kind: GroundKind = GroundKind.FLAT
    brightness: Range = (255.0, 255.0)
    saturation: float = 0.0
    change: float = 0.0
    grain: float = 0.0
    frame: int = 0

    def __post_init__(self) -> None:
        check(self, brightness=(0, 255), saturation=(0, 1), change=(0, 128), grain=(0, 64), frame=(0, 8))


@dataclass(frozen=True)
class Lines:
    """Lines across the image: how many, their course, colour, width in pixels and share of its width.

    ``band`` is where they begin and end, from its top (0) to its bottom (1).
    """

    count: tuple[int, int] = (1, 3)
    kind: LineKind = LineKind.STRAIGHT
    tint: Tint = Tint.OTHER
    width: tuple[int, int] = (1, 2)
    reach: Range = (0.6, 1.0)
    band: Range = (0.05, 0.95)
    depth: Depth = Depth.BEFORE

    def __post_init__(self) -> None:
        check(self, count=(0, 60), width=(1, 8), reach=(0.05, 1.2), band=(0, 1))


@dataclass(frozen=True)
class Specks:
    """Small marks: how many in 1000 pixels, their shape, colour, and radius or half length in pixels."""

    density: float = 5.0
    kind: SpeckKind = SpeckKind.POINT
    tint: Tint = Tint.OTHER
    size: tuple[int, int] = (1, 2)
    depth: Depth = Depth.BEFORE

    def __post_init__(self) -> None:
        check(self, density=(0, 200), size=(1, 12))


@dataclass(frozen=True)
class Ghosts:
    """Characters behind the text that are not part of it.

    How many, their size as a multiple of the text's, and their contrast as a share of its.
    """

    count: tuple[int, int] = (0, 0)
    size: Range = (0.3, 0.5)
    strength: Range = (0.1, 0.3)

    def __post_init__(self) -> None:
        check(self, count=(0, 80), size=(0.15, 3), strength=(0.02, 0.6))


@dataclass(frozen=True)
class Tiles:
    """A tile or frame round each character.

    Parameters
    ----------
    margin
        Between a character and the edge of its tile, as a share of the text's height.
    frame
        Width in pixels of the tile's edge; 0 for none.
    page
        Brightness of what is between the tiles, of 255; where it is None, tiles are not filled.
    """

    margin: float = 0.15
    frame: int = 1
    page: Range | None = None

    def __post_init__(self) -> None:
        check(self, margin=(0, 1), frame=(0, 8), **({"page": (0.0, 255.0)} if self.page else {}))


@dataclass(frozen=True)
class Finish:
    """What happens to the drawn image.

    Parameters
    ----------
    scale
        It is drawn this much larger, then reduced; below 1 it is enlarged.
    sharp
        Whether there are no half tones: neither in the drawing nor in the change of scale.
    blur
        Standard deviation in pixels.
    grain
        Standard deviation of noise in each pixel.
    jpeg
        Quality of a JPEG file that it went through; 0 for none.
    grey
        Whether it loses its colours.
    """

    scale: float = 1.0
    sharp: bool = False
    blur: float = 0.0
    grain: float = 0.0
    jpeg: int = 0
    grey: bool = False

    def __post_init__(self) -> None:
        check(self, scale=(0.25, 4), blur=(0, 8), grain=(0, 64), jpeg=(0, 100))


@dataclass(frozen=True)
class Look:
    """A family of captchas: what its images have in common; the rest is drawn at random for each."""

    layout: Layout = field(default_factory=Layout)
    warp: Warp = field(default_factory=Warp)
    paint: Paint = field(default_factory=Paint)
    ground: Ground = field(default_factory=Ground)
    lines: tuple[Lines, ...] = ()
    specks: tuple[Specks, ...] = ()
    ghosts: Ghosts = field(default_factory=Ghosts)
    tiles: Tiles | None = None
    finish: Finish = field(default_factory=Finish)
