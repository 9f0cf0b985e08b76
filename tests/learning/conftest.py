"""Sixty small captchas, and a model of forty-five of them."""

from __future__ import annotations

import pytest
import torch

from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.learning.fitting import LabelledExample, TrainSettings
from kerf.classifier.learning.training import TrainResult, train
from kerf.classifier.network.examples import segmentation_to_example
from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize, write_dataset
from kerf.segmenter import segment
from kerf.segmenter.load import path_to_image


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Sixty clean captchas of two or three of four digits."""
    folder = tmp_path_factory.mktemp("captchas")
    write_dataset(folder, synthesize(60, 5, "clean", "2357", (2, 3), [BUILT_IN_FONT]))
    return list(folder_to_samples(folder).samples)


@pytest.fixture(scope="session")
def examples(samples: list[Sample]) -> list[LabelledExample]:
    """The first twenty, cut."""
    return [
        LabelledExample(segmentation_to_example(segment(path_to_image(sample.path))), sample.text)
        for sample in samples[:20]
    ]


@pytest.fixture(scope="session")
def result(samples: list[Sample]) -> TrainResult:
    """A model of the first forty-five, its alphabet and lengths taken from the labels."""
    return train(samples[:45], TrainSettings(epochs=30), torch.device("cpu"))
