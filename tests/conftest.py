import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings

from tests.running import kerf

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# For `make mutants`: the same examples each time, and no search for a smaller one when a mutant is caught.
settings.register_profile(
    "mutants", derandomize=True, database=None, deadline=None, max_examples=50, phases=[Phase.explicit, Phase.generate]
)


@pytest.fixture(scope="session")
def captchas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen rendered captchas with their labels."""
    folder = tmp_path_factory.mktemp("captchas")
    result = kerf("synth", folder, "--count", "12", "--seed", "7", "--length", "3", "--charset", "0-9")
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="session")
def trained(captchas: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A model of those captchas, hardly trained, and what training said."""
    out = tmp_path_factory.mktemp("models") / "new" / "model.safetensors"
    result = kerf("train-char", captchas, "--out", out, "--epochs", "2", "--device", "cpu")
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    return out, result.stderr


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
        made = kerf("synth", folder / part, "--count", count, "--seed", seed, "--length", "3", "--charset", "0-4")
        assert made.returncode == 0, made.stderr
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
