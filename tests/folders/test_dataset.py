import os
import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerf.classifier.folders.dataset import LEAST_VALIDATION, Sample, data_hash, folder_to_samples, split_samples
from kerf.classifier.folders.images import find_images
from kerf.segmenter.errors import NoImagesError, NotFoundError, SettingsError


def touch(folder: Path, *names: str) -> None:
    """Make files that look like images by their names; their content is the name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_images_of_a_folder_come_in_natural_order_without_hidden_and_other_files(tmp_path: Path) -> None:
    touch(tmp_path, "10.png", "2.PNG", "b/1.jpeg", "a.gif", "c.bmp", "d.webp", "e.jpg", "e.txt", "f.tiff", "g")
    touch(tmp_path, ".h.png", ".cache/i.png", "b/.j/k.png")
    names = [path.relative_to(tmp_path).as_posix() for path in find_images([tmp_path]).paths]
    assert names == ["2.PNG", "10.png", "a.gif", "b/1.jpeg", "c.bmp", "d.webp", "e.jpg", "f.tiff"]


def test_files_are_taken_as_given_whatever_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "z", "a.png", ".hidden", "sub/1.png")
    given_paths = [tmp_path / "z", tmp_path / "sub", tmp_path / ".hidden", tmp_path / "a.png", tmp_path / "z"]
    assert [p.name for p in find_images(given_paths).paths] == ["z", "1.png", ".hidden", "a.png", "z"]


def test_folder_named_like_a_hidden_one_is_read_when_given(tmp_path: Path) -> None:
    touch(tmp_path, ".cache/i.png")
    assert find_images([tmp_path / ".cache"]).paths == [tmp_path / ".cache/i.png"]


@pytest.mark.parametrize("name", ["none.png", "a\0b", "x" * 5000])
def test_paths_that_do_not_exist(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "a.png")
    with pytest.raises(NotFoundError, match="does not exist; check the path"):
        find_images([tmp_path / "a.png", tmp_path / name])
    with pytest.raises(NotFoundError, match="is not a folder"):
        folder_to_samples(tmp_path / name)


def test_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    touch(tmp_path, "a.png")
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(NotFoundError, match="cannot be listed: Permission denied"):
        find_images([tmp_path])


def test_no_images(tmp_path: Path) -> None:
    touch(tmp_path, "full/a.png", "empty/b.txt")
    with pytest.raises(NoImagesError, match=re.escape(str(tmp_path / "empty"))):
        find_images([tmp_path / "full", tmp_path / "empty"])
    with pytest.raises(NoImagesError, match="no image was named"):
        find_images([])


def make_samples(folder: Path, contents: list[int]) -> list[Sample]:
    """One file a number, with the number as content; names say nothing of it."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = [Sample(folder / f"{index}.png", f"t{content}") for index, content in enumerate(contents)]
    for sample, content in zip(samples, contents, strict=True):
        sample.path.write_bytes(b"content %d" % content)
    return samples


def texts(samples: tuple[Sample, ...]) -> set[str]:
    return {sample.text for sample in samples}


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
    with pytest.raises(SettingsError, match="validation fraction"):
        split_samples([], fraction)


def test_data_hash_is_of_contents_and_labels_alone(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "a", [1, 2, 3])
    elsewhere = make_samples(tmp_path / "b", [3, 1, 2])
    assert re.fullmatch(r"[0-9a-f]{64}", data_hash(samples))
    assert data_hash(samples) == data_hash(elsewhere) == data_hash(samples[::-1])
    other_label = [*samples[:2], Sample(samples[2].path, "t4")]
    other_content = [*make_samples(tmp_path / "c", [1, 2, 4])[:2], Sample(tmp_path / "c/2.png", "t3")]
    swapped = [Sample(samples[0].path, "t2"), Sample(samples[1].path, "t1"), samples[2]]
    hashes = {data_hash(s) for s in (samples, other_label, other_content, swapped, samples[:2], samples * 2)}
    assert len(hashes) == 6
    assert len(data_hash([Sample(samples[0].path, "\udcff\ud800")])) == 64
