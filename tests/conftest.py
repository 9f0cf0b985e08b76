import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings

from benchmarks.running import clear_errors
from kerf.cli import app
from tests.running import Answer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# For `make mutants`: the same examples each time, and no search for a smaller one when a mutant is caught.
settings.register_profile(
    "mutants", derandomize=True, database=None, deadline=None, max_examples=50, phases=[Phase.explicit, Phase.generate]
)


Here = Callable[..., Answer]


def run_here(*arguments: str | Path) -> int:
    """Run the command line in this process, which has torch already: its exit code."""
    with pytest.raises(SystemExit) as ended:
        app([str(argument) for argument in arguments], prog_name="kerf")
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def here(capfd: pytest.CaptureFixture[str]) -> Here:
    """Run the command line in this process; see ``tests.running.kerf``."""
    return lambda *arguments: Answer(run_here(*arguments), *capfd.readouterr())


@pytest.fixture
def script_here(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    """Run a script of ``benchmarks/`` in this process; see ``tests.running.script``."""

    def run(name: str, *arguments: str | Path) -> Answer:
        monkeypatch.setenv("OMP_NUM_THREADS", "1")  # some set it; it is what it was afterwards
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        try:
            with clear_errors():
                importlib.import_module(f"benchmarks.{name}").main()
        except SystemExit as ended:  # with a line, which Python would print
            said = capfd.readouterr()
            return Answer(1, said.out, f"{said.err}{ended}\n")
        return Answer(0, *capfd.readouterr())

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first the files that start processes, which take longest."""
    long = {item.path for item in items if item.get_closest_marker("process")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def captchas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen rendered captchas with their labels."""
    folder = tmp_path_factory.mktemp("captchas")
    assert run_here("synth", folder, "--count", "12", "--seed", "7", "--length", "3", "--charset", "0-9") == 0
    return folder


@pytest.fixture(scope="session")
def trained(captchas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of those captchas, hardly trained."""
    out = tmp_path_factory.mktemp("models") / "new" / "model.safetensors"
    assert run_here("train-char", captchas, "--out", out, "--epochs", "1", "--device", "cpu") == 0
    return out


@pytest.fixture
def mixed(captchas: Path, tmp_path: Path) -> Path:
    """A folder of three images, of which the one in the middle is broken, with labels for all."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, image in zip(["a.png", "c.png"], sorted(captchas.glob("*.png")), strict=False):
        shutil.copy(image, folder / name)
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (folder / "labels.csv").write_text("file,label\na.png,123\nb.png,456\nc.png,789\n")
    return folder


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kind of captcha: fifteen images to train on, six to score."""
    folder = tmp_path_factory.mktemp("data") / "digits"
    for part, count, seed in (("train", "15", "1"), ("test", "6", "2")):
        options = ("--count", count, "--seed", seed, "--length", "3", "--charset", "0-4")
        assert run_here("synth", folder / part, *options) == 0
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The system's Chromium, without a window."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pages are not looked at")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.skip("no Chromium: pages are not looked at; install Debian's package chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
