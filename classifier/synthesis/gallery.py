"""Looks that have a name, for samples and tests."""

from __future__ import annotations

from dataclasses import replace

from kerf.classifier.synthesis.glyphs import CHARACTERS, DIGITS, LOWER, UPPER
from kerf.classifier.synthesis.kinds import Depth, Family, GroundKind, LineKind, SpeckKind, Stroke, Tint
from kerf.classifier.synthesis.layouts import CLEAR, Layout, Warp
from kerf.classifier.synthesis.looks import Finish, Ghosts, Ground, Lines, Look, Paint, Specks, Tiles
from kerf.segmenter.errors import SettingsError

JITTER = Layout(tilt=12, bounce=0.08, stretch=0.1, faces=2)
LOOKS: dict[str, Look] = {
    "clean": Look(),
    "digits": Look(
        replace(JITTER, alphabet=DIGITS, lengths=(4, 4), size_wh=(70, 30), text_height=14, monospaced=True),
        paint=Paint(contrast=(90, 160), each=True),
        ground=Ground(GroundKind.CLOUDS, (215, 240), 0.2, 20, 6, 1),
        specks=(Specks(3, SpeckKind.DASH, Tint.OTHER, (2, 4)),),
    ),
    "lines": Look(JITTER, lines=(Lines((1, 3), LineKind.CURVE, Tint.INK, (1, 2)),)),
    "dots": Look(JITTER, specks=(Specks(8, SpeckKind.POINT, Tint.INK), Specks(2, SpeckKind.DISC, Tint.OTHER))),
    "touching": Look(replace(JITTER, spacing=(-0.15, 0.0), text_height=32)),
    "tilted": Look(replace(JITTER, tilt=32, bounce=0.12, centred=True), paint=Paint(each=True)),
    "warped": Look(replace(JITTER, spacing=(0, 0.1)), Warp(0.12, 0.1, (1.5, 3.0), 0.04)),
    "wave": Look(replace(JITTER, text_height=24), Warp(0.4, 0.0, (3.0, 5.0))),
    "outlined": Look(
        replace(JITTER, alphabet="23456789" + "abcdeghkmnpqsuvxyz", spacing=(-0.1, 0.05), text_height=32),
        Warp(0.1, 0.06, (1.5, 3.0)),
        Paint(Stroke.HOLLOW, joined=True),
        specks=(Specks(4, SpeckKind.POINT, Tint.INK),),
    ),
    "embossed": Look(
        replace(JITTER, alphabet=CHARACTERS, lengths=(4, 4), spacing=(0.2, 0.4)),
        paint=Paint(Stroke.EMBOSSED, width=2, saturation=0.9, contrast=(70, 140), each=True),
        ground=Ground(brightness=(240, 240)),
        lines=(Lines((1, 3), LineKind.CURVE, width=(1, 1)),),
    ),
    "shadow": Look(JITTER, paint=Paint(Stroke.SHADOWED, width=2), ground=Ground(brightness=(225, 255), saturation=0.1)),
    "light-on-dark": Look(
        replace(JITTER, alphabet="23456789" + LOWER),
        Warp(bend=0.05),
        Paint(saturation=0.6),
        Ground(brightness=(0, 50), saturation=0.5),
        (
            Lines((2, 4), LineKind.CURVE, Tint.FAINT, depth=Depth.BEHIND),
            Lines((1, 2), LineKind.CURVE, width=(1, 1)),
        ),
    ),
    "pastel": Look(
        JITTER,
        paint=Paint(contrast=(50, 90), saturation=0.5),
        ground=Ground(GroundKind.CLOUDS, (225, 245), 0.2, 16, 5),
        lines=(Lines((0, 2), LineKind.CURVE, Tint.INK),),
        finish=Finish(blur=0.6),
    ),
    "gradient": Look(
        replace(JITTER, spacing=(-0.05, 0.1)),
        ground=Ground(GroundKind.GRADIENT, (170, 230), 0.1, 60),
        lines=(Lines((1, 2), LineKind.CURVE, Tint.INK, (2, 3)),),
        finish=Finish(blur=0.7),
    ),
    "bitmap": Look(
        replace(JITTER, alphabet=DIGITS, size_wh=(124, 24), text_height=15, spacing=(0.2, 0.6)),
        paint=Paint(saturation=1.0, contrast=(90, 180)),
        ground=Ground(brightness=(238, 250), saturation=0.1),
        lines=(Lines((1, 3), tint=Tint.INK, width=(1, 1), reach=(0.1, 0.4)),),
        specks=(Specks(8, tint=Tint.INK),),
        finish=Finish(sharp=True),
    ),
    "small": Look(replace(JITTER, alphabet=UPPER + DIGITS, size_wh=(72, 24), text_height=13), finish=Finish(jpeg=75)),
    "sums": Look(
        replace(JITTER, arithmetic=True, lengths=(3, 7), spacing=(0.2, 0.4)),
        paint=Paint(each=True, saturation=0.9),
        lines=(Lines((2, 4), width=(1, 1), depth=Depth.BEHIND),),
    ),
    "open": Look(
        replace(JITTER, text_height=36),
        paint=Paint(Stroke.OPEN, width=2),
        lines=(Lines((1, 1), LineKind.SCRIBBLE, Tint.INK, (2, 2)),),
    ),
    "double": Look(replace(JITTER, text_height=32, spacing=(0, 0.1)), paint=Paint(Stroke.DOUBLE)),
    "block": Look(replace(JITTER, text_height=36), paint=Paint(Stroke.BLOCK, width=4)),
    "crayon": Look(
        replace(JITTER, alphabet=UPPER, family=Family.HAND, text_height=34, climb=0.3, sway=0.15),
        paint=Paint(Stroke.CRAYON, weight=1, saturation=0.9, each=True),
    ),
    "ghosts": Look(
        replace(JITTER, alphabet=CLEAR.lower()),
        paint=Paint(contrast=(150, 220)),
        ground=Ground(GroundKind.PATCHES, (20, 60), 0.5, 40),
        ghosts=Ghosts((10, 20), (0.3, 0.6), (0.2, 0.4)),
    ),
    "tiles": Look(
        replace(JITTER, alphabet=UPPER, spacing=(0.4, 0.6), size_wh=(240, 60)),
        ground=Ground(brightness=(225, 250), saturation=0.2),
        tiles=Tiles(page=(60, 160)),
    ),
    "grid": Look(
        replace(JITTER, text_height=32),
        ground=Ground(GroundKind.CIRCLES, (230, 250), 0.2, 50),
        lines=(Lines(kind=LineKind.GRID, width=(1, 1)),),
    ),
    "pixels": Look(
        replace(JITTER, alphabet=DIGITS, family=Family.SCREEN, pixels=9, dotted=True, text_height=27, tilt=8),
        lines=(Lines((1, 1), LineKind.WAVE, Tint.INK, (2, 2)),),
    ),
}
"""Looks with a name, for samples and tests."""


def name_to_look(name: str) -> Look:
    """Find a look.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    if name not in LOOKS:
        raise SettingsError(f"there is no look {name!r}; choose one of {', '.join(LOOKS)}")
    return LOOKS[name]
