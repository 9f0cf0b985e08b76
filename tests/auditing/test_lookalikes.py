"""Characters that people cannot tell apart, by drawing them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.classifier.auditing import lookalikes
from kerf.classifier.auditing.lookalikes import Pair, alphabet_to_pairs, font_features, some_fonts, to_pair
from kerf.classifier.synthesis.glyphs import CHARACTERS


def test_in_the_fonts_of_this_machine_the_usual_ones_are_found_and_no_others() -> None:
    if len(some_fonts()) < 12:
        pytest.skip("needs a dozen fonts")
    found = {pair.first + pair.second for pair in alphabet_to_pairs("0O1lIAB4587KMW")}
    assert {"0O", "Il"} <= found
    assert not found & {"AB", "4A", "58", "KM", "0A", "MW"}


def test_drawings_go_by_the_nearest_in_another_font(monkeypatch: pytest.MonkeyPatch) -> None:
    features: NDArray[np.float32] = np.zeros((3, len(CHARACTERS), 2), np.float32)
    features[:, CHARACTERS.index("b")] = [[5, 0], [5, 0], [5, 0]]
    features[:, CHARACTERS.index("a")] = [[0, 0], [0, 1], [4, 0]]
    features[:, CHARACTERS.index("c")] = features[:, CHARACTERS.index("a")]
    monkeypatch.setattr(lookalikes, "font_features", lambda: features)
    assert to_pair("a", "b") == Pair("a", "b", 1, 6)  # the third a alone is nearer to a b
    assert alphabet_to_pairs("ab?") == [Pair("a", "b", 1, 6)]


def test_a_sixth_of_the_drawings_makes_lookalikes() -> None:
    assert Pair("a", "b", 8, 48).is_lookalike
    assert not Pair("a", "b", 7, 48).is_lookalike


def test_every_character_is_described_in_every_font() -> None:
    features = font_features()
    assert features.shape[:2] == (len(some_fonts()), len(CHARACTERS))
    assert np.isfinite(features).all()
