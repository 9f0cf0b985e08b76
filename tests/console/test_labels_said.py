"""What the commands say of labels before they begin."""

from pathlib import Path

import pytest

from kerf.classifier.console.arguments import FolderLabels, labels_to_text, to_samples
from kerf.classifier.console.solve import watch_named
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.folders.dataset import LabelledFolder, Sample
from kerf.classifier.streams import PAUSE, Pause
from kerf.segmenter.errors import ExitCode
from tests.folders.making import touch


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal that is not entered: what it says goes to standard error as always."""
    monkeypatch.setenv("COLUMNS", "1000")
    return Terminal()


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "0.png → t0"),
        (2, "0.png → t0, 1.png → t1"),
        (3, "0.png → t0, 1.png → t1, 2.png → t2"),
        (9, "0.png → t0, 4.png → t4, 8.png → t8"),
        (10, "0.png → t0, 5.png → t5, 9.png → t9"),
    ],
)
def test_three_labels_are_shown(count: int, shown: str) -> None:
    samples = tuple(Sample(Path(f"captchas/{n}.png"), f"t{n}") for n in range(count))
    found = LabelledFolder(samples, (), "labels.csv")
    assert labels_to_text(Path("captchas"), found) == f"{count} labels from captchas, labels.csv: {shown}"


def test_images_outside_of_the_folder_are_shown_with_their_path() -> None:
    found = LabelledFolder(
        (Sample(Path("data/other/a.png"), "A"), Sample(Path("data/train/b/c.png"), "B")), (), "rec_gt.txt"
    )
    shown = "data/other/a.png → A, b/c.png → B"
    assert labels_to_text(Path("data/train"), found) == f"2 labels from data/train, rec_gt.txt: {shown}"


def test_where_labels_come_from_is_said_before_what_is_wrong(
    tmp_path: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / "labels.csv").write_text("file,label\ngone.png,B\na.png,\u200bA\n")
    assert to_samples(tmp_path, None, terminal) == (Sample(tmp_path / "a.png", "A"),)
    assert terminal.exit_code == ExitCode.NOT_FOUND
    said = capsys.readouterr()
    assert said.out == ""
    source, remark, problem = said.err.splitlines()
    assert source == f"1 labels from {tmp_path}, labels.csv: a.png → A"
    assert remark == "labels with zero-width characters, which were dropped: 1"
    assert problem.startswith(f"kerf: error: {tmp_path}/labels.csv: line 2 names 'gone.png'")


def test_labels_of_folders_and_of_the_folders_that_files_are_in(
    tmp_path: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "one/AB12.png", "one/CD34.png", "two/EF56.png")
    expected = {tmp_path / "one/AB12.png": "AB12", tmp_path / "one/CD34.png": "CD34", tmp_path / "two/EF56.png": "EF56"}
    labels = FolderLabels(terminal)
    for name in ("one/AB12.png", "two", "one"):
        labels.add(tmp_path / name)
    assert labels.texts == expected
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"2 labels from {tmp_path}/one",
        f"1 labels from {tmp_path}/two",
    ]


def test_labels_of_what_standard_input_names_are_read_as_it_comes_and_their_faults_are_no_end(
    tmp_path: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "one/AB12.png", "one/CD34.png", "two/1.png", "three/EF56.png")
    labels = FolderLabels(terminal)
    named: list[Path | Pause] = [PAUSE, *(tmp_path / name for name in ("one/AB12.png", "one", "two", "two", "three"))]
    watched = watch_named(iter(named), None, labels, terminal)
    assert [next(watched), next(watched)] == named[:2]
    assert sorted(labels.texts.values()) == ["AB12", "CD34"]
    assert list(watched) == named[2:]
    assert sorted(labels.texts.values()) == ["AB12", "CD34", "EF56"]
    told = [line.split(":")[0:2] for line in capsys.readouterr().err.splitlines()]
    assert [line[0] for line in told if "labels from" in line[0]] == [
        f"2 labels from {tmp_path}/one, file names",
        f"1 labels from {tmp_path}/three, file names",
    ]
    assert told.count(["kerf", " error"]) == 1
    assert terminal.exit_code == ExitCode.NO_LABELS
