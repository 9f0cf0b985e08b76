"""What a person sees of a command, and how it ends."""

import io
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

import kerf.__main__
from kerf.classifier.console.terminal import People, Terminal, Terminated, stop_signals, terminal_session, to_printable
from kerf.classifier.synthesis import synthesize_one
from kerf.segmenter.errors import ExitCode, NotFoundError, UnforeseenError, UnreadableImageError
from tests.console.conftest import Here
from tests.running import CLI, ENVIRONMENT


def end_of(body: Callable[[Terminal], object], *, debug: bool = False) -> int:
    """Run a command's body in a session; return the exit code."""
    try:
        with terminal_session(quiet=False, debug=debug) as terminal:
            body(terminal)
    except typer.Exit as end:
        return end.exit_code
    return 0


def throw(error: BaseException) -> Callable[[Terminal], object]:
    """Return a body that raises an error."""

    def body(_: Terminal) -> None:
        raise error

    return body


# --- how a command ends ------------------------------------------------------------------------------------


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


# --- on a terminal -----------------------------------------------------------------------------------------


class GoneReader(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_the_work_goes_on_where_nobody_listens() -> None:
    console = People(file=GoneReader())
    console.print("one")
    assert console.quiet
    console.print("two")


def test_what_a_terminal_would_obey_is_escaped(capfd: pytest.CaptureFixture[str]) -> None:
    assert to_printable("a\x1b[2J\u202e\udcff é 字") == r"a\x1b[2J\u202e\udcff é 字"
    assert end_of(throw(NotFoundError("\x1b[31m.png\x07"))) == ExitCode.NOT_FOUND
    assert capfd.readouterr().err == "kerf: error: \\x1b[31m.png\\x07\n"


def on_terminal(body: Callable[[], object], columns: int = 80) -> str:
    """Run code whose standard error is a terminal; return what that was sent."""
    parent, child = pty.openpty()
    saved, stderr = os.dup(2), sys.stderr
    os.dup2(child, 2)
    sys.stderr = os.fdopen(os.dup(child), "w")
    before, os.environ["COLUMNS"] = os.environ.get("COLUMNS"), str(columns)
    try:
        body()
    finally:
        sys.stderr.close()
        sys.stderr = stderr
        os.dup2(saved, 2)
        os.environ.pop("COLUMNS")
        os.environ |= {"COLUMNS": before} if before is not None else {}
        os.close(saved)
        os.close(child)
    sent = b""
    try:
        while part := os.read(parent, 65536):
            sent += part
    except OSError:  # all was read
        pass
    os.close(parent)
    return sent.decode()


def test_no_bar_is_shown_among_rows_on_the_same_terminal() -> None:
    shown: list[tuple[bool, bool]] = []

    def body() -> None:
        stdout = os.dup(1)
        for descriptor in (2, stdout):  # 2 is the terminal
            os.dup2(descriptor, 1)
            with Terminal() as terminal:
                before = terminal.has_bar
                terminal.stream()
                shown.append((before, terminal.has_bar))
        os.close(stdout)

    on_terminal(body)
    assert shown == [(True, False), (True, True)]


def test_lines_are_broken_between_words_on_a_terminal_only(capfd: pytest.CaptureFixture[str]) -> None:
    line = "36 images were read and 12.3456 % of them "
    sent = on_terminal(lambda: end_of(lambda terminal: terminal.say(line.strip()), debug=False), columns=30)
    assert "36 images were read and \r\n12.3456 % of them\r\n" in sent
    end_of(lambda terminal: terminal.say(line * 10))
    assert capfd.readouterr().err == line * 10 + "\n"


def test_the_bar_is_there_before_the_first_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    def body(terminal: Terminal) -> None:
        next(terminal.track(throw_at_once(), 3, "reading"))

    sent = on_terminal(lambda: end_of(body))
    assert sent.index("starting") < sent.index("0/3")
    assert "0/?" not in sent


def throw_at_once() -> Iterator[int]:
    """Fail before the first item."""
    raise NotFoundError("a")
    yield 0


def test_nothing_moves_among_rows_on_the_same_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    def body(terminal: Terminal) -> None:
        with terminal.output(None):
            os.write(2, b"ROWS")

    sent = on_terminal(lambda: end_of(body))
    assert sent.index("starting") < sent.index("\x1b[?25h") < sent.index("ROWS")  # the cursor is shown again


def test_something_is_shown_from_the_start_and_the_total_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    def body(terminal: Terminal) -> None:
        list(terminal.track(iter("abc"), 3, "reading"))

    sent = on_terminal(lambda: end_of(body))
    assert sent.index("starting") < sent.index("reading") < sent.index("3/3")
    assert "starting" not in sent[sent.index("reading") :]
    assert "?" not in sent.split("reading")[1].replace("\x1b[?25", "")
