"""Reading on Ray: the rows of one process, whatever dies on the way. All on one cluster of two nodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from kerf.classifier.console import ray_session, ray_solve
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.model_file import save_model
from kerf.segmenter.errors import ExitCode
from tests.conftest import Here
from tests.console.ray_doubles import DyingReader, NameReader
from tests.running import csv_rows
from tests.tiny import tiny_image, tiny_model

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'kerf-captcha[ray]'")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'kerf-captcha[ray]'")
cluster_utils = pytest.importorskip("ray.cluster_utils")
cv2 = pytest.importorskip("cv2")

pytestmark = [
    pytest.mark.process,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def nodes() -> Iterator[None]:
    """Two nodes of one processor each, on this machine, which this process joins."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ray_session.ENVIRONMENT.items():
            patch.setenv(name, value)
        with ray_session.importable_kerf():
            cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
            cluster.add_node(num_cpus=1)
        patch.setenv("RAY_ADDRESS", cluster.address)
        with ray_session.ray_session() as processors:
            assert processors == 2
            yield
        cluster.shutdown()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four images a part."""
    monkeypatch.setattr(ray_solve, "LEAST", 4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_model(tiny_model(), path)
    return path


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve images in a folder and one below it, the third broken; with labels."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "images"
    (folder / "below").mkdir(parents=True)
    for number in range(12):
        name = folder / ("below" if number > 8 else "") / f"{number}.png"
        assert cv2.imwrite(str(name), tiny_image(1 + number % 4))
    (folder / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (folder / "labels.csv").write_text("file,label\n" + "".join(f"{n}.png,ab1\n" for n in range(9)))
    return folder


def part_rows(folder: Path) -> list[dict[str, str]]:
    """Rows of all parts, in the order of the images."""
    rows = [row for part in folder.glob("part-*.csv") for row in csv_rows(part.read_text())]
    return sorted(rows, key=lambda row: row["file"])


def test_the_rows_are_those_of_one_process(images: Path, model: Path, here: Here) -> None:
    options = ("solve", "images", "--model", model, "--check", "--best", "2", "--characters")
    alone = here(*options)
    answer = here(*options, "--engine", "ray", "--out", "new/parts")
    assert (answer.code, answer.out) == (alone.code, "") == (ExitCode.UNREADABLE_IMAGE, "")
    assert sorted(answer.err.splitlines()) == sorted(alone.err.splitlines())
    parts = Path("new/parts")
    assert len(list(parts.iterdir())) == 3
    wanted = sorted(csv_rows(alone.out), key=lambda row: row["file"])
    assert len(wanted) == 12
    assert part_rows(parts) == wanted


def test_actors_die_and_no_row_is_lost_or_twice(images: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_solve, "PartReader", DyingReader)
    monkeypatch.setattr(ray_session, "RETRIES", 1)
    (images / "99.png").touch()  # before the folder below, so that it is in a part with three others
    answer = here("solve", images.as_uri(), "--format", "parquet", "--engine", "ray", "--out", "parts")
    assert answer.code == ExitCode.UNFORESEEN
    assert "kerf: error: 4 images have no row, as each process that read them died" in answer.err
    assert Path("died").exists()
    rows = pq.read_table("parts").to_pylist()
    assert sorted(row["text"] for row in rows) == [*"01", "11", *"234567"]
    assert all(Path(row["file"].removeprefix("file://")).is_relative_to(images) for row in rows)


def test_stopped_it_keeps_its_parts_and_goes_on(images: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_solve, "PartReader", NameReader)
    options = ("solve", "images", "--engine", "ray", "--jobs", "1", "--out", "parts")
    with monkeypatch.context() as patch:
        patch.setattr(Terminal, "advance", mock.Mock(side_effect=KeyboardInterrupt))
        stopped = here(*options)
    assert stopped.code == ExitCode.INTERRUPTED
    parts = Path("parts").absolute()
    assert f"kerf: interrupted; what was done so far is in {parts}" in stopped.err
    before = {part: part.read_bytes() for part in parts.glob("part-*")}
    assert 1 <= len(before) <= 3
    (images / "late.png").write_bytes(b"x")
    (images / "none.png").touch()
    answer = here(*options, "--resume")
    assert answer.code == ExitCode.UNREADABLE_IMAGE
    assert "none.png: is empty; replace it" in answer.err
    assert f" images have a row in {parts} already, and are not read again" in answer.err
    assert {part: part.read_bytes() for part in before} == before
    assert sorted(Path(r["file"]).stem for r in part_rows(parts)) == sorted([*map(str, range(12)), "late", "none"])
