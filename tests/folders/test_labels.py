import json
import re
import shutil
from pathlib import Path

import pytest

from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.folders.labels import find_label_files
from kerf.segmenter.errors import KerfError, NoLabelsError, NotFoundError
from tests.folders.making import labels_of, touch


def problem_of(folder: Path) -> KerfError:
    """The one problem of a folder whose ``a.png`` can be used."""
    found = folder_to_samples(folder)
    assert [sample.path.name for sample in found.samples] == ["a.png"]
    (problem,) = found.problems
    assert "\n" not in str(problem)
    return problem


# --- what is understood ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label_file", "content"),
    [
        ("labels.csv", "file,label\na.png,AB12\nsub/b.png,x\n"),
        ("labels.csv", "\ufefffile,label\r\na.png, AB12 \r\n\r\nsub/b.png,x"),
        ("labels.csv", "file,label\ra.png,AB12\rsub/b.png,x\r"),
        ("labels.csv", "\n\nn,label,file\n1,AB12,a.png\n2,x,sub/b.png\n"),
        ("labels.csv", 'file , label\n"a.png","AB12"\nsub/b.png,"x"\n'),
        ("labels.csv", "file;label\na.png;AB12\nsub/b.png;x\n"),
        ("labels.csv", '"file"\t"label"\na.png\tAB12\nsub/b.png\tx\n'),
        ("labels.csv", "file|label|who, when\na.png|AB12|me\nsub/b.png|x\n"),
        ("labels.tsv", "file\tlabel\na.png\tAB12\nsub/b.png\tx\n"),
        ("Labels.CSV", "FILE,Label\na.png,AB12\nsub/b.png,x\n"),
        ("labels.csv", "File Name,TEXT\na.png,AB12\nsub/b.png,x\n"),
        ("labels.csv", "filename,text\na.png,AB12\nsub/b.png,x\n"),
        ("labels.csv", "Image,Transcription\na.png,AB12\nsub/b.png,x\n"),
        ("labels.csv", "path,label,length\na.png,AB12,4\nsub\\b.png,x,1\n"),
        ("labels.csv", "file,text,label\na.png,read,AB12\nsub/b.png,,x\n"),
        ("metadata.csv", "file_name,text,colour\na.png,AB12,red\nsub/b.png,x,blue\n"),
        ("metadata.csv", "file_name,label,text,image\na.png,1,AB12,0\nsub/b.png,2,x,0\n"),
        ("metadata.jsonl", '{"file_name": "a.png", "text": "AB12"}\n\n{"text": "x", "file_name": "sub/b.png"}'),
        ("labels.jsonl", '{"id": 1, "File": "a.png", "label": "AB12"}\n{"image": "sub/b.png", "text": "x"}'),
        ("Label.txt", "a.png\tAB12\nsub/b.png\tx\n"),
        ("labels.txt", "file;label\na.png;AB12\nsub/b.png;x\n"),
        ("rec_gt.txt", "\ufeffa.png\tAB12\r\n\r\nsub/b.png\tx\r\n"),
        ("captcha_gt.txt", "a.png\tAB12\nsub/b.png\tx\n"),
        ("GT_1.TXT", "a.png\tAB12\nsub/b.png\tx\n"),
    ],
)
def test_label_files(tmp_path: Path, label_file: str, content: str) -> None:
    touch(tmp_path, "a.png", "sub/b.png", "not_named.png")
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        mark = "" if encoding == "utf-8" or content.startswith("\ufeff") else "\ufeff"
        (tmp_path / label_file).write_bytes((mark + content).encode(encoding))
        found = folder_to_samples(tmp_path)
        assert found.samples == (Sample(tmp_path / "a.png", "AB12"), Sample(tmp_path / "sub/b.png", "x"))
        assert (found.problems, found.remarks, found.source) == ((), (), label_file)


def test_label_files_count_in_the_order_stated(tmp_path: Path) -> None:
    touch(tmp_path, "name.png")
    contents = {
        "labels.csv": "file,label\nname.png,1",
        "labels.tsv": "file\tlabel\nname.png\t2",
        "Metadata.csv": "file_name,text\nname.png,3",
        "metadata.jsonl": '{"file_name": "name.png", "text": "4"}',
        "labels.jsonl": '{"file_name": "name.png", "text": "5"}',
        "Label.txt": "name.png\t6",
        "labels.txt": "name.png\t7",
        "rec_gt.txt": "name.png\t8",
        "rec_gt_train.txt": "name.png\t9",
        "a_gt.txt": "name.png\t10",
        "rec_gt_test.txt": "name.png\t11",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "lengths.txt").write_text("name.png\t12")
    (tmp_path / "label.txt").mkdir()
    for expected, name in enumerate(contents, start=1):
        assert [path.name for path in find_label_files(tmp_path)] == list(contents)[expected - 1 :]
        found = folder_to_samples(tmp_path)
        assert [sample.text for sample in found.samples] == [str(expected)]
        unused = f"label files that are not used, as {name} is there: {len(contents) - expected}"
        assert found.remarks == ((unused,) if expected < len(contents) else ())
        assert labels_of(tmp_path, r"(am)") == {"name.png": "am"}
        (tmp_path / name).unlink()
    assert labels_of(tmp_path) == {"name.png": "name"}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_solve_wrote_is_read_but_for_rows_without_a_text(tmp_path: Path, form: str) -> None:
    touch(tmp_path / "captchas", "a.png", "b.png", "c.png", "d.png")
    names = ("file", "text", "confidence", "status", "error")
    rows = [
        ("captchas/a.png", "X1", "0.9831", "read", ""),
        ("captchas/b.png", "", "0.1", "unsure", ""),
        ("captchas/c.png", " ", "", "unreadable", "captchas/c.png: is no image"),
        ("gone.png", "Q", "0.9", "read", ""),
    ]
    csv = "\n".join(",".join(row) for row in (names, *rows))
    jsonl = "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    (tmp_path / f"captchas/labels.{form}").write_text({"csv": csv, "jsonl": jsonl}[form])
    found = folder_to_samples(tmp_path / "captchas")
    assert found.samples == (Sample(tmp_path / "captchas/a.png", "X1"),)
    assert found.remarks == ("rows without a text, left out: 2",)
    assert [type(problem) for problem in found.problems] == [NotFoundError]


def test_boxes_of_the_paddle_label_tool_are_joined_left_to_right(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png", "c.png")
    boxes = [
        {"transcription": "12", "points": [[40, 1], [60, 1], [60, 9], [30, 9]]},
        {"transcription": "AB", "points": [[29, 1], [70, 1], [50, 9], [40, 9]]},
    ]
    lines = [f"a.png\t{json.dumps(boxes)}", f"b.png\t{json.dumps(boxes[:1])}", "c.png\t[x"]
    (tmp_path / "Label.txt").write_text("\n".join(lines))
    assert labels_of(tmp_path) == {"a.png": "AB12", "b.png": "12", "c.png": "[x"}


# --- what is wrong with one line, or with all --------------------------------------------------------------

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("label_file", "lines", "kind", "message"),
    [
        ("labels.csv", ["file,label", "a.png,A", "gone.png,B"], NotFoundError, "line 3 names 'gone.png'"),
        ("labels.csv", ["file,label", ",B", "a.png,A"], NotFoundError, "line 2 names '', which does not exist"),
        ("labels.csv", ["file,label", "a.png,A", "b.png, "], NoLabelsError, "line 3 has no label for b.png"),
        ("labels.csv", ["file,label", "a.png,A", "b.png,\u200b"], NoLabelsError, "line 3 has no label for b.png"),
        ("labels.csv", ["file,label", "a.png,A", "b.png"], NoLabelsError, "line 3 has 1 of 2 columns"),
        ("labels.csv", ["file,label\r", "a.png,A\r", "b.png\r"], NoLabelsError, "line 3 has 1 of 2 columns"),
        ("labels.csv", ["label,n,file", "A,1,a.png", "B,2"], NoLabelsError, "line 3 has 2 of 3 columns; correct"),
        ("labels.csv", ["file,n,label", "a.png,1,A", "b.png,2"], NoLabelsError, "line 3 has 2 of 3 columns"),
        (
            "labels.csv",
            ["file,label", "a.png,A", 'b.png,"x', 'y"'],
            NoLabelsError,
            "line 4 has 'x\\ny' for b.png, with a",
        ),
        (
            "labels.csv",
            ["file,label", "a.png,A", "b.png,Y\x01"],
            NoLabelsError,
            "line 3 has 'Y\\x01' for b.png, with a c",
        ),
        ("labels.csv", ["file,label", "a.png,A", "a.png,B"], NoLabelsError, "line 3 has 'B' for a.png, but "),
        (
            "labels.csv",
            ["file,confidence,label", "a.png,1,A", "b.png,1,"],
            NoLabelsError,
            "line 3 has no label for b.p",
        ),
        ("metadata.jsonl", ['{"file_name": "a.png", "text": "A"}', "{"], NoLabelsError, "line 2 is not an object with"),
        (
            "metadata.jsonl",
            ['{"file_name": "b.png", "text": 12}', '{"file_name": "a.png", "text": "A"}'],
            NoLabelsError,
            "line 1 is not an object with file_name and text, both strings; correct the line",
        ),
        (
            "metadata.jsonl",
            ['{"file": 1, "text": "B"}', '{"file": "a.png", "text": "A"}'],
            NoLabelsError,
            "line 1 is not",
        ),
        ("metadata.jsonl", ["[]", '{"file_name": "a.png", "text": "A"}'], NoLabelsError, "line 1 is not an"),
        ("metadata.jsonl", [DEEP, '{"file_name": "a.png", "text": "A"}'], NoLabelsError, "line 1 is not an"),
        (
            "metadata.jsonl",
            ['{"file": "a.png", "text": "A"}', '{"file": "b.png", "text": "\\ud800"}'],
            NoLabelsError,
            "line 2 has '\\ud800' for b.png, with a lone surrogate U+D800",
        ),
        ("gt.txt", ["a.png\tA", "b.png B"], NoLabelsError, "line 2 has no tab"),
        ("gt.txt", ["a.png\tA", "b.png\tB\tC"], NoLabelsError, "line 2 has 'B\\tC' for b.png, with a control"),
        ("gt.txt", ["x" * 5000 + "\tA", "a.png\tA"], NotFoundError, "line 1 names 'xxx"),
        (
            "gt.txt",
            ['b.png\t[{"transcription":5,"points":[[1,1]]}]', "a.png\tA"],
            NoLabelsError,
            "line 1 has a list of box",
        ),
        (
            "gt.txt",
            ['b.png\t[{"transcription":"Z","po', "a.png\tA"],
            NoLabelsError,
            "line 1 has a list of boxes that cannot",
        ),
        (
            "gt.txt",
            ['b.png\t[{"transcription":"Z","points":[]}]', "a.png\tA"],
            NoLabelsError,
            "line 1 has a list of box",
        ),
        (
            "gt.txt",
            ['b.png\t[{"transcription":"Z","points":[[]]}]', "a.png\tA"],
            NoLabelsError,
            "line 1 has a list of b",
        ),
        ("gt.txt", ['b.png\t[{"transcription":"Z"}]', "a.png\tA"], NoLabelsError, "line 1 has a list of boxes"),
        ("gt.txt", ['b.png\t[{"points":' + DEEP, "a.png\tA"], NoLabelsError, "line 1 has a list of boxes"),
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


@pytest.mark.parametrize(
    ("label_file", "content", "message"),
    [
        ("labels.csv", b"", "its first line is ''; it must name one column for the image and one for its text, such"),
        (
            "labels.csv",
            b"a.png,AB12\n",
            "its first line is 'a.png,AB12'; it must name one column for the image and one",
        ),
        ("labels.csv", b"x" * 2000, f"its first line is '{'x' * 1000}'; it must"),
        (
            "labels.csv",
            b"file,n,label,label\na.png,1,A,B\n",
            "its first line is 'file,n,label,label'; it must name one",
        ),
        ("labels.csv", b"image,label,text\na.png,A,B\n", "it must name one column"),
        ("labels.csv", b"image,path,text\na.png,A,B\n", "it must name one column"),
        ("labels.tsv", b"a.png\tA\n", "it must name one column"),
        (
            "labels.csv",
            b'file,label\na.png,"AB12\nb.png,X\n',
            "line 3 is not CSV (unexpected end of data); correct the l",
        ),
        ("labels.csv", b"file,label\na.png,\xff\n", "is not UTF-8 at byte 17; save it as UTF-8"),
        ("labels.csv", b"\xff\xfef\0i\0x", "is not UTF-16-LE at byte 6; save it as UTF-8"),
        ("labels.csv", b"file,label\n", "has no label that can be used"),
        ("labels.csv", b"file,label\ngone.png,A\n", "has no label that can be used; the first problem: "),
        ("metadata.jsonl", b'{"image": "a.png", "label": "A", "text": "B"}', "the first problem: "),
    ],
)
def test_label_file_that_cannot_be_used_at_all(tmp_path: Path, label_file: str, content: bytes, message: str) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / label_file).write_bytes(content)
    with pytest.raises(NoLabelsError, match=re.escape(message)) as caught:
        folder_to_samples(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / label_file}: ")


def test_label_file_without_a_line(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,label\n")
    with pytest.raises(NoLabelsError, match=r"labels\.csv: has no label that can be used$"):
        folder_to_samples(tmp_path)


def test_label_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    touch(tmp_path, "a.png")
    (tmp_path / "labels.csv").write_text("file,label\na.png,A\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(NoLabelsError, match=r"labels\.csv: cannot be read: Permission denied; check its rights"):
        folder_to_samples(tmp_path)


CASES = Path(__file__).parents[3] / "shared" / "cases" / "labels"


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("backslash.csv", {"imgs/0001.png": "X1"}),
        ("filename_text.csv", {"a.png": "X1"}),
        ("semicolon.csv", {"a.png": "X1", "b.png": "Y2"}),
        ("solve_output.csv", {"a.png": "X1"}),
        ("tab.csv", {"a.png": "X1"}),
        ("upper_header.csv", {"a.png": "X1"}),
        ("utf16.csv", {"a.png": "X1"}),
        ("zero_width.csv", {"a.png": "AB"}),
    ],
)
def test_cases(tmp_path: Path, name: str, expected: dict[str, str]) -> None:
    touch(tmp_path, "a.png", "b.png", "imgs/0001.png")
    shutil.copy(CASES / name, tmp_path / "labels.csv")
    assert labels_of(tmp_path) == expected
