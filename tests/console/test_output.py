"""Nothing of a user's is lost by what a command writes."""

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from kerf.classifier.console import named
from kerf.classifier.console.output_file import STDOUT_NAMES, check_output_file, open_partial
from kerf.classifier.console.terminal import terminal_session
from kerf.classifier.streams import PAUSE
from kerf.segmenter.errors import ExitCode, OutputError
from tests.conftest import Here


def write(path: Path | None, text: str = "rows\n") -> int:
    """Write data as a command does; return the exit code."""
    try:
        with terminal_session(quiet=False) as terminal, terminal.output(path) as stream:
            stream.write(text)
    except typer.Exit as end:
        return end.exit_code
    return 0


@contextmanager
def stdout_into(path: str | Path) -> Iterator[None]:
    """Let this process's standard output be a file."""
    saved, file = os.dup(1), os.open(path, os.O_WRONLY)
    os.dup2(file, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(file)


# --- solve and eval ----------------------------------------------------------------------------------------


def test_an_input_is_refused_as_output(here: Here, captchas: Path, tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    image.write_bytes(content := next(captchas.glob("*.png")).read_bytes())
    (tmp_path / "link.csv").symlink_to(image)
    model = tmp_path / "model.safetensors"
    model.write_bytes(b"weights")
    for out in (image, tmp_path / "link.csv", model, tmp_path / ".." / tmp_path.name / "a.png"):
        answer = here("solve", image, "--model", model, "--out", out)
        assert answer.code == ExitCode.OUTPUT
        assert answer.err == f"kerf: error: {out}: is an input, and would be lost; choose another --out\n"
    assert image.read_bytes() == content
    assert model.read_bytes() == b"weights"


def test_no_image_is_replaced_and_no_label_file_that_is_read(here: Here, mixed: Path) -> None:
    before = contents(mixed)
    for command, out, what in (
        (("solve", mixed), "a.png", "an image"),
        (("solve", mixed), "b.png", "an image"),
        (("solve", mixed, "--check"), "labels.csv", "an input"),
        (("solve", mixed / "a.png", "--check"), "labels.csv", "an input"),
        (("train-char", mixed), "labels.csv", "an input"),
        (("train-char", mixed), "a.png", "an image"),
    ):
        answer = here(*command, "--out", mixed / out)
        assert answer.code == ExitCode.OUTPUT
        assert f"error: {mixed / out}: is {what}, and would be lost; choose another --out\n" in answer.err
    assert contents(mixed) == before


def test_the_text_beside_an_image_is_not_replaced_where_it_is_read(here: Here, captchas: Path, tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    image.write_bytes(next(captchas.glob("*.png")).read_bytes())
    for name in ("a.txt", "a.gt.txt"):
        (out := tmp_path / name).write_text("AB")
        for command in (("solve", image, "--check"), ("solve", tmp_path, "--check"), ("train-char", tmp_path)):
            answer = here(*command, "--out", out)
            assert answer.code == ExitCode.OUTPUT
            assert answer.err == f"kerf: error: {out}: is an input, and would be lost; choose another --out\n"
        assert out.read_text() == "AB"
    (other := tmp_path / "b.txt").write_text("earlier rows")  # of no image
    assert here("solve", image, "--check", "--out", other).code == ExitCode.OK
    assert here("solve", image, "--out", tmp_path / "a.gt.txt").code == ExitCode.OK


def test_what_standard_input_names_is_not_replaced(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("mine")
    (tmp_path / "labels.csv").write_text("file,label\na,A\n")
    monkeypatch.setattr(named, "read_paths", lambda _: iter([PAUSE, tmp_path / "a"]))
    answer = here("solve", "-", "--out", tmp_path / "a")
    assert answer.code == ExitCode.OUTPUT
    assert answer.err == f"kerf: error: {tmp_path / 'a'}: is an input, and would be lost; choose another --out\n"
    assert contents(tmp_path)["a"] == b"mine"


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "far" / "rows.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    for text in ("new\n", "again\n"):  # first it leads nowhere yet
        assert write(link, text) == 0
        assert link.is_symlink()
        assert target.read_text() == text
    assert [path.name for path in target.parent.iterdir()] == ["rows.csv"]


def test_the_permissions_of_a_file_that_is_replaced_stay(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    out.write_text("old")
    out.chmod(0o600)
    assert write(out) == 0
    assert (out.read_text(), out.stat().st_mode & 0o777) == ("rows\n", 0o600)


def test_what_is_no_regular_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"  # never a real device: were this to fail, run as root, the machine would lose it
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    assert write(pipe) == 0
    reader.join(10)
    assert read == ["rows\n"]
    assert pipe.is_fifo()


def test_names_of_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "/dev/stdout" in STDOUT_NAMES
    name = tmp_path / "stdout"  # in the place of the real one, which must not be lost if this fails
    monkeypatch.setattr("kerf.classifier.console.terminal.STDOUT_NAMES", {str(name)})
    assert write(name) == 0
    assert capfd.readouterr() == ("rows\n", "")
    assert not name.exists()


def test_rows_of_a_stopped_run_are_never_destroyed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out, partial = tmp_path / "x.csv", tmp_path / "x.csv.partial"
    partial.write_text("saved\n")
    assert write(out) == 0
    assert (partial.read_text(), out.read_text()) == ("saved\n", "rows\n")
    assert capfd.readouterr().err == f"{partial} is of a run that was stopped; it stays as it is\n"
    assert sorted(os.listdir(tmp_path)) == ["x.csv", "x.csv.partial"]  # noqa: PTH208


def test_partial_files_are_numbered(tmp_path: Path) -> None:
    for name in ("x.csv.partial", "x.csv.partial2", "x.csv.partial3"):
        with open_partial(tmp_path / "x.csv") as stream:
            assert Path(stream.name) == tmp_path / name


def test_a_full_disk_names_what_is_left(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (4096, before[1])
    )  # Python ignores SIGXFSZ: writing fails as on a full disk
    try:
        assert write(tmp_path / "x.csv", "row\n" * 2000) == ExitCode.OUTPUT
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    partial = tmp_path / "x.csv.partial"
    assert partial.read_text() == "row\n" * 1024
    error, kept = capfd.readouterr().err.splitlines()
    assert error == f"kerf: error: {tmp_path}/x.csv: cannot be written: File too large"
    assert kept == f"kerf: what was done so far is in {partial}"


def test_nothing_is_left_of_a_run_that_wrote_nothing(tmp_path: Path) -> None:
    with pytest.raises(typer.Exit), terminal_session(quiet=False) as terminal, terminal.output(tmp_path / "x.csv"):
        raise OutputError("before the first row")
    assert not list(tmp_path.iterdir())


def test_a_full_standard_output_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with stdout_into("/dev/full"):
        assert write(None) == ExitCode.OUTPUT
    line = "kerf: error: standard output: cannot be written: No space left on device\n"
    assert capfd.readouterr().err == line


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose another --out"):
        check_output_file(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="File exists; choose another --out"):
        check_output_file(tmp_path / "file" / "x.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="choose another --out"):
        check_output_file(tmp_path / "x.csv")


# --- segment and synth -------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("out", [".", "link", "../images"])
def test_segment_writes_nothing_among_the_images(here: Here, captchas: Path, tmp_path: Path, out: str) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, image in zip(["a", "a_0", "a_overlay"], sorted(captchas.glob("*.png")), strict=False):
        (folder / f"{name}.png").write_bytes(image.read_bytes())
    (folder / "link").symlink_to(folder)
    before = {path.name: path.read_bytes() for path in folder.glob("*.png")}
    answer = here("segment", *sorted(folder.glob("*.png")), "--out", folder / out, "--no-model")
    assert answer.code == ExitCode.OUTPUT
    assert "holds images that are to be cut; name another --out" in answer.err
    assert {path.name: path.read_bytes() for path in folder.glob("*.png")} == before


@pytest.mark.parametrize("there", ["overlay.png", "0.png"])
def test_segment_overwrites_nothing(here: Here, captchas: Path, tmp_path: Path, there: str) -> None:
    (tmp_path / "000000").mkdir()
    (tmp_path / "000000" / there).write_text("mine")
    answer = here("segment", captchas / "000000.png", "--out", tmp_path, "--no-model")
    assert answer.code == ExitCode.OUTPUT
    assert f"{there}: is there already, and nothing is overwritten; name another --out, or remove it" in answer.err
    assert contents(tmp_path / "000000") == {there: b"mine"}


def test_segment_adds_to_a_folder(here: Here, captchas: Path, tmp_path: Path) -> None:
    for name in ("000000.png", "000001.png"):
        assert here("segment", captchas / name, "--out", tmp_path, "--no-model").code == 0
    assert len(list(tmp_path.glob("*/overlay.png"))) == 2
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["index.html", "index2.html"]


def test_segment_without_a_model_takes_no_constraint(here: Here, captchas: Path, tmp_path: Path) -> None:
    for option in ("--model", "--charset", "--length", "--pattern"):
        answer = here("segment", captchas, "--out", tmp_path, "--no-model", option, "4")
        assert (answer.code, answer.err.count("\n")) == (ExitCode.SETTINGS, 1)


def test_synth_draws_into_a_new_folder_only(here: Here, tmp_path: Path) -> None:
    (tmp_path / "000000.png").write_text("mine")
    answer = here("synth", tmp_path, "--count", "1", "--seed", "1")
    assert answer.code == ExitCode.OUTPUT
    assert "is not empty, and nothing is overwritten; name a new folder" in answer.err
    assert contents(tmp_path) == {"000000.png": b"mine"}
