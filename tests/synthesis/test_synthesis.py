from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.classifier.synthesis import (
    BUILT_IN_FONT,
    LOOKS,
    Look,
    RenderedCaptcha,
    find_fonts,
    random_look,
    render,
    synthesize,
    synthesize_one,
    write_dataset,
)
from kerf.classifier.synthesis.fonts import is_like_letters, slant
from kerf.classifier.synthesis.glyphs import CHARACTERS, draw_mask, load_font
from kerf.classifier.synthesis.kinds import Depth, GroundKind, LineKind, SpeckKind, Stroke, Tint
from kerf.classifier.synthesis.layouts import Layout, Warp
from kerf.classifier.synthesis.looks import Ground, Lines, Paint, Specks
from kerf.segmenter.errors import NotFoundError, OutputError, SettingsError

FONTS = [BUILT_IN_FONT]


def built_in_masks() -> list[NDArray[np.uint8]]:
    return [draw_mask(load_font(BUILT_IN_FONT, 28), c)[0] for c in CHARACTERS]


def built_in_file(folder: Path) -> Path:
    source = load_font(BUILT_IN_FONT, 28).path
    assert isinstance(source, BytesIO)
    path = folder / "letters.ttf"
    path.write_bytes(source.getvalue())
    return path


def inked(captcha: RenderedCaptcha) -> NDArray[np.bool_]:
    return np.asarray(captcha.image.min(axis=2) < 250)


def extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1


BLACK = Paint(contrast=(250, 250), saturation=0)
HARD_PLACES = Layout(tilt=40, lean=0.4, stretch=0.3, bounce=0.3, size_wh=(120, 60))


@pytest.mark.parametrize("stroke", [Stroke.SOLID, Stroke.HOLLOW, Stroke.OUTLINE])
@pytest.mark.parametrize("warp", [Warp(), Warp(wave=0.3, swell=0.2, bend=0.05, keystone=0.3)])
@pytest.mark.parametrize("scale", [1.0, 1.7])
def test_a_box_is_the_extent_of_its_characters_ink(stroke: Stroke, warp: Warp, scale: float) -> None:
    look = Look(HARD_PLACES, warp, replace(BLACK, stroke=stroke))
    look = replace(look, finish=replace(look.finish, scale=scale))
    for seed, character in enumerate("ajQ8lW1gyM"):
        captcha = render(character, look, np.random.default_rng(seed), FONTS)
        found = np.array(extent(inked(captcha)))
        assert np.abs(found - captcha.boxes_ltrb[0]).max() <= 2, (character, found, captcha.boxes_ltrb)


def test_boxes_together_are_the_extent_of_the_texts_ink_and_run_left_to_right() -> None:
    look = Look(replace(HARD_PLACES, tilt=10), paint=BLACK)
    for seed in range(10):
        captcha = render("Ab3d", look, np.random.default_rng(seed), FONTS)
        boxes = captcha.boxes_ltrb
        together = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)]
        assert np.abs(np.array(extent(inked(captcha))) - together).max() <= 2
        assert (np.diff(boxes[:, 0]) > 0).all()


@pytest.mark.parametrize("name", [None, *LOOKS])
def test_every_look_draws_images_of_its_size_with_boxes_inside(name: str | None) -> None:
    for captcha in synthesize(8 if name else 60, 1, name, fonts=FONTS):
        height, width, channels = captcha.image.shape
        assert captcha.image.dtype == np.uint8
        assert channels == 3
        assert name is None or (width, height) == LOOKS[name].layout.size_wh
        left, top, right, bottom = captcha.boxes_ltrb.T
        assert captcha.boxes_ltrb.dtype == np.int32
        assert captcha.boxes_ltrb.shape == (len(captcha.text), 4)
        assert ((left >= 0) & (left < right) & (right <= width)).all()
        assert ((top >= 0) & (top < bottom) & (bottom <= height)).all()


@pytest.mark.parametrize("name", [None, "lines", "bitmap"])
def test_an_image_depends_on_seed_and_index_alone(name: str | None) -> None:
    whole = list(synthesize(6, 7, name, fonts=FONTS))
    again = synthesize_one(4, 7, FONTS, name)
    assert again.text == whole[4].text
    assert (again.image == whole[4].image).all()
    assert (again.boxes_ltrb == whole[4].boxes_ltrb).all()
    assert len({captcha.image.tobytes() for captcha in whole}) == 6
    assert synthesize_one(4, 8, FONTS, name).image.tobytes() != again.image.tobytes()


@pytest.mark.parametrize("name", [None, "clean", "small"])
def test_alphabet_and_lengths_are_respected(name: str | None) -> None:
    captchas = list(synthesize(60, 0, name, alphabet="xY7", lengths=(3, 9), fonts=FONTS))
    assert set("".join(c.text for c in captchas)) == set("xY7")
    assert {len(c.text) for c in captchas} == set(range(3, 10))


def test_random_looks_reach_the_whole_space() -> None:
    looks = [random_look(np.random.default_rng(seed)) for seed in range(3000)]
    assert {look.paint.stroke for look in looks} == set(Stroke)
    assert {look.ground.kind for look in looks} == set(GroundKind)
    lines = [lines for look in looks for lines in look.lines]
    specks = [specks for look in looks for specks in look.specks]
    assert {one.kind for one in lines} == set(LineKind)
    assert {one.kind for one in specks} == set(SpeckKind)
    assert {one.tint for one in lines} == {one.tint for one in specks} == set(Tint)
    assert {one.depth for one in specks} == set(Depth)
    assert {look.layout.lengths[0] for look in looks} == set(range(1, 13))
    dark = np.mean([look.ground.brightness[1] < 128 for look in looks])
    assert 0.15 < dark < 0.35


@pytest.mark.parametrize(("brightness", "lighter"), [((235.0, 255.0), False), ((0.0, 40.0), True)])
def test_ink_is_darker_than_light_and_lighter_than_dark(brightness: tuple[float, float], lighter: bool) -> None:
    look = Look(ground=Ground(brightness=brightness, saturation=0.5), paint=Paint(contrast=(80, 150), weight=1))
    for seed in range(10):
        image = render("HEHE", look, np.random.default_rng(seed), FONTS).image
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(float)
        strongest = grey.ravel()[np.abs(grey - grey[0, 0]).argmax()] - grey[0, 0]
        assert (strongest > 0) == lighter
        assert 70 <= abs(strongest) <= 160


def test_ink_coloured_lines_have_the_inks_colour() -> None:
    look = Look(paint=BLACK, lines=(Lines((3, 3), tint=Tint.INK, width=(2, 2)),), specks=(Specks(tint=Tint.INK),))
    image = render("A", replace(look, finish=replace(look.finish, sharp=True)), np.random.default_rng(0), FONTS).image
    assert len(np.unique(image.reshape(-1, 3), axis=0)) == 2


def test_fonts_are_told_by_what_they_draw() -> None:
    masks = built_in_masks()
    assert is_like_letters(masks)
    assert is_like_letters([slant(mask) for mask in masks])
    assert not is_like_letters(masks[31:] + masks[:31])
    assert not is_like_letters(masks[:36] + masks[10:36])
    blobs = np.random.default_rng(0).integers(0, 256, (62, 20, 15), dtype=np.uint8)
    assert not is_like_letters(list(blobs))


def test_small_letters_as_tall_as_capitals_are_refused() -> None:
    masks, height = built_in_masks(), len(built_in_masks()[10])
    tall = [cv2.resize(mask, (mask.shape[1], max(height, len(mask)))) for mask in masks[36:]]
    assert not is_like_letters(masks[:36] + [np.asarray(mask, np.uint8) for mask in tall])


def test_a_symbol_font_is_refused(tmp_path: Path) -> None:
    fonts = pytest.importorskip("fontTools.ttLib")
    letters = built_in_file(tmp_path)
    assert find_fonts(tmp_path) == [letters]
    with fonts.TTFont(letters) as font:
        for table in font["cmap"].tables:
            names = [table.cmap[ord(c)] for c in CHARACTERS]
            table.cmap.update({ord(c): names[(i + 13) % 62] for i, c in enumerate(CHARACTERS)})
        font.save(tmp_path / "symbols.ttf")
    assert find_fonts(tmp_path) == [letters]
    letters.unlink()
    with pytest.raises(SettingsError, match="has no font"):
        find_fonts(tmp_path)


def test_a_folder_without_fonts_or_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(SettingsError, match="has no font"):
        find_fonts(tmp_path)
    with pytest.raises(NotFoundError, match="nowhere"):
        find_fonts(tmp_path / "nowhere")


def test_without_system_fonts_the_built_in_one_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kerf.classifier.synthesis.fonts.system_font_folders", lambda: [tmp_path / "none"])
    assert find_fonts() == [BUILT_IN_FONT]


def test_a_dataset_is_what_was_drawn(tmp_path: Path) -> None:
    drawn = list(synthesize(5, 3, fonts=FONTS))
    assert write_dataset(tmp_path / "new" / "set", drawn) == 5
    with (tmp_path / "new/set/labels.csv").open(newline="") as stream:
        labels = list(csv.DictReader(stream))
    with (tmp_path / "new/set/boxes.csv").open(newline="") as stream:
        boxes = list(csv.DictReader(stream))
    assert [row["label"] for row in labels] == [captcha.text for captcha in drawn]
    for row, captcha in zip(labels, drawn, strict=True):
        image = cv2.imread(str(tmp_path / "new/set" / row["file"]))
        assert image is not None
        assert (np.asarray(image) == captcha.image).all()
        own = [box for box in boxes if box["file"] == row["file"]]
        assert "".join(box["character"] for box in own) == captcha.text
        read = [[int(box[side]) for side in ("left", "top", "right", "bottom")] for box in own]
        assert read == captcha.boxes_ltrb.tolist()


def stopped_after(count: int) -> Iterator[RenderedCaptcha]:
    yield from synthesize(count, 0, fonts=FONTS)
    raise KeyboardInterrupt


def test_a_dataset_stopped_half_way_is_whole_up_to_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path / "set", stopped_after(2))
    assert len((tmp_path / "set/labels.csv").read_text().splitlines()) == 3
    with pytest.raises(OutputError, match="already"):
        write_dataset(tmp_path / "set", [])


def test_a_dataset_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_dataset(tmp_path / "file", [])


def test_settings_out_of_range_are_said() -> None:
    with pytest.raises(SettingsError, match="tilt"):
        Layout(tilt=120)
    with pytest.raises(SettingsError, match="spacing"):
        Layout(spacing=(0.5, 0.1))
    with pytest.raises(SettingsError, match="size_wh"):
        Layout(size_wh=(0, 60))
    with pytest.raises(SettingsError, match="alphabet 'a b' is not made of characters that have ink"):
        next(synthesize(1, 0, alphabet="a b", fonts=FONTS))
    with pytest.raises(SettingsError, match="font cannot draw '私'"):
        next(synthesize(1, 0, alphabet="私", fonts=FONTS))
    with pytest.raises(SettingsError, match="lengths"):
        next(synthesize(1, 0, "clean", lengths=(5, 4), fonts=FONTS))
    with pytest.raises(SettingsError, match="no look 'odd'; choose one of clean, "):
        next(synthesize(1, 0, "odd", fonts=FONTS))
    with pytest.raises(SettingsError, match="seed"):
        next(synthesize(1, -1, fonts=FONTS))
    with pytest.raises(SettingsError, match="at least one font"):
        next(synthesize(1, 0, fonts=[]))


def test_a_font_for_other_characters_has_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerf.classifier.synthesis.fonts.system_fonts", lambda: [Path("none.ttf"), BUILT_IN_FONT])
    assert find_fonts(others="$*") == [BUILT_IN_FONT]
    with pytest.raises(SettingsError, match="no font has all of '私本'"):
        find_fonts(others="私本")
    drawn = next(synthesize(1, 0, "clean", "$", (3, 3), [BUILT_IN_FONT]))
    assert drawn.text == "$$$"
