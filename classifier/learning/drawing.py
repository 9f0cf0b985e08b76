"""Captchas drawn while they are learnt from: drawn and cut by other processes, and never kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import count
from pathlib import Path
from warnings import warn

import cv2
import numpy as np
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from kerf.classifier.learning.cutting import label_segmentation
from kerf.classifier.learning.fitting import LabelledExample
from kerf.classifier.synthesis import synthesize_one
from kerf.classifier.synthesis.generators import Generator, installed, name_to_generator
from kerf.classifier.synthesis.generators.mixture import draw_one
from kerf.segmenter import SegmenterSettings, segment
from kerf.segmenter.errors import LabelFitError

CHUNK = 64
"""Captchas drawn at a time: the i-th such chunk depends on the seed and i alone, whichever worker draws it, as far as
packages take seeds."""
AHEAD = 16
"""Chunks that a worker draws ahead, while there is training."""
PACKAGES = 0.5
"""Share of the captchas that packages draw, where any is installed; the renderer draws the others."""
SHARES = {
    **{"captcha": 4.0, "php-gregwar-captcha": 2.5, "svg-captcha": 4.0},
    **{"libgd-securityimage-perl": 0.5, "multicolorcaptcha": 0.1, "ruby-simple-captcha2": 0.25},
}
"""How often one package is drawn with, against 1 for others: more if sites use it more, less if slow or
hardly to be read."""


class DrawnChunks(IterableDataset[list[LabelledExample]]):
    """Chunks of drawn captchas without end, cut; those that have no room for their text are left out.

    Parameters
    ----------
    seed
        Of the drawing.
    first
        Chunks to leave out, because they were learnt from before.
    fonts
        What the renderer draws with.
    settings
        How to cut.
    """

    def __init__(self, seed: int, first: int, fonts: Sequence[Path], settings: SegmenterSettings) -> None:
        self.seed, self.first, self.fonts, self.settings = seed, first, fonts, settings
        self.names = [generator.name for generator in installed()]

    @cached_property
    def packages(self) -> dict[Generator, float]:
        """The generators of this process, and their shares; what they have running stays in it."""
        return {name_to_generator(name): SHARES.get(name, 1.0) for name in self.names}

    def __iter__(self) -> Iterator[list[LabelledExample]]:
        """Yield this worker's chunks: every n-th where there are n."""
        worker = get_worker_info()
        cv2.setNumThreads(1)
        own, step = (worker.id, worker.num_workers) if worker else (0, 1)
        return (self.draw(chunk) for chunk in count(self.first + own, step))

    def draw(self, chunk: int) -> list[LabelledExample]:
        """Draw and cut one chunk."""
        examples = []
        rng = np.random.default_rng((self.seed, chunk))
        for index in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            by_package = rng.random() < PACKAGES and self.packages
            captcha = draw_one(rng, self.packages, warn) if by_package else synthesize_one(index, self.seed, self.fonts)
            with suppress(LabelFitError):
                cut = segment(captcha.image, self.settings)
                examples.append(label_segmentation(cut, captcha.text, f"drawn image {index}"))
        return examples


def draw_chunks(chunks: DrawnChunks, workers: int) -> Iterator[list[LabelledExample]]:
    """Have workers, or this process where there are none, draw chunks, in order."""
    context = "spawn" if workers else None  # a forked process has none of PyTorch's threads
    ahead = AHEAD if workers else None
    loader = DataLoader(
        chunks, batch_size=None, num_workers=workers, prefetch_factor=ahead, multiprocessing_context=context
    )
    return iter(loader)


class Pool:
    """What was drawn lately, from which training takes at random: each example about ``visits`` times, far apart.

    Parameters
    ----------
    size
        Examples it holds; one that is added when it is full takes the place of a random one.
    seed
        Of what is taken.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.examples: list[LabelledExample] = []
        self.rng = np.random.default_rng(seed)

    def add(self, examples: Sequence[LabelledExample]) -> None:
        """Take examples in."""
        for example in examples:
            if len(self.examples) < self.size:
                self.examples.append(example)
            else:
                self.examples[int(self.rng.integers(self.size))] = example

    def take(self, number: int) -> list[LabelledExample]:
        """Take examples at random; they stay."""
        return [self.examples[int(i)] for i in self.rng.integers(len(self.examples), size=number)]
