"""Finding images by content, and what is said of the rest."""

import hashlib
import os
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from kerf.classifier.folders.images import find_images, kinds_to_text, natural_order, path_to_hash
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
    names = ["a", "a0", "a1", "a1b", "a02", "a2", "a10", "b1"]
    assert [p.name for p in sorted(map(Path, reversed(names)), key=natural_order)] == names


def test_hash_of_what_cannot_be_read_is_that_of_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_bytes(b"content")
    nothing = hashlib.sha256(b"").hexdigest()
    assert [path_to_hash(tmp_path / name) for name in ("pipe", "none", ".")] == [nothing] * 3
    assert path_to_hash(tmp_path / "a") == hashlib.sha256(b"content").hexdigest()
