"""Images behind URIs, here those of this machine's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerf.classifier.folders.images import PassedOver, path_to_images
from kerf.classifier.folders.remote import Fetched, fetch, place_to_images, to_filesystem, to_uri
from kerf.segmenter.errors import NoImagesError, NotFoundError, UnreadableImageError
from kerf.segmenter.load import MAX_BYTES

pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'kerf-captcha[ray]'")


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("s3://bucket/a/b.png", "s3://bucket/a/b.png"),
        ("gs://bucket", "gs://bucket"),
        ("s3://bucket/a\nb.png", "s3://bucket/a\nb.png"),
        ("file:///a/b.png", "file:///a/b.png"),
        ("a/b.png", None),
        ("/s3:/b.png", None),
        ("C:/a.png", None),
        ("c:/a.png", None),
        ("a:b/c.png", None),
    ],
)
def test_a_uri_is_known_by_its_scheme(written: str, uri: str | None) -> None:
    assert to_uri(Path(written)) == uri


def test_a_folder_has_the_images_of_the_same_folder_as_a_path(tmp_path: Path) -> None:
    for name in ("10.png", "2.png", "b/1.JPG", "b/.hidden.png", "a.gif", ".c/1.png", "x.pdf", "labels.csv", "none"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = list(place_to_images(Path(tmp_path.as_uri())))
    images = [path for path in path_to_images(tmp_path) if isinstance(path, Path)]
    assert len(images) == 4
    assert [to_uri(path) for path in found if isinstance(path, Path)] == [path.as_uri() for path in images]
    assert {item.kind for item in found if isinstance(item, PassedOver)} == {".pdf", "without suffix"}
    assert list(place_to_images(Path(f"{tmp_path.as_uri()}/x.pdf"))) == [Path(f"{tmp_path.as_uri()}/x.pdf")]
    assert list(place_to_images(tmp_path)) == list(path_to_images(tmp_path))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"^file:///.*/none: does not exist; check the path$"):
        list(place_to_images(Path(f"{tmp_path.as_uri()}/none")))
    with pytest.raises(NoImagesError, match="has no file that is named as an image; name another folder"):
        list(place_to_images(Path(tmp_path.as_uri())))
    with pytest.raises(
        NotFoundError, match=r"^nothing://host/: cannot be reached: .*; check its name and your rights$"
    ):
        list(place_to_images(Path("nothing://host/folder")))


def test_a_path_of_this_machine_is_reached_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert to_filesystem("a b")[1] == str(tmp_path / "a b")
    assert to_filesystem(f"file://{tmp_path}/a%20b")[1] == str(tmp_path / "a%20b")


def test_a_file_is_fetched_as_far_as_any_image_may_be_long(tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(b"0123" * (MAX_BYTES // 4 + 1))
    fetched = fetch(f"file://{tmp_path}/a b.png")
    assert (fetched.name, len(fetched.data), fetched.read(3)) == (f"file://{tmp_path}/a b.png", MAX_BYTES + 1, b"012")
    assert fetched.read() == fetched.data


def test_what_cannot_be_fetched_is_told_when_it_is_read() -> None:
    with pytest.raises(
        UnreadableImageError, match=r"^file:///none.png: cannot be read: .*No such file.*; check its rights$"
    ):
        fetch("file:///none.png").read(1)
    assert Fetched("a", b"bc").read(1) == b"b"
