"""Finding images by content, and what is said of the rest."""

import hashlib
import os
import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kerf.classifier.folders.images import (
    find_images,
    kinds_to_text,
    natural_order,
    path_to_hash,
    path_to_images,
    walk,
)
from kerf.segmenter.errors import NoImagesError, NotFoundError


def encode(kind: str) -> bytes:
    stream = BytesIO()
    Image.new("RGB", (4, 3)).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_content_makes_an_image_whatever_its_name(tmp_path: Path, kind: str) -> None:
    names = ["a", "b.txt", "c.pdf", "d.html"]
    for name in names:
        (tmp_path / name).write_bytes(encode(kind))
    assert [p.name for p in find_images([tmp_path]).paths] == names


@pytest.mark.parametrize("suffix", ["png", "jpg", "JPEG", "jfif", "gif", "bmp", "webp", "tif", "tiff"])
def test_a_name_makes_an_image_that_may_be_broken(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").write_bytes(b"")
    found = find_images([tmp_path])
    assert [p.name for p in found.paths] == [f"a.{suffix}"]
    assert found.passed_over == {}


def test_the_rest_is_counted_by_kind_but_for_labels_and_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ["a.PDF", "sub/b.pdf", "c", "d.md", ".e.pdf", ".hidden/f.pdf"]:
        (tmp_path / name).write_text("x")
    for suffix in ["csv", "tsv", "txt", "json", "jsonl"]:
        (tmp_path / f"labels.{suffix}").write_text("x")
    (tmp_path / "g.png").write_bytes(encode("PNG"))
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    found = find_images([tmp_path])
    assert [p.name for p in found.paths] == ["g.png"]
    assert found.passed_over == {".pdf": 2, "without suffix": 1, ".md": 1, "pipe or device": 3}
    assert found.problems == []


def test_links(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(encode("PNG"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "up").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "circle.png").symlink_to(tmp_path / "circle.png")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    found = find_images([tmp_path])
    assert [p.name for p in found.paths] == ["circle.png", "gone.png", "link", "real"]
    assert found.passed_over == {"without suffix": 1}


def test_folders_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "also shut").mkdir()
    (tmp_path / "a.png").write_bytes(b"")
    inner = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return inner(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_images([tmp_path])
    assert [p.name for p in found.paths] == ["a.png"]
    assert sorted(str(p) for p in found.problems) == [
        f"{tmp_path}/{name}: cannot be listed: Permission denied; check its rights" for name in ("also shut", "shut")
    ]
    with pytest.raises(NotFoundError, match="shut: cannot be listed: Permission denied; check its rights"):
        find_images([tmp_path / "shut"])


def test_a_folder_without_images_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(NoImagesError, match=r"has no PNG, JPEG, GIF, BMP, WebP or TIFF image; name another folder$"):
        find_images([tmp_path])
    (tmp_path / "a.pdf").write_text("x")
    with pytest.raises(NoImagesError, match=r" image, only 1 file \(1 \.pdf\); name another folder$"):
        find_images([tmp_path])


def test_files_with_a_suffix_of_an_image_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(50):
        (tmp_path / f"{i}.png").write_bytes(b"")
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("opened"))
    assert len(find_images([tmp_path]).paths) == 50


def test_kinds_are_said_the_most_frequent_first() -> None:
    assert kinds_to_text(Counter({".b": 1})) == "1 file (1 .b)"
    assert kinds_to_text(Counter({".b": 1, ".c": 2, ".a": 1})) == "4 files (2 .c, 1 .a, 1 .b)"
    many = Counter({f".{letter}": 9 - i for i, letter in enumerate("abcdefg")})
    assert kinds_to_text(many) == "42 files (9 .a, 8 .b, 7 .c, 6 .d, 5 .e, 7 of other kinds)"


def test_numbers_in_names_count_by_value() -> None:
    names = ["a", "a1", "a01b", "a2", "a10", "a10.png", "a123456789012", "a ", "ab", "b1", "b1-2", "b1-10", "b1.1"]
    assert sorted({*names}, key=natural_order) == names


def whole_paths_order(path: Path) -> tuple[list[tuple[str, int]], str]:
    """The order of whole paths, with each number in them by its value."""
    parts = re.findall(r"(\D*)(\d*)", str(path))
    return [(text, int(number or -1)) for text, number in parts], str(path)


@given(st.sets(st.lists(st.text("ab1-9.", min_size=1, max_size=4), min_size=1, max_size=3).map("/".join), max_size=9))
def test_a_walk_is_in_the_order_of_the_paths(names: set[str]) -> None:
    with TemporaryDirectory() as folder:
        for name in sorted(names):
            path = Path(folder, f"x{name.replace('/', '/x')}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        found = [item for item in walk(Path(folder)) if isinstance(item, Path)]
        assert found == sorted(Path(folder).rglob("*.png"), key=whole_paths_order)


def test_numbers_that_are_equal_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("1.png", "01.png", "001/b.png", "1/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_images([tmp_path]).paths
    assert [str(p.relative_to(tmp_path)) for p in found] == ["01.png", "1.png", "001/b.png", "1/a.png"]


def test_folders_are_listed_when_the_walk_comes_to_them(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.png").touch()
    found = path_to_images(tmp_path)
    assert next(found) == tmp_path / "a.png"
    (tmp_path / "b" / "late.png").touch()
    assert list(found) == [tmp_path / "b" / "late.png"]


def test_folders_may_be_nested_deeply(monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter(range(5000))  # of real folders, pytest could not remove as many
    monkeypatch.setattr(
        "kerf.classifier.folders.images.list_folder", lambda _: ["a/" if next(left) < 4999 else "b.png"]
    )
    assert list(walk(Path())) == [Path("b.png")]


def test_hash_of_what_cannot_be_read_is_that_of_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_bytes(b"content")
    nothing = hashlib.sha256(b"").hexdigest()
    assert [path_to_hash(tmp_path / name) for name in ("pipe", "none", ".")] == [nothing] * 3
    assert path_to_hash(tmp_path / "a") == hashlib.sha256(b"content").hexdigest()
