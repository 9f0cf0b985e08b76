import resource
from pathlib import Path

import cv2
import numpy as np
import pytest

from kerf.classifier.pages.inspection import Inspection, inspect_without_model
from kerf.classifier.pages.pictures import images_to_folders, to_file_name, write_pictures, write_png
from kerf.segmenter.errors import OutputError


def two_bars(path: Path) -> Path:
    """Write a picture of two dark bars on white."""
    image = np.full((24, 60, 3), 255, np.uint8)
    image[4:20, 10:16] = image[4:20, 40:46] = 0
    cv2.imwrite(str(path), image)
    return path


def test_pictures_of_one_folder_lie_in_one_folder() -> None:
    assert images_to_folders([Path("in/a.png"), Path("in/b.c.png")], Path("out")) == [
        Path("out/a"),
        Path("out/b.c"),
    ]


def test_pictures_of_several_folders_keep_apart() -> None:
    images = [Path("in/x/a.png"), Path("in/y/a.png"), Path("in/a.png"), Path("other/../in/b.png")]
    assert images_to_folders(images, Path("out")) == [
        Path("out/x/a"),
        Path("out/y/a"),
        Path("out/a"),
        Path("out/b"),
    ]


def test_images_that_differ_in_their_suffix_keep_it() -> None:
    assert images_to_folders([Path("a.png"), Path("a.jpg"), Path("b.gif")], Path("out")) == [
        Path("out/a.png"),
        Path("out/a.jpg"),
        Path("out/b"),
    ]


@pytest.mark.parametrize(
    ("character", "name"),
    [("A", "A"), ("é", "é"), ("字", "字"), ("/", "U+002F"), (".", "U+002E"), (" ", "U+0020")],
)
def test_to_file_name(character: str, name: str) -> None:
    assert to_file_name(character) == name


def test_pieces_without_a_model(tmp_path: Path) -> None:
    inspection = inspect_without_model(two_bars(tmp_path / "bars.png"))
    assert isinstance(inspection, Inspection)
    assert len(inspection.span_cols) == 2
    write_pictures(inspection, tmp_path / "out" / "bars")
    assert sorted(path.name for path in (tmp_path / "out" / "bars").iterdir()) == ["0.png", "1.png", "overlay.png"]
    crop = cv2.imread(str(tmp_path / "out" / "bars" / "0.png"), cv2.IMREAD_GRAYSCALE)
    assert crop is not None
    assert crop[crop.shape[0] // 2, crop.shape[1] // 2] < 60  # the bar, dark
    assert crop[0, 0] > 200  # the ground, white


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    inspection = inspect_without_model(two_bars(tmp_path / "bars.png"))
    assert isinstance(inspection, Inspection)
    with pytest.raises(OutputError, match="choose another --out"):
        write_pictures(inspection, tmp_path / "out" / "bars")


def test_a_picture_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, path = np.zeros((2, 2), np.uint8), tmp_path / "a.png"
    path.write_text("mine")
    with pytest.raises(OutputError, match="is there already"):
        write_png(path, picture)
    monkeypatch.setattr("kerf.classifier.pages.pictures.refuse_existing", lambda _: None)  # it came a moment later
    with pytest.raises(OutputError, match="File exists"):
        write_png(path, picture)
    assert path.read_text() == "mine"


def test_half_a_picture_is_removed(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limit[1]))
    try:
        with pytest.raises(OutputError, match="choose another --out"):
            write_png(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list(tmp_path.iterdir())
