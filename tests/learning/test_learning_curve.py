"""The learning curve: its subsets are nested and apart from what is measured on, it ends in time, and it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from kerf.classifier.folders.dataset import Sample, folder_to_samples, sample_by_hash, split_samples
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.learning_curve import (
    COLUMNS,
    HELD_OUT,
    CurvePoint,
    Learn,
    learn_subsets,
    parse_budgets,
    plot_curve,
    point_to_row,
)
from kerf.classifier.learning.training import TrainResult
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.model_file import BUNDLED_MODEL, load_model, resolve_device
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import OutputError, SettingsError
from tests.learning.clock import Clock

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
POINTS = [CurvePoint(k, proportion(right, 1000), 1.0) for k, right in ((50, 717), (100, 800), (200, 859))]


@pytest.mark.parametrize("text", ["", "100", "100,50", "50,50", "50,x", "50;100", "-5,10"])
def test_budgets_that_are_no_rising_numbers(text: str) -> None:
    with pytest.raises(SettingsError, match="rising"):
        parse_budgets(text)


def test_budgets() -> None:
    assert parse_budgets("50, 100,2000") == (50, 100, 2000)


def learnt(parts: list[Sequence[Sample]], ends: list[float], clock: Clock | None = None) -> Learn:
    """Pretends to train: gives the bundled model, and writes down what it was asked for."""
    result = TrainResult(load_model(BUNDLED_MODEL, resolve_device("cpu")), (), (), ())

    def learn(samples: Sequence[Sample], held_out: Sequence[Sample], deadline: Deadline) -> TrainResult:
        parts.append(samples)
        parts.append(held_out)
        ends.append(deadline.end)
        if clock:
            clock.now = deadline.end
        return result

    return learn


def test_subsets_are_nested_samples_apart_from_what_is_measured_on() -> None:
    samples = [Sample(path, "A") for path in sorted(SAMPLES.glob("*.png"))]
    parts: list[Sequence[Sample]] = []
    points = list(learn_subsets(samples, (4, 9, 20), learnt(parts, [])))
    split = split_samples(samples, HELD_OUT)
    trained, held_out = parts[0::2], parts[1::2]
    assert [len(part) for part in trained] == [point.labels for point in points] == [4, 9, 20]
    assert [list(part) for part in trained] == [sample_by_hash(split.train, n) for n in (4, 9, 20)]
    assert {tuple(part) for part in held_out} == {tuple(sample_by_hash(split.validation))}
    assert {point.whole_text.n for point in points} == {len(split.validation)} == {8}
    again: list[Sequence[Sample]] = []
    list(learn_subsets(samples[::-1], (4, 9, 20), learnt(again, [])))
    assert again == parts


def test_readings_are_compared_with_the_labels() -> None:
    labelled = {sample.path.name: sample.text for sample in folder_to_samples(SAMPLES).samples}
    samples = [Sample(path, labelled[path.name]) for path in sorted(SAMPLES.glob("*.png"))]
    model = load_model(BUNDLED_MODEL, resolve_device("cpu"))
    held_out = split_samples(samples, HELD_OUT).validation
    right = sum(Recognizer(model).read(sample.path).text == sample.text for sample in held_out)
    assert right > 0
    (first, _) = learn_subsets(samples, (4, 9), learnt([], []))
    assert (first.whole_text.count, first.whole_text.n) == (right, 8)


def test_time_is_divided_as_epochs_are(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    samples = [Sample(path, "A") for path in sorted(SAMPLES.glob("*.png"))]
    ends: list[float] = []
    points = list(learn_subsets(samples, (4, 9, 25), learnt([], ends, clock), Deadline.after(100)))
    # As 2 to 3 to 5, of what is then left, less 8 times 0.02 s for reading; reading itself takes no time here.
    first = 20 - 0.16
    second = first + (100 - first) * 3 / 8 - 0.16
    assert [end - 1000 for end in ends] == pytest.approx([first, second, 100 - 0.16])
    assert [point.seconds for point in points] == pytest.approx([first, second - first, 100 - 0.16 - second])


def test_reading_ends_in_time_but_for_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerf.classifier.learning.learning_curve.LEAST_READ", 5)
    clock = Clock(monkeypatch)
    samples = [Sample(path, "A") for path in sorted(SAMPLES.glob("*.png"))]
    ends: list[float] = []
    points = list(learn_subsets(samples, (4, 9), learnt([], ends, clock), Deadline.after(0)))
    assert [point.whole_text.n for point in points] == [5, 5]
    assert ends == [1000, 1000]
    list(learn_subsets(samples, (4, 9), learnt([], ends), Deadline.after(0.1)))
    assert ends[2] - 1000 == pytest.approx(0.1 * 2 / 5 / 2)  # half of it, where there is less than reading needs


def test_more_labels_than_there_are() -> None:
    samples = [Sample(path, "A") for path in sorted(SAMPLES.glob("*.png"))]
    parts: list[Sequence[Sample]] = []
    with pytest.raises(SettingsError, match="33 labels; 32 are there besides the 8 held out"):
        list(learn_subsets(samples, (10, 33), learnt(parts, [])))
    assert parts == []
    assert len(list(learn_subsets(samples, (10, 32), learnt(parts, [])))) == 2


def test_row_has_the_columns() -> None:
    row = point_to_row(CurvePoint(50, proportion(8, 10), 12.4))
    assert row == "50,8,10,0.8000,0.4902,0.9433,12\n"
    assert len(row.split(",")) == len(COLUMNS)


def test_drawing_shows_each_point(tmp_path: Path) -> None:
    path = tmp_path / "curve.png"
    plot_curve(POINTS, path)
    picture = cv2.imread(str(path))
    assert picture is not None
    blue = (np.abs(picture.astype(int) - (178, 114, 0)).sum(axis=2) < 30).astype(np.uint8)  # BGR
    thick = cv2.erode(blue, np.ones((5, 5), np.uint8))  # markers survive it, lines and bars do not
    assert cv2.connectedComponents(thick)[0] - 1 == 3
    with pytest.raises(OutputError):
        plot_curve(POINTS, tmp_path / "none" / "curve.png")
