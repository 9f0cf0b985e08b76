"""Pseudo-labels: the sure readings of images that are neither labelled nor held out, nor look as if they were."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from kerf.classifier.folders.dataset import Sample
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.observer import Observer
from kerf.classifier.learning.pseudo_labels import pseudo_label
from kerf.classifier.learning.training import TrainResult
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import KerfError, UnreadableImageError
from kerf.segmenter.load import path_to_image
from tests.learning.clock import Clock

LEVEL = "kerf.classifier.learning.pseudo_labels.LEAST_CONFIDENCE"


def test_they_are_the_sure_readings_of_fresh_images(
    samples: list[Sample], result: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, broken = tmp_path / "copy.png", tmp_path / "broken.png"
    copy.write_bytes(samples[50].path.read_bytes())
    broken.write_bytes(b"no image")
    fresh = sorted((sample.path for sample in samples[45:]), key=path_to_hash)
    readings = list(Recognizer(result.model).read_many(fresh))
    confidences = sorted(reading.confidence for reading in readings if not isinstance(reading, KerfError))
    below, above = max(pairwise(confidences), key=lambda pair: pair[1] - pair[0])
    monkeypatch.setattr(LEVEL, (below + above) / 2)
    told: list[tuple[int, int]] = []
    counted: list[tuple[int, int]] = []
    observer = Observer(
        on_pseudo_labels=lambda labelled, total: told.append((labelled, total)),
        on_image=lambda done, total: counted.append((done, total)),
    )
    images = [*(sample.path for sample in samples[40:]), copy, broken]
    pseudo, problems = pseudo_label(result.model, images, samples[:45], observer)
    sure = {
        (path_to_hash(path), reading.text)
        for path, reading in zip(fresh, readings, strict=True)
        if not isinstance(reading, KerfError) and reading.confidence >= above
    }
    assert 0 < len(sure) < len(fresh)
    assert {(path_to_hash(sample.path), sample.text) for sample in pseudo} == sure
    assert told == [(len(sure), len(fresh) + 1)]
    assert counted == [(done, len(fresh) + 1) for done in range(1, len(fresh) + 2)]
    assert [type(problem) for problem in problems] == [UnreadableImageError]


def test_what_looks_like_a_known_image_is_not_learnt(
    samples: list[Sample], result: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LEVEL, 0.0)
    again = tmp_path / "again.jpg"
    cv2.imwrite(str(again), path_to_image(samples[50].path))
    without, _ = pseudo_label(result.model, [again], samples[:45], Observer())
    assert [sample.path for sample in without] == [again]
    assert pseudo_label(result.model, [again], samples[:51], Observer()) == ([], [])


def test_there_is_time_for_some(samples: list[Sample], result: TrainResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LEVEL, 0.0)
    clock = Clock(monkeypatch)
    observer = Observer(on_image=lambda *_: clock.pass_by(1))
    images = [sample.path for sample in samples[45:]]
    assert 0 < len(pseudo_label(result.model, images, samples[:20], observer, Deadline.after(5))[0]) <= 5
    assert pseudo_label(result.model, images, samples[:20], observer, Deadline.after(0)) == ([], [])
