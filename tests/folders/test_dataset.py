import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from kerf.classifier.folders.dataset import (
    LabelledFolder,
    folder_to_samples,
)
from kerf.classifier.folders.images import find_images
from kerf.classifier.folders.texts import texts_to_remarks
from kerf.segmenter.errors import NoImagesError, NoLabelsError, NotFoundError
from tests.folders.making import touch


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
    with pytest.raises(NotFoundError, match=r"^.*: is not a folder; name the folder that has the images$"):
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
    with pytest.raises(NoImagesError, match=r"^no image was named; give files or folders$"):
        find_images([])


# --- labels ------------------------------------------------------------------------------------------------


def label(folder: Path, contents: dict[str, bytes], *rows: str) -> LabelledFolder:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "labels.csv").write_text("\n".join(("file,label", *rows)))
    return folder_to_samples(folder)


def test_label_that_is_said_twice_is_no_problem(tmp_path: Path) -> None:
    found = label(tmp_path, {"a.png": b"a", "b.png": b"b"}, "a.png,A", "a.png,A", "./a.png,A", "b.png,B")
    assert [sample.text for sample in found.samples] == ["A", "B"]
    assert (found.problems, found.remarks) == ((), ())


def test_image_with_two_labels_keeps_the_first(tmp_path: Path) -> None:
    found = label(tmp_path, {"a.png": b"a", "b.png": b"b"}, "a.png,A", "b.png,B", "a.png,X", "a.png,A", "a.png,Y")
    assert [sample.text for sample in found.samples] == ["A", "B"]
    where = f"{tmp_path}/labels.csv: line"
    assert [str(problem) for problem in found.problems] == [
        f"{where} 4 has 'X' for a.png, but {where} 2 has 'A' for a.png, which is the same image; correct one",
        f"{where} 6 has 'Y' for a.png, but {where} 2 has 'A' for a.png, which is the same image; correct one",
    ]
    assert {type(problem) for problem in found.problems} == {NoLabelsError}


def test_images_of_one_content_must_have_one_label(tmp_path: Path) -> None:
    contents = {"a.png": b"same", "b.png": b"same", "c.png": b"same", "d.png": b"other"}
    found = label(tmp_path, contents, "a.png,A", "b.png,X", "c.png,A", "d.png,X")
    assert [(sample.path.name, sample.text) for sample in found.samples] == [
        ("a.png", "A"),
        ("c.png", "A"),
        ("d.png", "X"),
    ]
    (problem,) = found.problems
    where = f"{tmp_path}/labels.csv: line"
    assert (
        str(problem)
        == f"{where} 3 has 'X' for b.png, but {where} 2 has 'A' for a.png, which is the same image; correct one"
    )


def test_empty_files_are_not_the_same_image(tmp_path: Path) -> None:
    found = label(tmp_path, {"a.png": b"", "b.png": b""}, "a.png,A", "b.png,B", "a.png,C")
    assert [sample.text for sample in found.samples] == ["A", "B"]
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("AB AB AB", "warning: all 3 labels are alike, 'AB'; no other text can be learnt from them"),
        ("A A", "warning: all 2 labels are alike, 'A'; no other text can be learnt from them"),
        ("A AA", "warning: the labels have one character only, 'A'; no other can be learnt from them"),
        ("AB BA", None),
        ("A AB", None),
        ("A", None),
        ("AB", None),
    ],
)
def test_labels_from_which_nothing_is_learnt(tmp_path: Path, labels: str, expected: str | None) -> None:
    rows = [f"{index}.png,{text}" for index, text in enumerate(labels.split())]
    found = label(tmp_path, {f"{index}.png": b"%d" % index for index in range(len(rows))}, *rows)
    assert found.remarks == ((expected,) if expected else ())
    assert not found.problems


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("אב", "ab", "بa"), ["warning: 2 labels have letters that are written from right to left; characters are"]),
        (("x\u0301\u0331", "é"), ["warning: 1 labels have accents that Unicode has as characters of their own; each"]),
        (("ab", "é1", "中", "Ж", "+"), []),
    ],
)
def test_texts_that_are_otherwise_in_images_than_in_files_are_warned_of(
    texts: Sequence[str], expected: Sequence[str]
) -> None:
    remarks = list(texts_to_remarks(texts))
    assert len(remarks) == len(expected)
    assert all(remark.startswith(begin) for remark, begin in zip(remarks, expected, strict=True))


def test_labels_from_right_to_left_are_remarked_on(tmp_path: Path) -> None:
    found = label(tmp_path, {"a.png": b"1", "b.png": b"2"}, "a.png,אב", "b.png,cd")
    assert found.remarks[0].startswith("warning: 1 labels have letters")


def test_what_nobody_sees_in_a_label_is_dropped_and_said(tmp_path: Path) -> None:
    contents = {name: name.encode() for name in ("a.png", "b.png", "c.png", "d.png")}
    found = label(tmp_path, contents, "a.png,\u200bAB", "b.png,\ufeff", "c.png,C\u00adD", "d.png,EF")
    assert [sample.text for sample in found.samples] == ["AB", "CD", "EF"]
    assert found.remarks == ("labels with zero-width characters, which were dropped: 3",)
    assert ["line 3 has no label for b.png; write one" in str(problem) for problem in found.problems] == [True]
