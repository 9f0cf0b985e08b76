import json
import re
import unicodedata
from pathlib import Path

import pytest

from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.segmenter.errors import KerfError, NoImagesError, NoLabelsError, NotFoundError, SettingsError


def touch(folder: Path, *names: str) -> None:
    """Make files that look like images by their names; their content is the name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def labels_of(folder: Path, label_pattern: str | None = None) -> dict[str, str]:
    samples = folder_to_samples(folder, label_pattern).samples
    return {sample.path.relative_to(folder).as_posix(): sample.text for sample in samples}


def problem_of(folder: Path) -> KerfError:
    """The one problem of a folder whose ``a.png`` can be used."""
    found = folder_to_samples(folder)
    assert [sample.path.name for sample in found.samples] == ["a.png"]
    (problem,) = found.problems
    assert "\n" not in str(problem)
    return problem


@pytest.mark.parametrize(
    ("label_file", "content"),
    [
        ("labels.csv", "file,label\na.png,AB12\nsub/b.png,x\n"),
        ("labels.csv", "\ufefffile,label\r\na.png, AB12 \r\n\r\nsub/b.png,x"),
        ("labels.csv", "n,label,file\n1,AB12,a.png\n2,x,sub/b.png\n"),
        ("labels.csv", 'file , label\n"a.png","AB12"\nsub/b.png,"x"\n'),
        ("metadata.csv", "file_name,text,colour\na.png,AB12,red\nsub/b.png,x,blue\n"),
        (
            "metadata.jsonl",
            '{"file_name": "a.png", "text": "AB12"}\n\n{"text": "x", "file_name": "sub/b.png"}',
        ),
        ("Label.txt", "a.png\tAB12\nsub/b.png\tx\n"),
        ("rec_gt.txt", "\ufeffa.png\tAB12\r\n\r\nsub/b.png\tx\r\n"),
        ("captcha_gt.txt", "a.png\tAB12\nsub/b.png\tx\n"),
    ],
)
def test_label_files(tmp_path: Path, label_file: str, content: str) -> None:
    touch(tmp_path, "a.png", "sub/b.png", "not_named.png")
    (tmp_path / label_file).write_bytes(content.encode())
    found = folder_to_samples(tmp_path)
    assert found.samples == (Sample(tmp_path / "a.png", "AB12"), Sample(tmp_path / "sub/b.png", "x"))
    assert found.problems == ()
    assert found.source == label_file


def test_label_files_count_in_the_order_stated(tmp_path: Path) -> None:
    touch(tmp_path, "name.png")
    contents = {
        "labels.csv": "file,label\nname.png,1",
        "metadata.csv": "file_name,text\nname.png,2",
        "metadata.jsonl": '{"file_name": "name.png", "text": "3"}',
        "Label.txt": "name.png\t4",
        "rec_gt.txt": "name.png\t5",
        "rec_gt_train.txt": "name.png\t6",
        "a_gt.txt": "name.png\t7",
        "rec_gt_test.txt": "name.png\t8",
        "lengths.txt": "name.png\t9",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    for expected, name in enumerate(contents, start=1):
        text = labels_of(tmp_path)["name.png"]
        assert text == ("name" if name == "lengths.txt" else str(expected))
        assert labels_of(tmp_path, r"(am)") == {"name.png": "am"}
        (tmp_path / name).unlink()


def test_paddle_names_images_from_the_folder_above(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.png", "train/b.png")
    (tmp_path / "train/rec_gt_train.txt").write_text("train/a.png\tAB\nb.png\tCD\n")
    assert labels_of(tmp_path / "train") == {"a.png": "AB", "b.png": "CD"}


def test_boxes_of_the_paddle_label_tool_are_joined_left_to_right(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png", "c.png")
    boxes = [
        {"transcription": "12", "points": [[40, 1], [60, 1], [60, 9], [40, 9]]},
        {"transcription": "AB", "points": [[2, 1], [30, 1], [30, 9], [2, 9]]},
    ]
    lines = [f"a.png\t{json.dumps(boxes)}", f"b.png\t{json.dumps(boxes[:1])}", "c.png\t[{x"]
    (tmp_path / "Label.txt").write_text("\n".join(lines))
    assert labels_of(tmp_path) == {"a.png": "AB12", "b.png": "12", "c.png": "[{x"}


@pytest.mark.parametrize(
    ("label_file", "lines", "kind", "message"),
    [
        ("labels.csv", ["file,label", "a.png,A", "gone.png,B"], NotFoundError, "line 3 names 'gone.png'"),
        ("labels.csv", ["file,label", ",B", "a.png,A"], NotFoundError, "line 2 names ''"),
        ("labels.csv", ["file,label", "a.png,A", "b.png, "], NoLabelsError, "line 3 has no label for b.png"),
        ("labels.csv", ["file,label", "a.png,A", "b.png"], NoLabelsError, "line 3 has 1 of 2 columns"),
        (
            "labels.csv",
            ["file,label", "a.png,A", "a.png,B"],
            NoLabelsError,
            "line 3 has 'B' for a.png, an ear",
        ),
        ("metadata.jsonl", ['{"file_name": "a.png", "text": "A"}', "{"], NoLabelsError, "line 2 is not an"),
        (
            "metadata.jsonl",
            ['{"file_name": "b.png", "text": 12}', '{"file_name": "a.png", "text": "A"}'],
            NoLabelsError,
            "line 1 is",
        ),
        ("metadata.jsonl", ["[]", '{"file_name": "a.png", "text": "A"}'], NoLabelsError, "line 1 is not an"),
        ("gt.txt", ["a.png\tA", "b.png B"], NoLabelsError, "line 2 has no tab"),
        ("gt.txt", ["x" * 5000 + "\tA", "a.png\tA"], NotFoundError, "line 1 names 'xxx"),
    ],
)
def test_one_bad_line_is_told_and_the_others_count(
    tmp_path: Path, label_file: str, lines: list[str], kind: type[KerfError], message: str
) -> None:
    touch(tmp_path, "a.png", "b.png")
    (tmp_path / label_file).write_text("\n".join(lines))
    problem = problem_of(tmp_path)
    assert type(problem) is kind
    assert str(problem).startswith(f"{tmp_path / label_file}: {message}")


def test_line_that_says_the_same_twice_is_no_problem(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / "labels.csv").write_text("file,label\na.png,A\na.png,A\n./a.png,A\n")
    found = folder_to_samples(tmp_path)
    assert (len(found.samples), found.problems) == (1, ())


@pytest.mark.parametrize(
    ("label_file", "content", "message"),
    [
        ("labels.csv", b"", "its first line is ''; it must be file,label"),
        ("labels.csv", b"a.png,AB12\n", "its first line is 'a.png,AB12'; it must be file,label"),
        ("labels.csv", b"file;label\na.png;AB12\n", "its first line is 'file;label'"),
        ("metadata.csv", b"file,label\na.png,AB12\n", "it must be file_name,text"),
        ("labels.csv", b'file,label\na.png,"AB12\nb.png,X\n', "is not CSV"),
        ("labels.csv", b"file,label\na.png,\xff\n", "is not UTF-8 at byte 17; save it as UTF-8"),
        ("labels.csv", b"file,label\n", "has no label that can be used"),
        ("labels.csv", b"file,label\ngone.png,A\n", "the first problem: "),
    ],
)
def test_label_file_that_cannot_be_used_at_all(tmp_path: Path, label_file: str, content: bytes, message: str) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / label_file).write_bytes(content)
    with pytest.raises(NoLabelsError, match=re.escape(message)) as caught:
        folder_to_samples(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / label_file}: ")


def test_file_names(tmp_path: Path) -> None:
    touch(tmp_path, "AB12.png", "AB12_0007.jpg", "sub/x.y.gif", "AB_cd.png", "_7.png", "AB12 (1).png")
    found = folder_to_samples(tmp_path)
    assert labels_of(tmp_path) == {
        "AB12.png": "AB12",
        "AB12_0007.jpg": "AB12",
        "sub/x.y.gif": "x.y",
    }
    assert found.source == "file names"
    assert [str(p).split(":")[0] for p in found.problems] == [
        str(tmp_path / "AB12 (1).png"),
        str(tmp_path / "AB_cd.png"),
        str(tmp_path / "_7.png"),
    ]
    assert all("--label-pattern" in str(p) for p in found.problems)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"_([a-z]+)$", {"0001_abc.png": "abc"}),
        (r"(\d+)_(?P<text>\w+)", {"0001_abc.png": "abc"}),
        (r"^(\d+)", {"0001_abc.png": "0001", "7-X.png": "7"}),
        (r"7-(.)", {"7-X.png": "X"}),
        (r"(z)?7", {}),
    ],
)
def test_label_pattern_overrides_label_files(tmp_path: Path, pattern: str, expected: dict[str, str]) -> None:
    touch(tmp_path, "0001_abc.png", "7-X.png")
    (tmp_path / "labels.csv").write_text("file,label\n7-X.png,other\n")
    if not expected:
        with pytest.raises(NoLabelsError, match="its name has no label"):
            folder_to_samples(tmp_path, pattern)
    else:
        assert labels_of(tmp_path, pattern) == expected
        assert len(folder_to_samples(tmp_path, pattern).problems) == 2 - len(expected)


@pytest.mark.parametrize("pattern", ["", "[", r"\w+", "(?:x)", "(a{99999999999})"])
def test_bad_label_pattern(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path, "a.png")
    with pytest.raises(SettingsError, match=re.escape(f"label pattern {pattern!r} ")):
        folder_to_samples(tmp_path, pattern)


def test_names_are_not_labels_where_a_label_file_lies_below(tmp_path: Path) -> None:
    touch(tmp_path, "train/00000.png")
    (tmp_path / "train/labels.csv").write_text("file,label\n00000.png,AB12\n")
    with pytest.raises(NoLabelsError, match=re.escape(f"but {tmp_path / 'train/labels.csv'} is below it")):
        folder_to_samples(tmp_path)
    assert labels_of(tmp_path / "train") == {"00000.png": "AB12"}


def test_accents_are_composed(tmp_path: Path) -> None:
    touch(tmp_path, unicodedata.normalize("NFD", "é1") + ".png", "b.png")
    assert sorted(s.text for s in folder_to_samples(tmp_path).samples) == ["b", "\u00e91"]


def test_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(NoImagesError):
        folder_to_samples(tmp_path)
