"""Readers off the shelf, each behind the same small adapter; one that is not installed is left out and said so."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from kerf.segmenter.load import path_to_image

ENLARGE_TO = 64  # rows that Tesseract is given at least: it was made for scanned pages
PAGE_END = "\f"


@dataclass(frozen=True)
class Reader:
    """A reader that needs no training.

    Attributes
    ----------
    version
        Of its package or program.
    read
        Paths to texts.
    folds_case
        Whether it reads letters in one case only, so that case is not held against it.
    """

    version: str
    read: Callable[[Sequence[Path]], list[str]]
    folds_case: bool = False


class MissingReaderError(Exception):
    """A reader is not installed; the message says how to install it."""


def ddddocr(alphabet: str, threads: int, *, beta: bool) -> Reader:
    """Load ddddocr's newer (``beta``) or older model, its output limited to the alphabet in both cases."""
    module = load_module("ddddocr")
    engine = module.DdddOcr(beta=beta, show_ad=False)
    engine.set_ranges("".join(sorted(set(alphabet.lower() + alphabet.upper()))))
    return Reader(
        version("ddddocr"),
        lambda paths: [engine.classification(path_to_png(path)) for path in paths],
    )


def captcha_whisperer(alphabet: str, threads: int) -> Reader:
    """Load captcha-whisperer's model; it reads capital letters only."""
    engine = load_module("captcha_whisperer").CaptchaRecognizer(threads=threads)
    return Reader(
        version("captcha-whisperer"),
        lambda paths: [engine.recognize_bytes(path_to_png(path))["text"] for path in paths],
        folds_case=True,
    )


def rapidocr(alphabet: str, threads: int) -> Reader:
    """Load PP-OCR's recogniser in RapidOCR, without its text detection: the image is one line."""
    module = load_module("rapidocr")
    engine = module.RapidOCR(
        params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": threads}
    )

    def read_one(path: Path) -> str:
        found = engine(path_to_image(path), use_det=False, use_cls=False, use_rec=True)
        return "".join(c for text in found.txts or () for c in text if c in set(alphabet.lower() + alphabet.upper()))

    return Reader(version("rapidocr"), lambda paths: [read_one(path) for path in paths])


def tesseract(alphabet: str, threads: int) -> Reader:
    """Run Tesseract, told that each image is one line of the alphabet; one process reads the whole list."""
    program = shutil.which("tesseract")
    if program is None:
        raise MissingReaderError("Tesseract is not installed; on Debian: apt-get install tesseract-ocr")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    options = ["--psm", "7", "-c", f"tessedit_char_whitelist={alphabet}", "-c", f"page_separator={PAGE_END}"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": str(threads)}

    def read_list(images: Sequence[Path], listed: Path) -> list[str]:
        listed.write_text("".join(f"{image}\n" for image in images))
        result = subprocess.run(
            [program, listed, "stdout", *options], capture_output=True, env=environment, check=False
        )
        pages = result.stdout.decode("utf-8", "replace").split(PAGE_END)
        if result.returncode == 0 and len(pages) == len(images):
            return ["".join(page.split()) for page in pages]
        if result.returncode > 0 or len(pages) > len(images):
            raise RuntimeError(f"Tesseract failed: {result.stderr.decode('utf-8', 'replace').strip()}")
        if len(images) == 1:
            return [""]  # version 5.3 dies of some images, by a signal
        middle = len(images) // 2
        return read_list(images[:middle], listed) + read_list(images[middle:], listed)

    def read(paths: Sequence[Path]) -> list[str]:
        with TemporaryDirectory() as name:
            images = [Path(name, f"{number}.png") for number in range(len(paths))]
            for image, path in zip(images, paths, strict=True):
                image.write_bytes(path_to_png(path, ENLARGE_TO))
            return read_list(images, Path(name, "list.txt"))

    return Reader(said.stdout.split()[1], read)


def load_module(name: str) -> Any:
    """Import a reader's package.

    Raises
    ------
    MissingReaderError
        It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingReaderError(f"{name} is not installed ({error}); make bench-setup installs it") from error


def version(package: str) -> str:
    """Version of an installed package."""
    return importlib.metadata.version(package)


def path_to_png(path: Path, rows: int = 0) -> bytes:
    """Read an image as Kerf reads it and pack it as PNG, so that every reader sees the same pixels.

    Images of fewer than ``rows`` rows are enlarged by a whole factor.
    """
    image = path_to_image(path)
    factor = -(-rows // image.shape[0]) if rows else 1
    if factor > 1:
        enlarged = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        image = np.asarray(enlarged, np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()


LOADERS: dict[str, Callable[[str, int], Reader]] = {
    "ddddocr": partial(ddddocr, beta=False),
    "ddddocr beta": partial(ddddocr, beta=True),
    "captcha-whisperer": captcha_whisperer,
    "RapidOCR": rapidocr,
    "Tesseract": tesseract,
}
"""How each reader is loaded, for an alphabet and a number of threads; MissingReaderError where it is not installed."""
