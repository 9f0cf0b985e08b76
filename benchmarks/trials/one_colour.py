"""Rendered captchas of which only the red letters are the text: what labels alone teach, and what --ink-colour does.

Usage: python -m benchmarks.trials.one_colour FOLDER [--labels 100] [--test 100]

Draws `train/` and `test/` into FOLDER: eight letters and digits each, four of them red, the others of other colours.
Then trains twice from the bundled model, without and with the colour told, and prints whole texts right on `test/`.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.running import clear_errors
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.learning.training import train
from kerf.classifier.measuring.metrics import evaluate
from kerf.classifier.model_file import BUNDLED, Model, load_model
from kerf.classifier.recognizer import Recognizer
from kerf.classifier.synthesis import find_fonts, render
from kerf.classifier.synthesis.gallery import name_to_look
from kerf.segmenter.colours import parse_colour

LETTERS, RED_LETTERS = 8, 4
RED = (30, 30, 210)
OTHERS = ((210, 60, 30), (40, 140, 30), (30, 30, 30))
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def draw(rng: np.random.Generator, fonts: list[Path]) -> tuple[NDArray[np.uint8], str]:
    """Draw one captcha, and the text of its red letters."""
    look = name_to_look("clean")
    layout = replace(
        look.layout, lengths=(LETTERS, LETTERS), size_wh=(240, 60), spacing=(0.15, 0.3), bounce=0.15, tilt=12
    )
    text = "".join(rng.choice(list(ALPHABET), LETTERS))
    captcha = render(text, replace(look, layout=layout, paint=replace(look.paint, saturation=0.0)), rng, fonts)
    red = set(rng.choice(LETTERS, RED_LETTERS, replace=False).tolist())
    edges = [0, *((captcha.boxes_ltrb[:-1, 2] + captcha.boxes_ltrb[1:, 0]) // 2).tolist(), captcha.image.shape[1]]
    light = captcha.image.astype(np.float32) / 255
    for number in range(LETTERS):
        colour = np.array(RED if number in red else OTHERS[int(rng.integers(len(OTHERS)))], np.float32)
        part = light[:, edges[number] : edges[number + 1]]
        part[:] = part * 255 + (1 - part) * colour
    return light.astype(np.uint8), "".join(text[number] for number in sorted(red))


def draw_folder(folder: Path, count: int, seed: int) -> None:
    """Draw a labelled folder, unless it is there."""
    if folder.exists():
        return
    folder.mkdir(parents=True)
    rng, fonts = np.random.default_rng(seed), find_fonts()
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "label"])
        for number in range(count):
            image, text = draw(rng, fonts)
            cv2.imwrite(str(folder / f"{number:04d}.png"), image)
            rows.writerow([f"{number:04d}.png", text])


def main() -> None:
    """Draw, train twice, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--test", type=int, default=100)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    draw_folder(arguments.folder / "train", arguments.labels, 1)
    draw_folder(arguments.folder / "test", arguments.test, 2)
    training, test = (folder_to_samples(arguments.folder / part).samples for part in ("train", "test"))
    start = load_model(BUNDLED["fast"], torch.device("cpu"))
    ink = replace(start.segmenter.ink, colour=parse_colour("#d21e1e"))
    told = replace(start, segmenter=replace(start.segmenter, ink=ink))

    def learn(name: str, begun: Model) -> None:
        began = time.process_time()
        model = train(training, TrainSettings(), torch.device("cpu"), begun).model
        found = evaluate([s.text for s in test], list(Recognizer(model).read_many(s.path for s in test)))
        share = found.whole_text
        interval = f"{100 * share.low_95:.1f} to {100 * share.high_95:.1f} %"
        seconds = time.process_time() - began
        print(f"{name}: {share.count} of {share.n} ({interval}), {seconds:.0f} s of CPU", flush=True)

    learn(f"{len(training)} labels alone", start)
    learn("with the colour told", told)


if __name__ == "__main__":
    with clear_errors():
        main()
