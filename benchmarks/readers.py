"""Readers off the shelf, each behind the same small adapter; one that is not installed is left out and said so."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segmenter.load import path_to_image

ENLARGE_TO = 64  # rows that Tesseract is given at least: it was made for scanned pages


@dataclass(frozen=True)
class Reader:
    """A reader that needs no training.

    Attributes
    ----------
    name
        With its version.
    read
        Paths to texts.
    folds_case
        Whether it reads letters in one case only, so that case is not held against it.
    """

    name: str
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
        f"ddddocr {version('ddddocr')}{' beta' if beta else ''}",
        lambda paths: [engine.classification(path_to_png(path)) for path in paths],
    )


def captcha_whisperer(alphabet: str, threads: int) -> Reader:
    """Load captcha-whisperer's model; it reads capital letters only."""
    engine = load_module("captcha_whisperer").CaptchaRecognizer(threads=threads)
    return Reader(
        f"captcha-whisperer {version('captcha-whisperer')}",
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

    return Reader(f"RapidOCR {version('rapidocr')}", lambda paths: [read_one(path) for path in paths])


def tesseract(alphabet: str, threads: int) -> Reader:
    """Run Tesseract as one line of the alphabet, a process an image, as its users do."""
    program = shutil.which("tesseract")
    if program is None:
        raise MissingReaderError("Tesseract is not installed; on Debian: apt-get install tesseract-ocr")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    options = ["--psm", "7", "-c", f"tessedit_char_whitelist={alphabet}"]

    def read_one(path: Path) -> str:
        command = [program, "stdin", "stdout", *options]
        environment = {"OMP_THREAD_LIMIT": str(threads)}
        result = subprocess.run(
            command, input=path_to_png(path, ENLARGE_TO), capture_output=True, env=environment, check=False
        )
        return "".join(result.stdout.decode("utf-8", "replace").split())

    return Reader(f"Tesseract {said.stdout.split()[1]}", lambda paths: [read_one(path) for path in paths])


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


LOADERS: tuple[Callable[[str, int], Reader], ...] = (
    lambda alphabet, threads: ddddocr(alphabet, threads, beta=False),
    lambda alphabet, threads: ddddocr(alphabet, threads, beta=True),
    captcha_whisperer,
    rapidocr,
    tesseract,
)
"""How each reader is loaded, for an alphabet and a number of threads."""


def load_readers(alphabet: str, threads: int) -> Iterator[Reader | MissingReaderError]:
    """Load every reader, or say why it is missing."""
    for load in LOADERS:
        try:
            yield load(alphabet, threads)
        except MissingReaderError as error:
            yield error
