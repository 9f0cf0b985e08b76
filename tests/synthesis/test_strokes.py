"""How characters are drawn, and what stands round and behind them."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.classifier.synthesis import BUILT_IN_FONT, Look, random_look, render
from kerf.classifier.synthesis.fonts import of_family
from kerf.classifier.synthesis.kinds import Family, GroundKind, LineKind, Stroke, Tint
from kerf.classifier.synthesis.layouts import Layout
from kerf.classifier.synthesis.looks import Ghosts, Ground, Lines, Paint, Tiles
from kerf.classifier.synthesis.marks import line_points
from kerf.classifier.synthesis.placement import baseline, grow
from kerf.classifier.synthesis.scenery import draw_ground, random_palette
from kerf.classifier.synthesis.strokes import Brush, mask_to_ink

FONTS = [BUILT_IN_FONT]
BLACK = Paint(contrast=(250, 250), saturation=0)
SQUARE = np.zeros((60, 60), np.uint8)
SQUARE[20:40, 20:40] = 255


def ink(stroke: Stroke, width: int = 2, drop: tuple[int, int] = (4, 4)) -> NDArray[np.uint8]:
    paint = Paint(stroke, width=width)
    rng = np.random.default_rng(0)
    return mask_to_ink(SQUARE, Brush(paint, random_palette(Ground(), paint, rng), drop), rng)


def test_outlines_go_round_a_character_and_leave_it_out() -> None:
    ring = ink(Stroke.HOLLOW)
    assert (ring == grow(SQUARE, 2) - SQUARE).all()
    assert (ink(Stroke.OUTLINE) == ring).all()
    assert (ink(Stroke.HOLLOW, 4) >= ring).all()
    gappy = ink(Stroke.OPEN)
    assert ((gappy == ring) | (gappy == 0)).all()
    assert 0.5 < gappy.sum() / ring.sum() < 0.95


def test_a_double_stroke_is_the_character_and_a_line_at_a_distance() -> None:
    drawn = ink(Stroke.DOUBLE)
    assert (drawn[SQUARE > 0] == 255).all()
    assert drawn[30, 14:22].tolist() == [0, 0, 255, 255, 0, 0, 255, 255]


def test_a_stroke_drawn_twice_and_a_block_follow_the_drop() -> None:
    ring = grow(SQUARE, 1) - SQUARE
    assert (ink(Stroke.TWICE) == np.maximum(ring, np.roll(ring, (4, 4), (0, 1)))).all()
    block = ink(Stroke.BLOCK)
    assert block[30, 18:21].tolist() == [0, 255, 0]
    assert block[30, 40:45].tolist() == [255, 255, 255, 255, 0]
    assert block[43, 43] == 255
    assert not block[SQUARE > 0].any()
    left = ink(Stroke.BLOCK, drop=(-4, 4))
    assert left[43, 16] == 255


@pytest.mark.parametrize(("stroke", "reach"), [(Stroke.CRAYON, 1), (Stroke.PEN, 0)])
def test_textured_strokes_keep_the_shape(stroke: Stroke, reach: int) -> None:
    drawn = ink(stroke)
    assert not drawn[grow(SQUARE, reach) == 0].any()
    inside = drawn[22:38, 22:38].astype(float)
    assert 80 < inside.mean() < 230
    assert inside.std() > 25


def test_ghosts_are_weaker_than_the_text_and_change_nothing_else() -> None:
    look = Look(Layout(size_wh=(200, 60)), paint=BLACK)
    haunted = replace(look, ghosts=Ghosts((12, 12), (0.5, 1.2), (0.1, 0.3)))
    for seed in range(5):
        bare, captcha = (render("H", one, np.random.default_rng(seed), FONTS) for one in (look, haunted))
        left, top, right, bottom = captcha.boxes_ltrb[0].tolist()
        assert captcha.boxes_ltrb.tolist() == bare.boxes_ltrb.tolist()
        grey = captcha.image.min(axis=2).astype(int)
        assert grey[:, : left - 2].min(initial=255) >= 255 - 0.3 * 250 - 3
        assert grey[:, right + 2 :].min(initial=255) >= 255 - 0.3 * 250 - 3
        assert (grey[:, : left - 2] < 235).any() or (grey[:, right + 2 :] < 235).any()
        assert grey[top:bottom, left:right].min() < 20


def test_each_character_stands_in_its_own_tile() -> None:
    look = Look(
        Layout(spacing=(0.5, 0.5), size_wh=(240, 60)),
        paint=BLACK,
        tiles=Tiles(margin=0.12, frame=0, page=(100.0, 100.0)),
    )
    captcha = render("HEHE", look, np.random.default_rng(0), FONTS)
    page = captcha.image[0, 0]
    for left, top, right, bottom in captcha.boxes_ltrb.tolist():
        ring = captcha.image[top - 3 : bottom + 3, left - 3 : right + 3]
        assert (ring[[0, -1]] == 255).all()
        assert (ring[:, [0, -1]] == 255).all()
    between = (captcha.boxes_ltrb[:-1, 2] + captcha.boxes_ltrb[1:, 0]) // 2
    assert abs(int(page[0]) - 100) < 3
    assert (captcha.image[:, between] == page).all()
    framed = render("HEHE", replace(look, tiles=Tiles(0.12, 1, None)), np.random.default_rng(0), FONTS)
    assert (framed.image[0, 0] == 255).all()
    assert (framed.image[:, between] == 255).all()
    count, _ = cv2.connectedComponents((framed.image.min(axis=2) < 250).view(np.uint8))
    assert count == 1 + 4 + 4


def test_cut_characters_reach_the_edge_and_others_do_not() -> None:
    look = Look(Layout(size_wh=(130, 30), align=(0, 1), text_height=29), paint=BLACK)
    edges: dict[float, list[bool]] = {cut: [] for cut in (0.0, 0.2)}
    for cut, found in edges.items():
        for seed in range(20):
            one = replace(look, layout=replace(look.layout, cut=cut))
            image = render("HEHE", one, np.random.default_rng(seed), FONTS).image
            found.append(bool((image[[0, -1]] < 100).any() or (image[:, [0, -1]] < 100).any()))
    assert not any(edges[0.0])
    assert np.mean(edges[0.2]) > 0.5


def test_a_baseline_climbs_straight_sways_and_bounces_no_further_than_said() -> None:
    cols = [0.0, 30.0, 60.0, 90.0]
    climbs = [baseline(cols, Layout(climb=0.6), 30.0, np.random.default_rng(seed)) for seed in range(50)]
    assert np.abs(np.diff(climbs, 2)).max() < 1e-9
    assert 0.5 < max(abs(rows[-1] - rows[0]) for rows in climbs) <= 0.6
    assert min(rows[-1] - rows[0] for rows in climbs) < 0 < max(rows[-1] - rows[0] for rows in climbs)
    sways = np.array([baseline(cols, Layout(sway=0.3), 30.0, np.random.default_rng(seed)) for seed in range(50)])
    assert 0.28 < np.abs(sways).max() <= 0.3
    assert np.abs(np.diff(sways, 2)).max() > 0.1
    assert not baseline(cols, Layout(), 30.0, np.random.default_rng(0)).any()
    assert not baseline([0.0], Layout(), 30.0, np.random.default_rng(0)).any()


def test_a_grid_of_lines_has_equal_distances() -> None:
    look = Look(Layout(size_wh=(120, 24)), paint=BLACK, lines=(Lines(kind=LineKind.GRID, tint=Tint.INK, width=(1, 1)),))
    look = replace(look, finish=replace(look.finish, sharp=True))
    for seed in range(5):
        dark = render("-", look, np.random.default_rng(seed), FONTS).image.max(axis=2) < 100
        for axis in (0, 1):
            full = np.flatnonzero(dark.all(axis=axis))
            assert len(full) >= 2
            assert np.ptp(np.diff(full)) <= 1
            assert np.diff(full).min() >= 7


def test_circles_close_and_scribbles_stay_in_their_band() -> None:
    for seed in range(20):
        circle = line_points(Lines(kind=LineKind.CIRCLE), (160, 60), np.random.default_rng(seed))
        assert np.allclose(circle[0], circle[-1])
        assert 0.1 * 60 <= np.ptp(circle[:, 1]) / 2 <= 0.7 * 60
        scribble = line_points(Lines(kind=LineKind.SCRIBBLE, band=(0.4, 0.6)), (160, 60), np.random.default_rng(seed))
        assert 0.35 * 60 <= scribble[:, 1].min() <= scribble[:, 1].max() <= 0.65 * 60
        assert np.ptp(scribble[:, 0]) > 0.5 * 160


@pytest.mark.parametrize("kind", [GroundKind.GRID, GroundKind.HATCH, GroundKind.CIRCLES, GroundKind.PATCHES])
@pytest.mark.parametrize("brightness", [20.0, 240.0])
def test_patterns_leave_room_for_the_ink(kind: GroundKind, brightness: float) -> None:
    ground = Ground(kind, (brightness, brightness), change=50)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        image = draw_ground(ground, random_palette(ground, BLACK, rng), (100, 40), rng).astype(float)
        towards = (image - brightness) * (1 if brightness < 128 else -1)
        assert -2 <= towards.min() <= 2
        assert 10 < towards.max() <= 52


def test_families_are_told_by_name_and_all_fonts_serve_where_there_is_none() -> None:
    names = ["DejaVuSansMono", "DejaVuSansMono-Oblique", "DancingScript-Bold", "Lato-Black", "dkg"]
    fonts = [BUILT_IN_FONT.with_name(f"{name}.ttf") for name in names]
    assert [font.stem for font in of_family(fonts, Family.HAND)] == ["DancingScript-Bold", "dkg"]
    assert [font.stem for font in of_family(fonts, Family.SCREEN)] == ["DejaVuSansMono"]
    assert of_family(fonts, Family.ANY) == fonts
    assert of_family(fonts[3:4], Family.HAND) == fonts[3:4]


def test_random_looks_have_ghosts_tiles_and_cut_letters_in_their_shares() -> None:
    looks = [random_look(np.random.default_rng(seed)) for seed in range(2000)]
    dark = [look for look in looks if look.ground.brightness[1] < 128 and not look.tiles]
    shares = {
        "tiles": np.mean([look.tiles is not None for look in looks]),
        "ghosts": np.mean([look.ghosts.count[1] > 0 for look in looks]),
        "cut": np.mean([look.layout.cut > 0 for look in looks]),
        "tiny": np.mean([look.layout.text_height < 20 for look in looks]),
        "hand": np.mean([look.layout.family is Family.HAND for look in looks]),
    }
    assert all(0.03 < share < 0.25 for share in shares.values()), shares
    assert np.mean([look.ghosts.count[1] > 0 for look in dark]) > 1.3 * shares["ghosts"]
    assert not any(look.ghosts.count[1] for look in looks if look.tiles)
    assert all(look.ghosts.strength[1] <= 0.5 or not look.ghosts.count[1] for look in looks)
