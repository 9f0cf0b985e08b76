"""Classes for characters that a start does not know, from glyphs: a large alphabet has characters that few labels show.

Each character is drawn in a few fonts and taken through the start's network up to its last layer. The classes are
those of linear discriminant analysis (Fisher 1936) on what comes out: Gaussians of one covariance, that of one
character's glyphs in different fonts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kerf.classifier.network.batch import examples_to_batch
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.examples import Example
from kerf.classifier.synthesis.fonts import system_fonts
from kerf.classifier.synthesis.glyphs import draw_mask, lacks, load_font
from kerf.segmenter import SegmenterSettings, segment
from kerf.segmenter.lattice import Lattice

FONTS = 6
"""Most fonts to draw with."""
HEIGHT = 40
"""Pixels an em."""
BATCH = 64
SHRINKAGE = 0.3
"""Share of the covariance that is taken to be the same in all directions (Friedman 1989)."""
SPREAD = 2.0
"""Standard deviation of the scores of a glyph over all classes, in nats: surer, they would be hard to unlearn."""


def to_glyph_classes(
    network: CharNet, characters: str, settings: SegmenterSettings
) -> dict[str, tuple[Tensor, Tensor]]:
    """Find weights and biases of the last layer for characters.

    Parameters
    ----------
    network
        Whose last layer but one says what a glyph looks like.
    characters
        Those that no installed font draws are left out.
    settings
        How to cut.

    Returns
    -------
    dict
        Weights ``(hidden,)`` and bias ``()`` of each character that is drawn.
    """
    fonts = fonts_that_draw(characters) if characters else []
    drawn = [(c, [font for font in fonts if not lacks(font, c)]) for c in characters]
    drawn = [(character, own) for character, own in drawn if own]
    if len(drawn) < 2:
        return {}
    glyphs = [glyph_to_example(font, character, settings) for character, own in drawn for font in own]
    features = describe(network, glyphs)
    classes = np.repeat(np.arange(len(drawn)), [len(own) for _, own in drawn])
    weights, biases = map(torch.from_numpy, discriminate(features, classes))
    return {character: (weights[row], biases[row]) for row, (character, _) in enumerate(drawn)}


def fonts_that_draw(characters: str) -> list[Path]:
    """List the first installed fonts that draw a character in the middle of those asked for."""
    middle = sorted(characters)[len(characters) // 2]
    return list(islice((font for font in system_fonts() if not lacks(font, middle)), FONTS))


def glyph_to_example(font: Path, character: str, settings: SegmenterSettings) -> Example:
    """Draw a character black on white, and make all of it the one candidate."""
    mask, _ = draw_mask(load_font(font, HEIGHT), character)
    image = np.full((mask.shape[0] + HEIGHT // 2, mask.shape[1] + HEIGHT, 3), 255, np.uint8)
    top, left = HEIGHT // 4, HEIGHT // 2
    image[top : top + mask.shape[0], left : left + mask.shape[1]] -= mask[..., None]
    cut = segment(image, settings)
    ends = (
        cut.lattice.cuts[[0, -1]] if len(cut.lattice.cuts) > 1 else np.array([0, cut.strip.pixels.shape[2]], np.int32)
    )
    whole = Lattice(ends, np.array([[0, 1]], np.int32), np.empty((0, 2), np.int32))
    return Example(cut.strip.pixels, whole, settings.crop.samples)


def describe(network: CharNet, glyphs: Sequence[Example]) -> NDArray[np.float64]:
    """Take glyphs through the network up to its last layer: ``(N, hidden)``."""
    device = next(network.parameters()).device
    found = []
    with torch.no_grad():
        for first in range(0, len(glyphs), BATCH):
            batch = examples_to_batch(glyphs[first : first + BATCH], device)
            found.append(network.eval().describe(batch.strips, batch.crops)[0].cpu().numpy())
    return np.concatenate(found).astype(np.float64)


def discriminate(
    features: NDArray[np.float64], classes: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tell features ``(N, D)`` of classes ``(N,)`` apart linearly: weights ``(C, D)`` and biases ``(C,)``."""
    counts = np.bincount(classes)
    means = np.stack([features[classes == number].mean(axis=0) for number in range(len(counts))])
    apart = features - means[classes] if len(features) > len(means) else features - features.mean(axis=0)
    covariance = apart.T @ apart / len(features)
    even = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    weights = np.linalg.solve((1 - SHRINKAGE) * covariance + SHRINKAGE * even + 1e-9 * np.eye(len(even)), means.T).T
    biases = -0.5 * (weights * means).sum(axis=1)
    scale = SPREAD / max((features @ weights.T + biases).std(axis=1).mean(), 1e-9)
    return (scale * weights).astype(np.float32), (scale * (biases - biases.mean())).astype(np.float32)
