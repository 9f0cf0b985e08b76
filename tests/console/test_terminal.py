"""What a person sees of a command on a terminal."""

import io
import os
import pty
import sys
from collections.abc import Callable, Iterator

import pytest

from kerf.classifier.console.terminal import People, Terminal, to_printable
from kerf.segmenter.errors import ExitCode, NotFoundError
from tests.console.ending import end_of, throw


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
