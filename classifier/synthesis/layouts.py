"""Which characters a captcha has, and where: knobs of a look, validated."""

from __future__ import annotations

from dataclasses import dataclass

from kerf.classifier.synthesis.kinds import Family
from kerf.segmenter.errors import SettingsError

Range = tuple[float, float]
CLEAR_LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"
CLEAR = "23456789" + CLEAR_LETTERS
"""Digits and capitals without those that are taken for one another."""
SHORTEST_SUM, LONGEST_SUM = 3, 7  # characters of 3×4 and 12+34=?


def check(owner: object, **limits: Range) -> None:
    """Check that attributes, numbers or ascending pairs of them, are within limits.

    Raises
    ------
    SettingsError
        If one is not.
    """
    for name, (low, high) in limits.items():
        value = getattr(owner, name)
        values = value if isinstance(value, tuple) else (value, value)
        if not low <= values[0] <= values[1] <= high:
            kind = type(owner).__name__.lower()
            raise SettingsError(f"{name} of a look's {kind} is {value}; set it from {low} to {high}, ascending")


@dataclass(frozen=True)
class Layout:
    """Which characters, and where.

    Parameters
    ----------
    alphabet, lengths
        What texts are made of, and their smallest and largest length.
    arithmetic
        Whether texts are sums such as ``12+7=?``, whatever the alphabet.
    size_wh
        Width and height of the image in pixels.
    text_height
        Height of a capital in pixels; less where the text would not fit.
    faces
        Largest number of fonts in one image.
    family
        Which fonts.
    pixels
        Rows of a capital that is drawn without half tones and then enlarged; 0 for a smooth one.
    dotted
        Whether such an enlarged pixel is a disc.
    spacing
        Gap between neighbours: a share of the text's height; if negative, an overlap as a share of the
        narrower one's width.
    monospaced
        Whether every character takes the same width.
    align
        Share of the spare width that is left of the text.
    centred
        Whether each character's middle, not its baseline, is on the line.
    aspect
        Width of characters as a multiple of the font's.
    tilt, lean, stretch, bounce
        Largest turn in degrees; shear; change of size; and shift up or down as a share of the text's
        height: each character its own.
    sway, climb
        Height of a sine that the baseline follows, and its rise or fall from one end to the other, at most.
    cut
        How far characters may stick out of the image. All three are shares of the text's height.
    """

    alphabet: str = CLEAR
    lengths: tuple[int, int] = (4, 6)
    arithmetic: bool = False
    size_wh: tuple[int, int] = (160, 60)
    text_height: float = 28.0
    faces: int = 1
    family: Family = Family.ANY
    pixels: int = 0
    dotted: bool = False
    spacing: Range = (0.1, 0.2)
    monospaced: bool = False
    align: Range = (0.4, 0.6)
    centred: bool = False
    aspect: float = 1.0
    tilt: float = 0.0
    lean: float = 0.0
    stretch: float = 0.0
    bounce: float = 0.0
    sway: float = 0.0
    climb: float = 0.0
    cut: float = 0.0

    def __post_init__(self) -> None:
        check(self, lengths=(1, 16), text_height=(4, 400), faces=(1, 16), spacing=(-0.6, 4), align=(0, 1))
        check(self, aspect=(0.3, 3), tilt=(0, 90), lean=(0, 1), stretch=(0, 0.8), bounce=(0, 1))
        check(self, pixels=(0, 28), sway=(0, 1), climb=(0, 2), cut=(0, 0.4))
        if not all(8 <= side <= 2000 for side in self.size_wh):
            raise SettingsError(f"size_wh of a look's layout is {self.size_wh}; set each side from 8 to 2000 pixels")
        if not self.alphabet or any(not c.isprintable() or c.isspace() for c in self.alphabet):
            raise SettingsError(f"alphabet {self.alphabet!r} is not made of characters that have ink; name only such")
        if self.arithmetic and not (self.lengths[0] <= LONGEST_SUM and self.lengths[1] >= SHORTEST_SUM):
            raise SettingsError(f"lengths of sums are {self.lengths}; allow some from {SHORTEST_SUM} to {LONGEST_SUM}")


@dataclass(frozen=True)
class Warp:
    """Distortion of the text as a whole.

    Parameters
    ----------
    wave, swell
        Height of a sine that moves columns up and down, and of one that moves pixels sideways, as shares of
        the text's height.
    wave_length
        Length of both as a multiple of the text's height.
    bend
        Standard deviation of a smooth random shift, as a share of the text's height.
    keystone
        Largest shear of the whole, and growth from one end to the other.
    rough
        Standard deviation in pixels of a shift that each pixel draws alone.
    """

    wave: float = 0.0
    swell: float = 0.0
    wave_length: Range = (2.0, 4.0)
    bend: float = 0.0
    keystone: float = 0.0
    rough: float = 0.0

    def __post_init__(self) -> None:
        check(
            self,
            wave=(0, 1),
            swell=(0, 1),
            wave_length=(0.5, 40),
            bend=(0, 0.5),
            keystone=(0, 0.6),
            rough=(0, 4),
        )
