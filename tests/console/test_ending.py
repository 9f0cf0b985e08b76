"""How a command ends: exit codes, signals, and streams that are closed or full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import kerf.__main__
from kerf.classifier.console.terminal import Terminal, Terminated, stop_signals
from kerf.classifier.synthesis import synthesize_one
from kerf.segmenter.errors import ExitCode, NotFoundError, UnforeseenError, UnreadableImageError
from tests.conftest import Here
from tests.console.ending import end_of, throw
from tests.running import CLI, ENVIRONMENT, ROOT


def test_the_exit_code_is_that_of_the_first_problem(capfd: pytest.CaptureFixture[str]) -> None:
    def body(terminal: Terminal) -> None:
        terminal.problem(UnreadableImageError("a.png:\nis no image"))
        raise NotFoundError("b")

    assert end_of(body) == ExitCode.UNREADABLE_IMAGE
    assert capfd.readouterr().err == "kerf: error: a.png: is no image\nkerf: error: b\n"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "kerf: interrupted\n"),
        (Terminated(), ExitCode.TERMINATED, "kerf: interrupted\n"),
        (BrokenPipeError(), ExitCode.BROKEN_PIPE, ""),
        (
            KeyError("k"),
            1,
            "kerf: error: KeyError: 'k'; this is a fault in Kerf: run again with --debug and report what it shows\n",
        ),
    ],
)
def test_every_end_has_its_code_and_its_line(
    error: BaseException, code: int, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert end_of(throw(error)) == code
    assert capfd.readouterr().err == line


def test_a_problem_goes_before_a_closed_pipe() -> None:
    def body(terminal: Terminal) -> None:
        terminal.problem(NotFoundError("a"))
        raise BrokenPipeError

    assert end_of(body) == ExitCode.NOT_FOUND


def test_debug_shows_where_a_fault_was_met(capfd: pytest.CaptureFixture[str]) -> None:
    assert end_of(throw(KeyError("k")), debug=True) == 1
    said = capfd.readouterr().err
    assert said.startswith("Traceback")
    assert "in throw" not in said
    assert said.splitlines()[-1].startswith("kerf: error: KeyError: 'k'")


def test_debug_shows_the_cause_of_an_unforeseen_error(capfd: pytest.CaptureFixture[str]) -> None:
    error = UnforeseenError("a.png: met a fault")
    error.__cause__ = ZeroDivisionError("the cause")
    for debug in (False, True):
        assert end_of(lambda terminal: terminal.problem(error), debug=debug) == ExitCode.UNFORESEEN
        said = capfd.readouterr().err
        assert said.startswith("kerf: error: a.png: met a fault\n")
        assert ("ZeroDivisionError: the cause" in said) == debug
    assert end_of(lambda terminal: terminal.problem(NotFoundError("b")), debug=True) == ExitCode.NOT_FOUND
    assert capfd.readouterr().err == "kerf: error: b\n"


def test_every_command_has_debug(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("kerf.classifier.console.synth.synthesize", fail)
    monkeypatch.setattr("kerf.classifier.console.segment.to_images", fail)
    monkeypatch.setattr("kerf.classifier.console.solve.to_earlier", fail)
    monkeypatch.setattr("kerf.classifier.console.evaluate.to_samples", fail)
    monkeypatch.setattr("kerf.classifier.console.train.to_samples", fail)
    out = ("--out", tmp_path / "out")
    for arguments in (
        ("synth", tmp_path, "--count", "1", "--seed", "1"),
        ("segment", tmp_path, *out),
        ("solve", tmp_path),
        ("eval", tmp_path),
        ("train-char", tmp_path, *out),
    ):
        for debug in ((), ("--debug",)):
            answer = here(*arguments, *debug)
            assert answer.code == 1
            assert answer.err.splitlines()[-1].startswith("kerf: error: ZeroDivisionError")
            assert ("Traceback" in answer.err) == bool(debug)


def test_stopping_says_where_what_was_done_is(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = synthesize_one

    def stop_at_two(index: int, *settings: object) -> object:
        if index == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return drawn(index, *settings)  # type: ignore[arg-type]

    monkeypatch.setattr("kerf.classifier.synthesis.synthesize_one", stop_at_two)
    answer = here("synth", tmp_path / "new", "--count", "5", "--seed", "1")
    assert answer.code == ExitCode.TERMINATED
    assert answer.err == f"kerf: interrupted; what was done so far is in {tmp_path / 'new'}\n"
    assert len((tmp_path / "new" / "labels.csv").read_text().splitlines()) == 3


# --- signals -----------------------------------------------------------------------------------------------


def test_sigterm_is_as_ctrl_c_and_both_are_restored() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        for number, kind in ((signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)):
            with pytest.raises(KeyboardInterrupt) as stopped, stop_signals():
                os.kill(os.getpid(), number)
            assert stopped.type is kind
            assert [signal.getsignal(each) for each in numbers] == [signal.default_int_handler] * 2
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stop_signals():
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


STUBBORN = """
import time
from kerf.classifier.console.terminal import stop_signals
with stop_signals():
    for word in ("READY", "FIRST"):
        try:
            print(word, flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass
"""


def test_the_second_ctrl_c_ends_at_once() -> None:
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        for word in ("READY\n", "FIRST\n"):
            assert process.stdout.readline() == word
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT


class CtrlC:
    """A finder of modules during whose work Ctrl-C is pressed."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "kerf.cli":
            raise KeyboardInterrupt


def test_ctrl_c_while_the_program_is_loaded_is_silent(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "kerf.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [CtrlC(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        kerf.__main__.main()
    assert ended.value.code == ExitCode.INTERRUPTED
    assert capfd.readouterr() == ("", "")


def kerf_shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a shell's command line, where KERF is the program."""
    environment = {**ENVIRONMENT, "KERF": f"{sys.executable} {CLI}"}
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment, timeout=300, check=False
    )


# --- streams that are closed or full -----------------------------------------------------------------------


def test_help_that_cannot_be_written_is_one_line() -> None:
    result = kerf_shell("$KERF --help > /dev/full")
    assert result.returncode == ExitCode.OUTPUT
    assert result.stderr == "kerf: error: standard output: cannot be written: No space left on device\n"


@pytest.mark.parametrize("command", ["--help", "--version", "solve --help", "solve data/samples --limit 1"])
def test_a_pipe_that_nobody_reads_ends_every_command_alike(command: str) -> None:
    result = kerf_shell(f"cd {ROOT}; exec 3> >(:); sleep 0.1; $KERF {command} >&3")
    assert (result.returncode, result.stderr) == (ExitCode.BROKEN_PIPE, "")


def test_closed_streams(captchas: Path, tmp_path: Path) -> None:
    drawing = f"$KERF synth {tmp_path}/new --count 1 --seed 1"
    result = kerf_shell(f"{drawing} <&- >&- 2>&-")
    assert (result.returncode, len(list((tmp_path / "new").iterdir()))) == (0, 3)
    result = kerf_shell("$KERF --version >&-")
    assert (result.returncode, result.stderr) == (
        ExitCode.OUTPUT,
        "kerf: error: standard output: cannot be written: Bad file descriptor\n",
    )
    result = kerf_shell("$KERF solve - <&-")
    assert (result.returncode, result.stderr) == (
        ExitCode.NO_IMAGES,
        "kerf: error: -: standard input has no path; write one a line, as `find` does\n",
    )
    result = kerf_shell(f"$KERF eval {tmp_path}/none 2>&-")
    assert (result.returncode, result.stdout, result.stderr) == (ExitCode.NOT_FOUND, "", "")
