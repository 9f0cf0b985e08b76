"""What `pip install` puts into somebody else's environment: the wheel, built from the sdist, in an empty folder."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.running import ROOT

pytestmark = pytest.mark.process
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
IMAGE = ROOT / "data" / "samples" / "clean_0.png"
EXTENSIONS = {"kerf/segmenter/_cutting", "kerf/classifier/lattice/_search"}
NAMES_OF_THE_CHECKOUT = ("cli", "classifier", "segmenter", "data", "tests", "benchmarks")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a program that succeeds: its stdout."""
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, env=ENVIRONMENT | environment, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def make_dist(clone: Path, umask: int) -> Path:
    """Make the folder with the sdist and the wheel, from what a clone would have."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, clone / name)
    programs, stamp = Path(sys.executable).parent, clone / "no_venv" / "dev.stamp"
    make = f"umask {umask:03o}; make -s dist BIN={programs} VENV={stamp.parent} -o {stamp}"
    run("sh", "-c", make, cwd=clone, SOURCE_DATE_EPOCH="1700000000")
    return clone / "dist"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel."""
    return make_dist(tmp_path_factory.mktemp("clone"), 0o022)


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    (found,) = built.glob("kerf_captcha-*.whl")
    return found


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel in it; dependencies are those of the environment running."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    # Folders named in a .pth file are searched, but the .pth files in them, such as an editable kerf's, are not read.
    (packages,) = folder.glob("lib/python*/site-packages")
    dependencies = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "dependencies.pth").write_text("\n".join(dependencies), encoding="utf-8")
    return folder / "bin"


@pytest.fixture
def folder_of_a_service(tmp_path: Path) -> Path:
    """A folder with an image and modules of somebody else's, which have the names of Kerf's own folders and files."""
    shutil.copy(IMAGE, tmp_path / "image.png")
    for name in NAMES_OF_THE_CHECKOUT:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not that one')")
    return tmp_path


def test_the_lock_has_the_tested_versions_and_a_hash_of_each() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    lock = (ROOT / "requirements.lock").read_text()
    found = re.findall(r"^([\w.-]+)==(\S+)[^\\\n]*\\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    assert len(found) == lock.count("==") - lock.count("'==") - lock.count(" == ")
    assert {name: version for name, version in found if pinned.get(name, version) != version} == {}
    with (ROOT / "pyproject.toml").open("rb") as stream:
        needed = tomllib.load(stream)["project"]["dependencies"]
    assert {re.split(r"[><=\[]", name)[0] for name in needed} <= set(dict(found)) & set(pinned)
    assert "://" not in lock


def test_they_are_the_same_bytes_wherever_and_whenever_they_are_made(
    built: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    again = make_dist(tmp_path_factory.mktemp("a_clone_elsewhere"), 0o002)
    assert len(list(again.iterdir())) == 2
    for path in again.iterdir():
        assert path.read_bytes() == (built / path.name).read_bytes(), path.name


def read_rows(text: str) -> list[tuple[str, str]]:
    """File, text of each row."""
    return [(row["file"], row["text"]) for row in csv.DictReader(io.StringIO(text))]


def label_of_image() -> str:
    """What the image says."""
    with (ROOT / "data" / "samples" / "labels.csv").open(encoding="utf-8") as stream:
        return next(row["label"] for row in csv.DictReader(stream) if row["file"] == IMAGE.name)


def test_the_wheel_holds_the_library_and_nothing_else(wheel: Path) -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = [ROOT.joinpath(*package.split(".")[1:]) for package in packages]
    files = [path for folder in folders for name in ("*.py", "templates/*", "scripts/*") for path in folder.glob(name)]
    modules = {f"kerf/{path.relative_to(ROOT).as_posix()}" for path in files if path.is_file()}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    compiled = {name for name in names if name.endswith((".so", ".pyd"))}
    assert names - compiled == modules | {f"{name}.pyi" for name in EXTENSIONS} | {
        "kerf/py.typed",
        "kerf/data/models/accurate.safetensors",
        "kerf/data/models/fast.safetensors",
    }
    assert {name.split(".")[0] for name in compiled} == EXTENSIONS
    assert "-abi3-" in wheel.name  # for this version of Python and all that come after it


def test_the_sdist_holds_what_the_wheel_is_made_of_and_no_part_of_the_tests(built: Path, wheel: Path) -> None:
    (sdist,) = built.glob("kerf_captcha-*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.split("/", 1)[-1] for name in archive.getnames()}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("kerf/")}
    assert {name.removeprefix("kerf/") for name in names if name.split(".")[0] not in EXTENSIONS} <= inside
    assert {f"{name.removeprefix('kerf/')}.c" for name in EXTENSIONS} <= inside
    assert {"README.md", "LICENSE", "pyproject.toml"} <= inside
    assert {name.split("/")[0] for name in inside} & {"tests", "benchmarks", "build", "docs"} == set()


LOOK = """
import importlib.resources, importlib.util, json, pydoc, sys
import kerf
model = importlib.resources.files("kerf") / "data" / "models" / "fast.safetensors"
print(json.dumps({
    "file": kerf.__file__,
    "version": kerf.__version__,
    "help": pydoc.render_doc(kerf, renderer=pydoc.plaintext),
    "taken": [name for name in sys.argv[1:] if importlib.util.find_spec(name)],
    "model": model.is_file(),
}))
"""


def test_one_name_is_taken_and_everything_is_under_it(bin_folder: Path, tmp_path: Path) -> None:
    seen = json.loads(run(bin_folder / "python", "-c", LOOK, *NAMES_OF_THE_CHECKOUT[:3], cwd=tmp_path))
    assert Path(seen["file"]).is_relative_to(bin_folder.parent)
    assert seen["taken"] == []
    assert seen["model"]
    assert seen["version"] == "0.1.0"
    for name in ("Recognizer", "Reading", "Constraint"):
        assert name in seen["help"]


def test_an_image_is_solved_among_files_of_the_same_names(bin_folder: Path, folder_of_a_service: Path) -> None:
    rows = run(bin_folder / "python", "-m", "kerf", "solve", "image.png", cwd=folder_of_a_service)
    assert read_rows(rows) == [("image.png", label_of_image())]


def test_the_command_is_installed(bin_folder: Path, tmp_path: Path) -> None:
    assert run(bin_folder / "kerf", "--version", cwd=tmp_path).split() == ["kerf", "0.1.0"]


def test_a_zip_of_the_sources_can_be_installed(built: Path, folder_of_a_service: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("kerf_captcha-*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sources", filter="data")
    zipped = shutil.make_archive(str(tmp_path / "kerf"), "zip", tmp_path / "sources")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", "--no-deps")
    run(*pip, "--no-build-isolation", "--target", tmp_path / "installed", zipped, cwd=tmp_path)
    # -P: the folder of the service is not searched, so that the checkout's names cannot be met.
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r}); from kerf.cli import main; main()"
    rows = run(sys.executable, "-P", "-c", code, "solve", "image.png", cwd=folder_of_a_service)
    assert read_rows(rows) == [("image.png", label_of_image())]


USER = """
from kerf import Constraint, Reading, Recognizer

recognizer = Recognizer.load("model.safetensors")
reading: Reading = recognizer.read("captcha.png", Constraint())
text: str = reading.text
number: int = reading.text  # wrong
recognizer.read("captcha.png", best="three")  # wrong
Constraint(lenght="4-6")  # wrong
"""
# Types of torch take half a minute to read, and no user's call has them.
MYPY = "[mypy]\nstrict = true\n[mypy-torch.*]\nfollow_imports = skip\n"


def test_mypy_finds_a_wrong_type_in_a_users_file(bin_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "mypy.ini").write_text(MYPY)
    chosen = ("--python-executable", str(bin_folder / "python"), "--cache-dir", str(tmp_path / "cache"))
    command = [sys.executable, "-m", "mypy", *chosen, "user.py"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT, check=False).stdout
    found = [int(line.split(":")[1]) for line in said.splitlines() if ": error: " in line]
    assert found == [number for number, line in enumerate(USER.splitlines(), 1) if "# wrong" in line], said
