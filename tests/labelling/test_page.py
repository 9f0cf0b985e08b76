"""The page of `label` in a real browser, Debian's Chromium; skipped where there is none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.labelling.store import LabelStore
from kerf.classifier.model_file import load_model
from kerf.classifier.synthesis import find_fonts, synthesize, write_dataset
from tests.folders.making import labels_of
from tests.labelling.making import draw_images
from tests.running import ENVIRONMENT, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.process, pytest.mark.browser]
LEFT_OUT = {5: "F2", 9: "Escape", 14: "F2", 21: "Escape"}
"""After so many answers, the next image is answered by such a key."""


class Server:
    """The page's server, as a process that can be killed."""

    def __init__(self, folder: Path, *options: str) -> None:
        path = os.pathsep.join([str(ROOT), ENVIRONMENT["PYTHONPATH"]])
        command = [sys.executable, "-m", "tests.labelling.serving", str(folder), *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**ENVIRONMENT, "PYTHONPATH": path}
        )
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)


@pytest.fixture
def captchas_of_digits(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Sixty rendered captchas and what they say."""
    folder = tmp_path_factory.mktemp("digits") / "in"
    write_dataset(folder, synthesize(60, 3, "clean", "0123456789", (3, 3), find_fonts(None)))
    return {sample.path: sample.text for sample in folder_to_samples(folder).samples}


class Tab:
    """One window, used by keyboard alone."""

    def __init__(self, chromium: Browser, address: str) -> None:
        self.page = chromium.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_selector("#picture img")

    @property
    def name(self) -> str:
        return self.page.get_attribute("#picture img", "alt") or ""

    def press(self, key: str) -> None:
        """Press a key that leads to another image."""
        image = self.page.get_attribute("body", "data-image")
        self.page.keyboard.press(key)
        self.page.wait_for_function("(image) => document.body.dataset.image !== image", arg=image)

    def answer(self, text: str) -> None:
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        self.press("Enter")


def test_thirty_images_by_keyboard_with_a_way_back_a_reload_and_a_killed_server(
    tmp_path: Path, chromium: Browser
) -> None:
    draw_images(tmp_path, 36)
    server = Server(tmp_path)
    tab = Tab(chromium, server.address)
    expected: dict[str, str] = {}
    labels = 0
    for turn in range(30):
        name = tab.name
        assert name not in expected
        key = LEFT_OUT.get(turn) or ("Escape" if labels == 18 else "")
        expected[name] = "" if key else f"t{turn}"
        labels += not key
        if key:
            tab.press(key)
        else:
            tab.answer(expected[name])
        assert LabelStore(tmp_path, []).names() == list(expected)
        if turn == 10:
            tab.page.reload()
            tab.page.wait_for_selector("#picture img")
        if turn == 12:
            shown = tab.name
            tab.press("Control+Z")
            assert (tab.name, tab.page.input_value("#field")) == (name, "t12")
            tab.press("Control+Z")
            expected[tab.name] = "back"
            tab.answer("back")
            assert tab.name == shown
        if turn == 17:
            server.end(signal.SIGKILL)
            tab.page.keyboard.press("Enter")
            tab.page.wait_for_function("() => document.getElementById('note').textContent.includes('start it again')")
            server = Server(tmp_path)
            tab = Tab(chromium, server.address)
    assert labels_of(tmp_path) == {name: text for name, text in expected.items() if text}
    assert tab.errors == []
    two_tabs(tmp_path, Tab(chromium, server.address), Tab(chromium, server.address))
    server.end(signal.SIGTERM)


def two_tabs(folder: Path, one: Tab, other: Tab) -> None:
    """Of two windows with the same image the later one is told, and nothing is overwritten."""
    name = one.name
    assert other.name == name
    one.press("F2")
    other.press("Escape")
    assert "answered in another window: unreadable" in other.page.inner_text("#note")
    answer = LabelStore(folder, [])[name]
    assert answer
    assert answer.state == "unreadable:"
    assert one.name == other.name
    assert one.errors == other.errors == []


def test_a_model_learns_while_the_person_types_and_comes_into_force(
    tmp_path: Path, captchas_of_digits: dict[Path, str], chromium: Browser
) -> None:
    texts = {Path(shutil.copy(path, tmp_path)).name: text for path, text in captchas_of_digits.items()}
    server = Server(tmp_path, "--learn")
    tab = Tab(chromium, server.address)
    page = tab.page
    page.wait_for_function("() => document.getElementById('learning').textContent.includes('learnt at 20 labels')")
    for _ in range(20):
        tab.answer(texts[tab.name])
    page.wait_for_function("() => document.getElementById('learning').textContent.startsWith('Learning')")
    for _ in range(14):
        tab.answer(texts[tab.name])
    page.wait_for_function("() => document.querySelectorAll('#curve .dot').length === 2", timeout=600_000)
    assert "learnt at 50 labels" in page.inner_text("#learning")
    assert page.locator("#curve text").all_text_contents()[-2:] == ["start", "20"]
    assert page.locator("#curve .whisker").count() == 2
    assert "drawn at random" in page.inner_text("#range")
    assert page.is_visible("#solve")
    tab.answer(texts[tab.name])
    model = load_model(tmp_path / "labels.safetensors", torch.device("cpu"))
    assert model.provenance.trained + model.provenance.validated == 20
    assert tab.errors == []
    server.end(signal.SIGTERM)


def test_a_review_is_corrected_by_keyboard_and_fits_a_narrow_window(tmp_path: Path, chromium: Browser) -> None:
    names = [path.name for path in draw_images(tmp_path, 5)]
    server = Server(tmp_path, "--review")
    page = chromium.new_page(viewport={"width": 360, "height": 700}, color_scheme="dark")
    page.goto(server.address)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.focus(".cards .text")
    page.keyboard.press("Enter")
    page.keyboard.type("<i>x</i>")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type("none")
    page.keyboard.press("Escape")
    page.wait_for_selector(".done")
    page.click("#accept")
    page.wait_for_function("() => document.querySelectorAll('.done').length === 5")
    page.reload()
    assert page.locator(".cards figcaption > button").all_inner_texts() == ["<i>x</i>", "r01", "r02", "r03", "r04"]
    server.end(signal.SIGTERM)
    assert labels_of(tmp_path) == dict(zip(names, ["<i>x</i>", "r01", "r02", "r03", "r04"], strict=True))
