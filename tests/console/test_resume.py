"""Going on with the rows of a run that was stopped."""

import io
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kerf.classifier.console import resume
from kerf.classifier.console.option_groups import RowSettings
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.resume import EarlierRows, Remaining
from kerf.classifier.console.rows import Row, Status, write_rows
from kerf.classifier.streams import PAUSE
from kerf.segmenter.errors import ExitCode, OutputError
from tests.conftest import Here
from tests.running import ENVIRONMENT, csv_rows

ROW = Row("", "A7", 0.9, Status.READ, "", (), (), "", None)
NAMES = ["a.png", 'b "1",2.png', "c\nd\n.png", "e\r.png", "\udcff é 字.png", "f.png"]
FORMATS = (RowFormat.CSV, RowFormat.JSONL)


def to_rows(names: Sequence[str], row_format: RowFormat, settings: RowSettings | None = None) -> bytes:
    """Rows of images as `solve` writes them."""
    stream = io.StringIO()
    write_rows((replace(ROW, file=name) for name in names), settings or RowSettings(), row_format, stream)
    return stream.getvalue().encode("utf-8", "surrogateescape")


def earlier_of(out: Path, row_format: RowFormat) -> EarlierRows:
    return EarlierRows(out, RowSettings().columns, row_format)


# --- the rows that are there -------------------------------------------------------------------------------


@pytest.mark.parametrize("row_format", FORMATS)
def test_wherever_writing_was_cut_off_the_whole_rows_count(row_format: RowFormat, tmp_path: Path) -> None:
    ends = [len(to_rows(NAMES[:n], row_format)) for n in range(len(NAMES) + 1)]  # of the header, of each row
    data, partial = to_rows(NAMES, row_format), tmp_path / "x.partial"
    for size in range(len(data) + 1):
        partial.write_bytes(data[:size])
        earlier = earlier_of(tmp_path / "x", row_format)
        whole = [n for n, end in enumerate(ends) if end <= size]
        assert list(earlier.images()) == NAMES[: max(whole, default=0)]
        assert (earlier.count, earlier.size) == ((whole[-1], ends[whole[-1]]) if whole else (0, 0))
        earlier.open_again()
        assert partial.read_bytes() == data[: earlier.size]


@pytest.mark.parametrize("row_format", FORMATS)
def test_the_rows_are_those_of_the_stopped_run_or_else_of_the_whole_one(row_format: RowFormat, tmp_path: Path) -> None:
    out, partial = tmp_path / "x.csv", tmp_path / "x.csv.partial"
    assert earlier_of(out, row_format).file is None
    assert EarlierRows(None, ("file",), row_format).file is None
    assert list(earlier_of(out, row_format).images()) == []
    out.write_bytes(to_rows(NAMES[:2], row_format))
    partial.write_bytes(b"")
    earlier = earlier_of(out, row_format)
    assert (earlier.file, list(earlier.images())) == (out, NAMES[:2])
    earlier.open_again()
    assert (earlier.file, out.exists()) == (partial, False)
    assert partial.read_bytes() == to_rows(NAMES[:2], row_format)
    out.write_bytes(b"other")
    assert list(earlier_of(out, row_format).images()) == NAMES[:2]


@pytest.mark.parametrize(
    ("row_format", "data", "what"),
    [
        (RowFormat.CSV, b"file,label\na.png,A\n", "it is"),
        (RowFormat.CSV, b"anything\n", "it is"),
        (RowFormat.CSV, to_rows(["a"], RowFormat.JSONL), "it is"),
        (RowFormat.CSV, to_rows(["a"], RowFormat.CSV, RowSettings(best=2)), "it is"),
        (RowFormat.CSV, to_rows(["a", "b"], RowFormat.CSV) + b"c.png,A\n", "its row 3 is"),
        (RowFormat.CSV, to_rows(["a"], RowFormat.CSV) + b'"c"d,,,,\nd.png,,,,\n', "its row 2 is"),
        (RowFormat.JSONL, to_rows(["a"], RowFormat.CSV), "it is"),
        (RowFormat.JSONL, to_rows(["a"], RowFormat.JSONL, RowSettings(check=True)), "it is"),
        (RowFormat.JSONL, to_rows(["a"], RowFormat.JSONL) + b"7\n", "its row 2 is"),
    ],
)
def test_a_file_of_something_else_is_refused_and_stays(
    row_format: RowFormat, data: bytes, what: str, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(data)
    said = (
        f"{tmp_path}/x: {what} not of a run with these options, whose columns are file,text,confidence,status,error; "
    )
    with pytest.raises(OutputError, match="choose another --out") as refused:
        list(earlier_of(tmp_path / "x", row_format).images())
    assert str(refused.value).startswith(said)
    assert (tmp_path / "x").read_bytes() == data


# --- the images that have none -----------------------------------------------------------------------------


def left_of(names: Sequence[str], rows: Sequence[str], folder: Path) -> tuple[list[str], Remaining]:
    """Compare images, a pause after each, with rows; return those left, by name."""
    (folder / "x.partial").write_bytes(to_rows([str(folder / row) for row in rows], RowFormat.CSV))
    for name in names:
        (folder / name).touch()
    images = (item for name in names for item in (folder / name, PAUSE))
    remaining = Remaining(images, earlier_of(folder / "x", RowFormat.CSV))
    return [item.name for item in remaining if isinstance(item, Path)], remaining


@pytest.mark.parametrize("done", range(5))
def test_what_has_no_row_is_left(done: int, tmp_path: Path) -> None:
    left, remaining = left_of("abcd", "abcd"[:done], tmp_path)
    assert left == list("abcd"[done:])
    assert (remaining.done, remaining.gone, remaining.late) == (done, 0, {})
    assert remaining.summary() == f"going on after {done} rows of {tmp_path / 'x.partial'}"


def test_an_image_named_twice_has_two_rows(tmp_path: Path) -> None:
    assert left_of("aaba", "aa", tmp_path)[0] == ["b", "a"]


def test_rows_of_images_that_are_gone_stay(tmp_path: Path) -> None:
    left, remaining = left_of("bdef", "abcd", tmp_path)
    assert left == ["e", "f"]
    assert (remaining.done, remaining.gone) == (2, 2)
    assert remaining.summary().endswith("; 2 of them are of images that are gone, and stay")
    assert left_of("b", "bc", tmp_path)[0] == []


def test_images_that_have_come_since_are_read_last(tmp_path: Path) -> None:
    left, remaining = left_of("abcdef", "bd", tmp_path)
    assert left == ["e", "f", "a", "c"]
    assert remaining.done == 2
    assert remaining.summary().endswith("; 2 images that have come since are read last")
    for more in range(4):  # and again, where that run was stopped too
        again, remaining = left_of("abcdef", "bdefac"[: 2 + more], tmp_path)
        assert again == left[more:]
        assert remaining.done == 2 + more


def test_rows_of_other_images_or_in_another_order_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "z").touch()
    for names, rows in (("abc", "az"), ("abc", "z"), ("abc", "yw"), ("a", "aza"), ("abc", "ba" + "c" + "b")):
        with pytest.raises(OutputError, match="which is not among the images or not in their order; name the images"):
            left_of(names, rows, tmp_path)
    monkeypatch.setattr(resume, "MOST_LATE", 2)
    assert left_of("abcd", "c", tmp_path)[0] == ["d", "a", "b"]
    with pytest.raises(OutputError, match=rf"x.partial: its row 1 is of {tmp_path}/d, which is not among"):
        left_of("abcd", "d", tmp_path)


# --- the command -------------------------------------------------------------------------------------------


def test_only_a_file_of_rows_can_be_gone_on_with(here: Here, captchas: Path, tmp_path: Path) -> None:
    for options in ((), ("--out", "/dev/null"), ("--out", tmp_path / "x", "--format", "table")):
        answer = here("solve", captchas, "--resume", *options)
        assert (answer.code, answer.err.count("\n")) == (ExitCode.SETTINGS, 1)
        assert "give --out FILE, and --format csv or jsonl" in answer.err
    (tmp_path / "x").write_text("mine\n")
    answer = here("solve", captchas, "--resume", "--out", tmp_path / "x")
    assert (answer.code, (tmp_path / "x").read_text()) == (ExitCode.OUTPUT, "mine\n")


def test_a_whole_file_is_gone_on_with_when_images_come(
    here: Here, trained: Path, captchas: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "images", tmp_path / "rows.csv"
    folder.mkdir()
    options = ("--model", trained, "--out", out, "--resume")
    images = sorted(captchas.glob("*.png"))[:3]
    for count, said in ((2, "2 images: 2 read"), (2, "0 images"), (3, "1 images: 1 read")):
        for image in images[:count]:
            shutil.copy(image, folder)
        answer = here("solve", folder, *options)
        assert (answer.code, answer.err.splitlines()[-1]) == (0, said)
    assert [Path(row["file"]).name for row in csv_rows(out.read_text())] == [image.name for image in images]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["rows.csv"]


STEADY = """
import sys, time
import kerf.segmenter.sources
inner = kerf.segmenter.sources.path_to_picture
def steady(path, settings):
    time.sleep(0.02)
    return inner(path, settings)
kerf.segmenter.sources.path_to_picture = steady
import kerf.classifier.recognizer
kerf.classifier.recognizer.Recognizer.read_many.__kwdefaults__["batch_size"] = 3
import kerf.cli
kerf.cli.main()
"""


def wait_for_lines(path: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a file has so many lines."""
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert process.poll() is None, "it ended by itself"
        time.sleep(0.005)


@pytest.mark.process
@pytest.mark.parametrize(("row_format", "moments"), [(RowFormat.CSV, (1, 20, 47)), (RowFormat.JSONL, (25,))])
def test_a_run_that_was_killed_goes_on_to_the_same_rows(
    row_format: RowFormat, moments: Sequence[int], trained: Path, captchas: Path, tmp_path: Path
) -> None:
    folder, images = tmp_path / "images", sorted(captchas.glob("*.png"))
    folder.mkdir()
    for number in range(70):
        (folder / f"{number}.png").symlink_to(images[number % len(images)])
    (folder / "33.png").unlink()
    (folder / "33.png").write_bytes(b"broken")
    command = [sys.executable, "-c", STEADY, "solve", str(folder), "--model", str(trained)]
    command += ["--format", row_format.value, "--jobs", "2", "--out"]
    whole, out = tmp_path / "whole", tmp_path / "out"
    subprocess.run([*command, str(whole)], env=ENVIRONMENT, capture_output=True, check=False)
    for rows in moments:
        with subprocess.Popen([*command, str(out), "--resume"], stderr=subprocess.DEVNULL, env=ENVIRONMENT) as process:
            wait_for_lines(tmp_path / "out.partial", rows, process)
            process.send_signal(signal.SIGKILL)
        assert not out.exists()
        with (tmp_path / "out.partial").open("ab") as stream:
            stream.write(b'"half')
    end = subprocess.run([*command, str(out), "--resume"], env=ENVIRONMENT, capture_output=True, check=False)
    assert end.returncode == (ExitCode.UNREADABLE_IMAGE if b"33.png" in end.stderr else 0)
    assert out.read_bytes() == whole.read_bytes()
    assert whole.read_bytes().count(b"\n") == 70 + (row_format is RowFormat.CSV)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "out", "whole"]


@pytest.mark.process
def test_rows_appear_as_paths_arrive(trained: Path, captchas: Path) -> None:
    images = sorted(captchas.glob("*.png"))
    command = [sys.executable, "-c", "import kerf.cli; kerf.cli.main()", "solve", "-", "--model", str(trained)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for place, name in enumerate([images[0], images[1], captchas / "gone.png", images[2]]):
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
            if place == 0:
                assert process.stdout.readline().startswith(b"file,text,")
            assert process.stdout.readline().startswith(f"{name},".encode())  # would wait for ever if it waited
        process.stdin.write(f"{captchas}\n".encode())
        process.stdin.flush()
        assert [process.stdout.readline().split(b",")[0] for _ in images] == [str(i).encode() for i in images]
        process.stdin.close()
        assert process.stdout.read() == b""
        assert b"gone.png" in process.stderr.read()
        assert process.wait(60) == ExitCode.UNREADABLE_IMAGE
