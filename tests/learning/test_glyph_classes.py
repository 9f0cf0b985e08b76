"""Characters that a start does not know begin from their glyphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.learning import glyph_classes
from kerf.classifier.learning.glyph_classes import discriminate, glyph_to_example, to_glyph_classes
from kerf.classifier.learning.start import start_network
from kerf.classifier.model_file import BUNDLED, load_model
from kerf.classifier.network.batch import examples_to_batch
from kerf.classifier.synthesis import BUILT_IN_FONT
from kerf.segmenter import SegmenterSettings

CPU = torch.device("cpu")
SETTINGS = SegmenterSettings()


@pytest.fixture(autouse=True)
def _one_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyph_classes, "system_fonts", lambda: [Path("none.ttf"), BUILT_IN_FONT])


def test_features_of_two_gaussians_are_told_apart_as_bayes_would() -> None:
    rng = np.random.default_rng(3)
    means, root = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), np.array([[1.0, 0.0], [0.8, 0.3]])
    classes = np.repeat(np.arange(3), 3000)
    features = means[classes] + rng.normal(size=(9000, 2)) @ root.T
    weights, biases = discriminate(features, classes)
    assert weights.dtype == biases.dtype == np.float32
    found = (features @ weights.T + biases).argmax(axis=1)
    inverse = np.linalg.inv(root @ root.T)
    apart = features[:, None] - means
    best = np.einsum("nci,ij,ncj->nc", apart, inverse, apart).argmin(axis=1)
    assert np.mean(found == classes) > np.mean(best == classes) - 0.03
    nearest = np.square(apart).sum(axis=2).argmin(axis=1)
    assert np.mean(found == classes) > np.mean(nearest == classes) + 0.02
    assert (features @ weights.T + biases).std(axis=1).mean() == pytest.approx(glyph_classes.SPREAD, rel=1e-4)


def test_unknown_characters_are_read_off_their_own_glyphs_and_known_ones_keep_their_class() -> None:
    model = load_model(BUNDLED["fast"], CPU)
    unknown = "$*!/"
    assert not set(unknown) & set(model.alphabet.characters)
    network = start_network(Alphabet("7a" + unknown), model.segmenter, model).eval()
    batch = examples_to_batch([glyph_to_example(BUILT_IN_FONT, c, SETTINGS) for c in "7a" + unknown], CPU)
    with torch.no_grad():
        logits, _ = network(batch.strips, batch.crops)
    assert logits[2:, 2:].argmax(dim=1).tolist() == [0, 1, 2, 3]
    for row, character in enumerate("7a"):
        at = model.alphabet.characters.index(character)
        assert torch.equal(network.output.weight[row], model.network.output.weight[at])


def test_what_no_font_draws_is_left_out() -> None:
    network = load_model(BUNDLED["fast"], CPU).network
    assert to_glyph_classes(network, "", SETTINGS) == {}
    assert to_glyph_classes(network, "私本", SETTINGS) == {}
    assert set(to_glyph_classes(network, "$本*", SETTINGS)) == {"$", "*"}


def test_a_glyph_is_one_candidate_from_its_first_column_to_its_last() -> None:
    example = glyph_to_example(BUILT_IN_FONT, "$", SETTINGS)
    assert example.lattice.spans.tolist() == [[0, 1]]
    left, right = example.lattice.cuts.tolist()
    ink = np.flatnonzero(example.pixels[0].max(axis=0) > 128)
    assert left <= ink[0] + 2
    assert right >= ink[-1] - 1
