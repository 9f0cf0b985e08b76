"""Label rendered captchas on the page, by keystrokes in a real browser, and time how soon the next image is there.

Usage: python -m benchmarks.trials.latency [--labels 100] [--images 5000] [--screenshots FOLDER]

It draws the captchas of one look, serves them with `kerf label` and the bundled model, which reads them and learns
meanwhile, and types each text and Enter in a headless Chromium. From Enter to the next image is measured by the page's
own clock. It tells also how many of the readings were right that were offered for the first half and for the second.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import sync_playwright

from benchmarks.running import CLI, clear_errors
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.synthesis import find_fonts, synthesize, write_dataset

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOOK, CHARSET, LENGTH = "lines", "abcdefghijkmnpqrstuvwxyz23456789", (5, 5)
WATCH = """() => {
  window.waits = [];
  let pressed = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => waits.push(performance.now() - pressed)))
    .observe(document.body, { attributes: true, attributeFilter: ["data-image"] });
}"""
"""Keeps how long after each Enter the frame with the next image was drawn."""

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LEARNT = "() => !document.getElementById('learning').textContent.startsWith('Learning')"


def type_texts(page: Page, texts: dict[str, str], count: int) -> list[float]:
    """Type the texts of so many images: milliseconds from each Enter to the next image."""
    page.wait_for_selector("#picture img")
    page.evaluate(WATCH)
    for done in range(1, count + 1):
        name = page.get_attribute("#picture img", "alt") or ""
        page.keyboard.press("Control+A")
        page.keyboard.type(texts[name])
        page.keyboard.press("Enter")
        page.wait_for_function("(done) => waits.length >= done", arg=done)
    waits: list[float] = page.evaluate("waits")
    return waits


def count_right(folder: Path) -> tuple[int, int]:
    """Count the readings that were right, in the first half of the answers and in the second."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        right = [row["label"] == row["reading"] for row in csv.DictReader(stream)]
    half = len(right) // 2
    return sum(right[:half]), sum(right[half:])


def take_pictures(page: Page, folder: Path) -> None:
    """Take the page narrow and wide, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    for width in (360, 1400):
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=folder / f"label_{width}_{scheme}.png")


def main() -> None:
    """Draw, serve, type, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--screenshots", type=Path, help="folder for pictures of the page at the end")
    arguments = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("there is no Chromium; install Debian's package chromium")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        drawn, folder = Path(name, "drawn"), Path(name, "captchas")
        write_dataset(drawn, synthesize(arguments.images, 1, LOOK, CHARSET, LENGTH, find_fonts(None)))
        texts = {sample.path.name: sample.text for sample in folder_to_samples(drawn).samples}
        shutil.copytree(drawn, folder, ignore=shutil.ignore_patterns("*.csv"))
        command = [sys.executable, str(CLI), "label", str(folder), "--no-browser", "--length", "5"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            page = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"]).new_page()
            page.goto(server.stdout.readline().strip())
            tell(type_texts(page, texts, arguments.labels), arguments.images, *count_right(folder))
            if arguments.screenshots:
                page.wait_for_function(LEARNT, timeout=600_000)
                take_pictures(page, arguments.screenshots)
            server.send_signal(signal.SIGTERM)


def tell(waits: Sequence[float], images: int, first: int, second: int) -> None:
    """Print what was measured."""
    median, most = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    print(f"Enter to next image: median {median:.0f} ms, 95 % within {most:.0f} ms ({len(waits)} of {images} images)")
    print(f"readings that were right: {first} of the first {len(waits) // 2}, {second} of the others")


if __name__ == "__main__":
    with clear_errors():
        main()
