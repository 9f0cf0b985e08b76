"""Samples and splits: by the hash of what an image holds, whatever it is called."""

import re
from collections.abc import Iterable
from hashlib import sha1, sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerf.classifier.folders.dataset import (
    LEAST_VALIDATION,
    Sample,
    data_hash,
    folder_to_samples,
    sample_by_hash,
    split_samples,
)
from kerf.segmenter.errors import SettingsError
from tests.folders.making import touch


def make_samples(folder: Path, contents: list[int]) -> list[Sample]:
    """One file a number, with the number as content; names say nothing of it."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = [Sample(folder / f"{index}.png", f"t{content}") for index, content in enumerate(contents)]
    for sample, content in zip(samples, contents, strict=True):
        sample.path.write_bytes(b"content %d" % content)
    return samples


def texts(samples: Iterable[Sample]) -> set[str]:
    return {sample.text for sample in samples}


def test_sample_is_what_has_the_smallest_hashes_in_their_order(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, list(range(40)))
    ordered = sorted(samples, key=lambda sample: sha1(sample.path.read_bytes()).hexdigest())
    assert sample_by_hash(samples) == sample_by_hash(samples, 40) == sample_by_hash(samples, 99) == ordered
    for n in range(41):
        assert sample_by_hash(samples[::-1], n) == ordered[:n]  # so each is inside the next


def test_sample_depends_on_content_alone_and_copies_keep_their_order(tmp_path: Path) -> None:
    contents = [5, 3, 8, 3, 1, 3]
    first = sample_by_hash(make_samples(tmp_path / "a", contents))
    second = sample_by_hash(make_samples(tmp_path / "b", sorted(contents)))
    assert [sample.text for sample in first] == [sample.text for sample in second]
    assert [sample.path.name for sample in first if sample.text == "t3"] == ["1.png", "3.png", "5.png"]


def test_sample_says_nothing_of_the_part(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, list(range(400)))
    held_out = texts(split_samples(samples, 0.25).validation)
    assert 15 <= len(held_out & texts(sample_by_hash(samples, 100))) <= 35


def test_file_that_cannot_be_read_is_in_the_sample_too(tmp_path: Path) -> None:
    samples = [*make_samples(tmp_path, list(range(9))), Sample(tmp_path / "gone.png", "gone")]
    first, *others = sample_by_hash(samples)
    assert first.text == "gone"
    assert sorted(others, key=str) == samples[:9]


def test_names_of_36_first_letters_are_all_sampled(tmp_path: Path) -> None:
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    touch(tmp_path, *(f"{a}{b}q.png" for a in letters for b in "xyz"))
    sampled = sample_by_hash(folder_to_samples(tmp_path).samples, 54)
    assert len({sample.text[0] for sample in sampled}) >= 25


LENT = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not LENT.is_dir(), reason="the lent captchas are not here")
@pytest.mark.parametrize("family", ["jaccount", "captcha-v2"])
def test_order_of_the_lent_captchas_is_that_of_samples(family: str) -> None:
    found = folder_to_samples(LENT / family / "train")
    assert sample_by_hash(found.samples[::-1]) == list(found.samples)
    assert (found.problems, found.remarks) == ((), ())


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 30), max_size=60), st.sampled_from([0.0, 0.1, 0.25, 0.5]))
def test_split_is_a_partition_by_content(
    tmp_path_factory: pytest.TempPathFactory, contents: list[int], fraction: float
) -> None:
    samples = make_samples(tmp_path_factory.mktemp("split"), contents)
    split = split_samples(samples, fraction)
    assert not texts(split.train) & texts(split.validation)
    assert sorted(split.train + split.validation, key=str) == sorted(samples, key=str)
    for part in (split.train, split.validation):
        assert list(part) == [sample for sample in samples if sample in part]
    assert len(split.validation) <= max(round(fraction * len(samples)), LEAST_VALIDATION)
    assert split.train or not samples


@pytest.mark.parametrize(
    ("count", "fraction", "expected"),
    [
        (0, 0.1, 0),
        (2, 0.1, 0),
        (3, 0.1, 1),
        (9, 0.1, 3),
        (10, 0.1, 3),
        (12, 0.1, 3),
        (40, 0.1, 4),
        (40, 0.25, 10),
        (40, 0, 0),
    ],
)
def test_size_of_the_validation_part(tmp_path: Path, count: int, fraction: float, expected: int) -> None:
    split = split_samples(make_samples(tmp_path, list(range(count))), fraction)
    assert (len(split.validation), len(split.train)) == (expected, count - expected)


def test_validation_is_what_has_the_smallest_hashes(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, list(range(40)))
    ordered = sorted(samples, key=lambda sample: sha256(sample.path.read_bytes()).hexdigest())
    assert texts(split_samples(samples, 0.25).validation) == texts(tuple(ordered[:10]))


def test_split_depends_neither_on_order_nor_on_names(tmp_path: Path) -> None:
    contents = list(range(50))
    first = split_samples(make_samples(tmp_path / "a", contents), 0.2)
    second = split_samples(make_samples(tmp_path / "b", contents[::-1]), 0.2)
    assert texts(first.validation) == texts(second.validation)


def test_one_more_image_moves_at_most_one_other(tmp_path: Path) -> None:
    before = texts(split_samples(make_samples(tmp_path / "a", list(range(50))), 0.2).validation)
    after = texts(split_samples(make_samples(tmp_path / "b", list(range(51))), 0.2).validation)
    assert len((before ^ after) - {"t50"}) <= 1


def test_copies_that_are_too_many_for_validation_are_for_training(tmp_path: Path) -> None:
    alike = split_samples(make_samples(tmp_path / "a", [7] * 20), 0.2)
    assert (len(alike.train), len(alike.validation)) == (20, 0)
    mixed = split_samples(make_samples(tmp_path / "b", [7] * 20 + list(range(100, 120))), 0.2)
    assert "t7" in texts(mixed.train)
    assert len(mixed.validation) == 8


def test_file_that_cannot_be_read_stops_neither_split_nor_hash(tmp_path: Path) -> None:
    samples = [*make_samples(tmp_path, list(range(20))), Sample(tmp_path / "gone.png", "gone")]
    split = split_samples(samples, 0.2)
    assert len(split.train + split.validation) == 21
    assert data_hash(samples) != data_hash(samples[:-1])


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2.0, float("nan")])
def test_fraction_out_of_range(fraction: float) -> None:
    with pytest.raises(SettingsError, match=r"^validation fraction .* is not in \[0, 1\); give a share such as 0\.1$"):
        split_samples([], fraction)


def test_data_hash_is_of_contents_and_labels_alone(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "a", [1, 2, 3])
    elsewhere = make_samples(tmp_path / "b", [3, 1, 2])
    assert re.fullmatch(r"[0-9a-f]{64}", data_hash(samples))
    assert data_hash(samples) == data_hash(elsewhere) == data_hash(samples[::-1])
    each = sorted(sha256((sha256(b"content %d" % n).hexdigest() + f"t{n}").encode()).hexdigest() for n in (1, 2, 3))
    assert data_hash(samples) == sha256("".join(each).encode()).hexdigest()
    other_label = [*samples[:2], Sample(samples[2].path, "t4")]
    other_content = [*make_samples(tmp_path / "c", [1, 2, 4])[:2], Sample(tmp_path / "c/2.png", "t3")]
    swapped = [Sample(samples[0].path, "t2"), Sample(samples[1].path, "t1"), samples[2]]
    hashes = {data_hash(s) for s in (samples, other_label, other_content, swapped, samples[:2], samples * 2)}
    assert len(hashes) == 6
    assert len(data_hash([Sample(samples[0].path, "\udcff\ud800")])) == 64
