"""Where labels come from beside label files, and which images a label file may name."""

import re
from pathlib import Path

import pytest

from kerf.classifier.folders.claims import MANY_FOLDERS
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.segmenter.errors import NoLabelsError
from tests.folders.making import labels_of, to_labels, touch

# --- which images a label file may name --------------------------------------------------------------------


def write_labels(folder: Path, *names: str, label_file: str = "labels.csv") -> None:
    """A label file that names images, with the texts 1, 2, ..."""
    if label_file.endswith(".csv"):
        lines = ["file,label", *(f"{name},{text}" for text, name in enumerate(names, start=1))]
    else:
        lines = [f"{name}\t{text}" for text, name in enumerate(names, start=1)]
    (folder / label_file).write_text("\n".join(lines))


@pytest.mark.parametrize("label_file", ["labels.csv", "rec_gt.txt"])
@pytest.mark.parametrize(
    "name",
    ["a.png", "./a.png", "sub/../a.png", "train/a.png", "x/train/a.png", ".\\a.png", "train\\a.png", "{folder}/a.png"],
)
def test_images_in_the_folder_however_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, label_file: str
) -> None:
    folder = tmp_path / "x/train"
    touch(folder, "a.png", "sub/b.png")
    write_labels(folder, name.format(folder=folder), label_file=label_file)
    monkeypatch.chdir(tmp_path)
    assert folder_to_samples(folder).samples == (Sample(folder / "a.png", "1"),)
    assert folder_to_samples(Path("x/train")).samples == (Sample(Path("x/train/a.png"), "1"),)
    monkeypatch.chdir(folder)
    if not name.startswith("x/"):
        assert folder_to_samples(Path()).samples == (Sample(Path("a.png"), "1"),)


def test_file_whose_name_has_a_backslash_is_itself(tmp_path: Path) -> None:
    touch(tmp_path, "sub\\a.png", "sub/a.png")
    write_labels(tmp_path, "sub\\a.png")
    assert labels_of(tmp_path) == {"sub\\a.png": "1"}


def test_folder_that_is_a_link_is_the_folder_named_and_so_is_what_it_links_to(tmp_path: Path) -> None:
    touch(tmp_path, "real/a.png", "elsewhere.png")
    (tmp_path / "real/b.png").symlink_to(tmp_path / "elsewhere.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_labels(tmp_path / "real", "link/a.png", str(tmp_path / "real/b.png"))
    assert labels_of(tmp_path / "link") == {"a.png": "1", "b.png": "2"}


@pytest.mark.parametrize(
    "name", ["../outside.png", "{above}/outside.png", "other/b.png", "/etc/hostname", "..\\outside.png"]
)
def test_images_outside_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "train/a.png", "other/b.png", "outside.png")
    write_labels(tmp_path / "train", name.format(above=tmp_path), "a.png")
    found = folder_to_samples(tmp_path / "train")
    assert to_labels(found, tmp_path / "train") == {"a.png": "2"}
    (problem,) = found.problems
    assert type(problem) is NoLabelsError
    assert str(problem) == (
        f"{tmp_path}/train/labels.csv: line 2 names {name.format(above=tmp_path)!r}, which is outside of "
        f"{tmp_path}/train; "
        "move labels.csv to a folder that has all images below it, and name that folder"
    )


def test_paddle_names_images_from_the_folder_above(tmp_path: Path) -> None:
    touch(tmp_path, "data/train/a.png", "data/other/b.png", "outside.png")
    write_labels(tmp_path / "data/train", "train/a.png", "other/b.png", "../../outside.png", label_file="rec_gt.TXT")
    found = folder_to_samples(tmp_path / "data/train")
    assert to_labels(found, tmp_path / "data") == {"train/a.png": "1", "other/b.png": "2"}
    (problem,) = found.problems
    assert "line 3 names '../../outside.png', which is outside of" in str(problem)


def test_folder_and_pipe_are_no_images(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png/c.png")
    write_labels(tmp_path, "a.png", "b.png")
    (problem,) = folder_to_samples(tmp_path).problems
    assert "line 3 names 'b.png', which does not exist; correct or remove the line" in str(problem)


# --- a text file beside each image -------------------------------------------------------------------------


def test_text_files_beside_the_images(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png", "sub/c.v2.png", "d.png", "e.png", "f.png", "g.png")
    (tmp_path / "a.gt.txt").write_text("AB 12\n")
    (tmp_path / "a.txt").write_text("what was read")
    (tmp_path / "b.txt").write_bytes("\ufeff\r\n CD \r\n".encode())
    (tmp_path / "sub/c.v2.gt.txt").write_text("EF")
    (tmp_path / "e.txt").write_text("one\n\ntwo")
    (tmp_path / "f.txt").write_text("\n")
    (tmp_path / "g.txt").write_bytes(b"\xff")
    found = folder_to_samples(tmp_path)
    assert to_labels(found, tmp_path) == {"a.png": "AB 12", "b.png": "CD", "sub/c.v2.png": "EF"}
    assert found.source == "text files beside the images"
    assert found.remarks == ("images without a text beside them, left out: 1",)
    assert [str(problem) for problem in found.problems] == [
        f"{tmp_path}/e.txt: has 2 lines; leave the one that is the text of e.png",
        f"{tmp_path}/f.txt has no label for f.png; write one or remove it",
        f"{tmp_path}/g.txt: is not UTF-8 at byte 0; save it as UTF-8",
    ]


def test_text_files_that_belong_to_no_image_are_none(tmp_path: Path) -> None:
    touch(tmp_path, "AB12.png", "notes.txt", "AB12.text")
    (tmp_path / "AB12.txt").mkdir()
    assert labels_of(tmp_path) == {"AB12.png": "AB12"}


COMMON = ["data", "images", "img", "imgs", "test", "Train", "training", "val", "valid", "validation"]

# --- a folder a text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ["AB12/1.png", "AB12/2.png", "CD34/1.png"],
        ["AB12/1.png", "CD34/1.png"],
        ["0744/img1.png", "0744/img2.png", "1885/img3.png"],
        ["AB12/x.png", "CD34/x.png"],
        ["0/00001.png", "1/00002.png", "2/00003.png", "a/00004.png"],
        ["0/00001.png", "1/00002.png", "2/00003.png"],
    ],
)
def test_one_folder_a_text(tmp_path: Path, names: list[str]) -> None:
    touch(tmp_path, *names)
    found = folder_to_samples(tmp_path)
    assert to_labels(found, tmp_path) == {name: name.split("/")[0] for name in names}
    assert (found.source, found.problems, found.remarks) == ("names of the folders", (), ())


@pytest.mark.parametrize(
    "names",
    [
        *([f"{name}/1.png", "AB12/2.png"] for name in COMMON),
        ["AB12/1.png", "AB12/2.png"],
        ["AB12/1.png", "CD34/2.png", "3.png"],
        ["AB12/x/1.png", "CD34/x/2.png"],
        ["batch1/1.png", "batch2/2.png"],
        ["01/1.png", "02/2.png"],
    ],
)
def test_folders_that_are_no_texts(tmp_path: Path, names: list[str]) -> None:
    touch(tmp_path, *names)
    with pytest.raises(NoLabelsError, match=f"^{re.escape(str(tmp_path))}: its file names look like running numbers"):
        folder_to_samples(tmp_path)


def test_folders_that_say_two_things_of_one_image_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "AB12/1.png", "CD34/2.png")
    (tmp_path / "CD34/2.png").write_bytes((tmp_path / "AB12/1.png").read_bytes())
    (problem,) = folder_to_samples(tmp_path).problems
    said = f"{tmp_path}/CD34/2.png has 'CD34' for 2.png, but {tmp_path}/AB12/1.png has 'AB12' for 1.png, which is"
    assert str(problem).startswith(said)


def test_texts_in_few_folders_are_the_file_names(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{folder}/{text}.png" for folder in ("red", "blue") for text in ("AB12", "XK3P")))
    found = folder_to_samples(tmp_path)
    assert to_labels(found, tmp_path)["red/AB12.png"] == "AB12"
    assert found.source == "file names"


def test_texts_in_many_folders_are_ambiguous(tmp_path: Path) -> None:
    folders = [f"{letter}{place * 7 % 10}" for place, letter in enumerate("QWERTYUIOP")]
    names = [f"{folder}/x{(place + 3) ** 3}y.png" for place, folder in enumerate(folders)]
    touch(tmp_path, *names[:-1])
    assert len(names) == MANY_FOLDERS
    assert set(labels_of(tmp_path).values()) == {Path(name).stem for name in names[:-1]}
    touch(tmp_path, names[-1])
    message = "both its folders, such as E4, and the files in them, such as x125y.png, have names that could be texts"
    with pytest.raises(NoLabelsError, match=f"^{re.escape(str(tmp_path))}: {message}; write labels.csv, or give"):
        folder_to_samples(tmp_path)
    assert labels_of(tmp_path, "(.+)")[names[0]] == Path(names[0]).stem


# --- file names --------------------------------------------------------------------------------------------


def test_file_names(tmp_path: Path) -> None:
    touch(tmp_path, "AB12.png", "AB12_0007.jpg", "sub/x.y.gif", "AB_cd.png", "_7.png", "AB12 (1).png", "AB12-2.png")
    found = folder_to_samples(tmp_path)
    assert to_labels(found, tmp_path) == {"AB12.png": "AB12", "AB12_0007.jpg": "AB12", "sub/x.y.gif": "x.y"}
    assert (found.source, found.remarks) == ("file names", ())
    no_label = "its name has no label; rename it, write labels.csv or give --label-pattern"
    assert [str(problem) for problem in found.problems] == [
        f"{tmp_path}/AB12 (1).png: {no_label}",
        f"{tmp_path}/AB12-2.png: looks like one more of AB12; rename it to AB12_2",
        f"{tmp_path}/AB_cd.png: {no_label}",
        f"{tmp_path}/_7.png: {no_label}",
    ]


def test_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "AB12.png", "XK3P\udcff.png")
    (problem,) = folder_to_samples(tmp_path).problems
    assert str(problem).startswith(f"{tmp_path}/XK3P\udcff.png has 'XK3P\\udcff' for ")
    assert "with a lone surrogate U+DCFF" in str(problem)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"_([a-z]+)$", {"0001_abc.png": "abc"}),
        (r"^(\d+)", {"0001_abc.png": "0001", "7-2.png": "7", "7.png": "7"}),
        (r"7-(.)", {"7-2.png": "2"}),
    ],
)
def test_label_pattern_overrides_all_else(tmp_path: Path, pattern: str, expected: dict[str, str]) -> None:
    touch(tmp_path, "0001_abc.png", "7-2.png", "7.png")
    (tmp_path / "labels.csv").write_text("file,label\n7-2.png,other\n")
    (tmp_path / "7-2.txt").write_text("another")
    assert labels_of(tmp_path, pattern) == expected
    assert folder_to_samples(tmp_path, pattern).source == "file names"
    assert len(folder_to_samples(tmp_path, pattern).problems) == 3 - len(expected)
    with pytest.raises(
        NoLabelsError, match=f"^{re.escape(str(tmp_path))}: has no label.*0001_abc.png: its name has no"
    ):
        folder_to_samples(tmp_path, "(z)")


def test_names_are_not_labels_where_a_label_file_lies_below(tmp_path: Path) -> None:
    touch(tmp_path, "train/00000.png")
    write_labels(tmp_path / "train", "00000.png")
    message = f"{tmp_path}: has no label file, but {tmp_path}/train/labels.csv is below it; name that folder"
    with pytest.raises(NoLabelsError, match=f"^{re.escape(message)}$"):
        folder_to_samples(tmp_path)
    assert labels_of(tmp_path / "train") == {"00000.png": "1"}
