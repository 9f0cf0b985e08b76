import io

import pytest
from rich.cells import cell_len

from kerf.classifier.console.table import shorten_path, write_table


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal of 80 columns that knows colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Screen()


LONG = "a/very/long/path/of/many/folders/in/which/the/images/are/000001.png"
ERROR = "is not a PNG, JPEG, GIF, BMP or WebP image; convert or remove it"
COLUMNS = ("file", "text", "confidence", "status", "error", "label")


@pytest.mark.parametrize(
    ("path", "width", "shown"),
    [
        ("folder/a.png", 12, "folder/a.png"),
        ("folder/a.png", 11, "…lder/a.png"),
        ("字字字.png", 10, "字字字.png"),
        ("字字字.png", 9, "…字字.png"),
        ("字字字.png", 8, "…字.png"),
    ],
)
def test_a_path_loses_its_beginning(path: str, width: int, shown: str) -> None:
    assert shorten_path(path, width) == shown
    assert cell_len(shown) <= width


def test_a_table_fits_the_terminal_and_breaks_no_text(screen: Screen) -> None:
    rows = [[LONG, "AB12CD34", "0.9876", "read", "", "AB12CD34"], [LONG, "", "", "unreadable", ERROR, "X"]]
    write_table(COLUMNS, rows, ["", ""], screen)
    lines = screen.getvalue().splitlines()
    assert {cell_len(line) for line in lines if "\x1b" not in line} == {80}
    assert sum("AB12CD34" in line and "0.9876" in line and "000001.png" in line for line in lines) == 1
    assert {word for line in lines for word in line.split()} >= set(ERROR.split())


def test_without_a_terminal_nothing_is_shortened_or_coloured() -> None:
    stream = io.StringIO()
    write_table(COLUMNS, [[LONG, "A", "1.0000", "unreadable", ERROR, "B"]], ["red"], stream)
    row = f"│ {LONG} │ A    │ 1.0000     │ unreadable │ {ERROR} │ B     │"
    assert row in stream.getvalue().splitlines()


def test_columns_that_are_empty_are_left_out() -> None:
    stream = io.StringIO()
    write_table(("file", "text", "error", "label"), [["a", "", "", ""], ["b", "", "", "X"]], ["", ""], stream)
    assert stream.getvalue().splitlines()[1] == "┃ file ┃ label ┃"


def test_rows_are_coloured_on_a_terminal(screen: Screen) -> None:
    write_table(("file", "text"), [["a", "wrong"], ["b", "right"]], ["red", ""], screen)
    (wrong,) = (line for line in screen.getvalue().splitlines() if "wrong" in line)
    (right,) = (line for line in screen.getvalue().splitlines() if "right" in line)
    assert "\x1b[31m" in wrong
    assert "\x1b[31m" not in right


def test_what_a_terminal_would_obey_is_escaped() -> None:
    stream = io.StringIO()
    write_table(("file", "text"), [["\x1b[2J.png", "[red]\x07"]], [""], stream)
    assert r"│ \x1b[2J.png │ [red]\x07 │" in stream.getvalue()
