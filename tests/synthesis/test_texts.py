"""Sums and signs: what is drawn besides random letters and digits."""

import re
from pathlib import Path

import numpy as np
import pytest

from kerf.classifier.synthesis import BUILT_IN_FONT, random_look, synthesize
from kerf.classifier.synthesis.glyphs import SIGNS, character_to_bitmap, character_to_glyph, lacks, load_font
from kerf.classifier.synthesis.layouts import CLEAR, Layout
from kerf.classifier.synthesis.texts import random_sum, random_text
from kerf.segmenter.errors import SettingsError

SUM = re.compile(r"(0|[1-9]\d?)([+×-])(0|[1-9]\d?)(=?\??)")


@pytest.mark.parametrize("length", range(3, 8))
def test_a_sum_is_two_numbers_and_a_sign_and_as_long_as_asked(length: int) -> None:
    rng = np.random.default_rng(length)
    texts = {random_sum(length, rng) for _ in range(400)}
    found = [match for text in texts if (match := SUM.fullmatch(text))]
    assert len(found) == len(texts)
    assert {len(text) for text in texts} == {length}
    assert {match[2] for match in found} == set("+-×")
    assert all(int(match[1]) >= int(match[3]) for match in found if match[2] == "-")


def test_every_form_and_length_of_sums_occurs() -> None:
    rng = np.random.default_rng(0)
    texts = [random_text(Layout(lengths=(1, 12), arithmetic=True), rng) for _ in range(400)]
    assert {match[4] for text in texts if (match := SUM.fullmatch(text))} == {"", "=", "?", "=?"}
    assert {len(text) for text in texts} == {3, 4, 5, 6, 7}
    signs = [sum(sign in text for text in texts) / len(texts) for sign in "+-×"]
    assert np.abs(np.array(signs) - (0.45, 0.3, 0.25)).max() < 0.07
    assert {len(random_text(Layout(lengths=(5, 6), arithmetic=True), rng)) for _ in range(50)} == {5, 6}


@pytest.mark.parametrize("lengths", [(1, 2), (8, 12)])
def test_lengths_that_no_sum_has_are_said(lengths: tuple[int, int]) -> None:
    with pytest.raises(SettingsError, match="lengths of sums"):
        Layout(lengths=lengths, arithmetic=True)
    Layout(lengths=(7, 12), arithmetic=True)
    Layout(lengths=(1, 3), arithmetic=True)


def test_an_alphabet_or_lengths_that_are_given_leave_out_sums() -> None:
    looks = [random_look(np.random.default_rng(seed)) for seed in range(600)]
    assert 0.03 < np.mean([look.layout.arithmetic for look in looks]) < 0.09
    specials = np.mean([bool(set("@#&%") & set(look.layout.alphabet)) for look in looks])
    assert 0.01 < specials < 0.05
    for seed in range(200):
        assert random_look(np.random.default_rng(seed), alphabet="ab").layout.alphabet == "ab"
        assert not random_look(np.random.default_rng(seed), alphabet="ab").layout.arithmetic
        assert not random_look(np.random.default_rng(seed), lengths=(1, 2)).layout.arithmetic
    named = list(synthesize(20, 0, "sums", alphabet="xy", fonts=[BUILT_IN_FONT]))
    assert {character for captcha in named for character in captcha.text} == set("xy")


def test_a_sums_signs_stay_what_they_are() -> None:
    looks = [random_look(np.random.default_rng(seed)) for seed in range(2500)]
    sums = [look for look in looks if look.layout.arithmetic]
    assert max(look.layout.tilt for look in sums) <= 12
    assert min(look.layout.spacing[0] for look in sums) > -0.2
    assert all(line.width == (1, 1) for look in sums for line in look.lines)
    assert not any(look.layout.centred for look in sums)


def test_few_pixels_go_with_letters_that_can_be_told_apart() -> None:
    looks = [random_look(np.random.default_rng(seed)) for seed in range(1500)]
    coarse = [look.layout for look in looks if look.layout.pixels]
    assert 0.04 < len(coarse) / len(looks) < 0.1
    clear = set(CLEAR + CLEAR.lower() + "01" + SIGNS)
    assert {character for layout in coarse for character in layout.alphabet} <= clear


def test_a_sign_that_a_font_lacks_is_its_plus_turned_or_the_built_in_ones(tmp_path: Path) -> None:
    fonts = pytest.importorskip("fontTools.ttLib")
    with fonts.TTFont(load_font(BUILT_IN_FONT, 28).path) as font:
        for table in font["cmap"].tables:
            table.cmap.pop(ord("&"), None)
            table.cmap[ord("#")] = table.cmap[ord("H")]
        font.save(tmp_path / "without.ttf")
    path = tmp_path / "without.ttf"
    assert [sign for sign in SIGNS if lacks(path, sign)] == ["×", "&"]
    assert (character_to_glyph(path, "&", 28).mask == character_to_glyph(BUILT_IN_FONT, "&", 28).mask).all()
    assert (character_to_glyph(path, "#", 28).mask == character_to_glyph(BUILT_IN_FONT, "H", 28).mask).all()
    plus, times = character_to_glyph(path, "+", 56), character_to_glyph(path, "×", 56)
    assert abs((plus.baseline - len(plus.mask) / 2) - (times.baseline - len(times.mask) / 2)) <= 1
    assert abs(float(times.mask.sum()) / float(plus.mask.sum()) - 1) < 0.02
    assert all(part.max() > 200 for half in (times.mask[:6], times.mask[-6:]) for part in (half[:, :6], half[:, -6:]))
    assert times.mask[:6, times.mask.shape[1] // 2].max() == 0


def test_coarse_pixels_are_squares_or_discs() -> None:
    small = character_to_glyph(BUILT_IN_FONT, "B", 8, smooth=False)
    squares, discs = (character_to_bitmap(BUILT_IN_FONT, "B", 8, dotted) for dotted in (False, True))
    assert set(np.unique(small.mask)) == {0, 255}
    assert (squares.mask == np.kron(small.mask, np.ones((7, 7), np.uint8))).all()
    assert squares.cap_height == 7 * small.cap_height
    assert squares.baseline == 7 * small.baseline
    assert (discs.mask <= squares.mask).all()
    assert 0.6 < (discs.mask > 0).sum() / (squares.mask > 0).sum() < 0.9
