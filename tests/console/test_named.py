"""What is named, as a stream of images."""

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerf.classifier.console import named
from kerf.classifier.console.arguments import to_images
from kerf.classifier.console.named import STDIN, count_images, limit_images, named_to_images, read_paths, to_named
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.streams import PAUSE, Pause
from kerf.segmenter.errors import ExitCode, NoImagesError
from tests.folders.making import touch


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal that is not entered: what it says goes to standard error as always."""
    monkeypatch.setenv("COLUMNS", "1000")
    return Terminal()


class Pipe:
    """A pipe that is written to piece by piece while paths are read from it."""

    def __init__(self) -> None:
        self._out, self._into = os.pipe()
        self.paths = read_paths(self._out)

    def write(self, data: bytes) -> None:
        os.write(self._into, data)

    def end(self) -> list[Path | Pause]:
        """Close it; return all that comes yet."""
        os.close(self._into)
        rest = list(self.paths)
        os.close(self._out)
        return rest


def read_all(data: bytes) -> list[Path | Pause]:
    """Read paths that are all there at once."""
    pipe = Pipe()
    pipe.write(data)
    return pipe.end()


def test_paths_are_read_as_find_writes_them() -> None:
    two = [Path("a b.png"), Path("c\udcff.png")]
    assert read_all(b"a b.png\n\nc\xff.png\n") == two
    assert read_all(b"a b.png\r\nc\xff.png") == two
    assert read_all(b"a b.png\0c\xff.png\0") == two
    assert read_all(b"a\nb.png\0c\r\0") == [Path("a\nb.png"), Path("c\r")]
    assert read_all(b"one") == [Path("one")]
    for nothing in (b"", b"\n \n", b"\0"):
        with pytest.raises(NoImagesError, match="standard input has no path; write one a line"):
            read_all(nothing)


def test_a_path_is_there_as_soon_as_it_is_written_and_where_none_is_there_is_a_pause() -> None:
    pipe = Pipe()
    assert next(pipe.paths) is PAUSE
    pipe.write(b"a.png\nb.p")
    assert next(pipe.paths) == Path("a.png")
    assert next(pipe.paths) is PAUSE
    pipe.write(b"ng\nc.png\nd.png\n")
    assert [next(pipe.paths) for _ in range(4)] == [Path("b.png"), Path("c.png"), Path("d.png"), PAUSE]
    pipe.write(b"last")
    assert pipe.end() == [Path("last")]


@given(st.lists(st.text("ab\n\r é", min_size=1).filter(str.strip), min_size=1, max_size=9), st.integers(1, 9))
def test_paths_are_the_same_in_whatever_pieces_they_come(names: list[str], size: int) -> None:
    plain = [name.replace("\n", "").replace("\r", "") or "x" for name in names]
    for separator, texts in ((b"\0", names), (b"\n", [name if name.strip() else "x" for name in plain])):
        data = b"".join(text.encode() + separator for text in texts)
        whole = data.index(separator) + 1  # that it is NULs is known from the first piece
        pieces = iter([data[:whole], *(data[i : i + size] for i in range(whole, len(data), size)), b""])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "read", lambda *_, pieces=pieces: next(pieces))
            patch.setattr(named, "is_readable", lambda _: True)
            assert list(read_paths(0)) == [Path(text) for text in texts]


def test_where_it_cannot_be_asked_whether_a_path_is_there_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(10038, "not a socket")

    monkeypatch.setattr(select, "select", refuse)
    assert named.is_readable(0)


def test_standard_input_takes_the_place_of_its_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "read_paths", lambda descriptor: iter([Path(f"from {descriptor}"), PAUSE]))
    assert list(to_named([Path("a"), STDIN, Path("b")])) == [Path("a"), Path("from 0"), PAUSE, Path("b")]


def test_what_has_no_image_is_told_and_no_end(
    tmp_path: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "none/a.pdf", "one/a.png", "one/b.pdf", "one/c.md", "two/d.png")
    gone = tmp_path / "gone.png"
    paths: list[Path | Pause] = [tmp_path / "none", tmp_path / "one", PAUSE, gone, tmp_path / "two"]
    found = list(named_to_images(paths, terminal))
    assert found == [tmp_path / "one/a.png", PAUSE, gone, tmp_path / "two/d.png"]
    problem, passed_over = capsys.readouterr().err.splitlines()
    assert "none: has no PNG" in problem
    assert passed_over == "passed over: 3 files (2 .pdf, 1 .md), which are no images"
    assert terminal.exit_code == ExitCode.NO_IMAGES


def test_a_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "a/shut/b.png", "a/c.png", "shut/d.png")
    inner = os.scandir

    def refuse(path: Path) -> Iterator[os.DirEntry[str]]:
        if path.name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return inner(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(named_to_images([tmp_path / "shut", tmp_path / "a"], terminal)) == [tmp_path / "a/c.png"]
    assert [line.split(": ")[2:] for line in capsys.readouterr().err.splitlines()] == [
        [str(tmp_path / "shut"), "cannot be listed", "Permission denied; check its rights"],
        [str(tmp_path / "a/shut"), "cannot be listed", "Permission denied; check its rights"],
    ]
    assert count_images([tmp_path / "shut", tmp_path / "a"], None) == 1


def test_images_are_counted_beforehand_where_they_can_be(tmp_path: Path) -> None:
    touch(tmp_path, "one/a.png", "one/b.pdf", "one/two/c.png", "none/d.pdf")
    paths = [tmp_path / "none", tmp_path / "one", tmp_path / "e.png"]
    assert [count_images(paths, limit) for limit in (None, 2, 3, 4)] == [3, 2, 3, 3]
    assert count_images([*paths, STDIN], 2) is None


def test_no_more_is_asked_for_than_the_limit() -> None:
    asked: list[int] = []

    def images() -> Iterator[Path | Pause]:
        for n in range(5):
            asked.append(n)
            yield Path(str(n))
            yield PAUSE

    assert list(limit_images(images(), 2)) == [Path("0"), PAUSE, Path("1")]
    assert asked == [0, 1]
    assert len(list(limit_images(images(), None))) == 10


def test_a_list_of_images_has_no_pauses(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "a.png", "b.pdf")
    monkeypatch.setattr(named, "read_paths", lambda _: iter([PAUSE, tmp_path, PAUSE]))
    assert to_images([STDIN], terminal) == [tmp_path / "a.png"]
    assert capsys.readouterr().err == "passed over: 1 file (1 .pdf), which are no images\n"
