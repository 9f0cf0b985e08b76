"""Exit codes and every exception Kerf raises on purpose; the lowest layer, imported by all others.

The library raises; only ``cli.py`` turns an exception into its one line on stderr and its exit code.
"""

from __future__ import annotations

import traceback
from enum import IntEnum
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parent.parent
"""Where Kerf is: a checkout, or its folder among the installed packages."""


class ExitCode(IntEnum):
    """Exit codes of the command line. 1 is an uncaught exception and 2 a usage error, as Typer has it."""

    OK = 0
    NOT_FOUND = 3
    NO_IMAGES = 4
    UNREADABLE_IMAGE = 5
    NO_LABELS = 6
    LABEL_ALPHABET = 7
    LABEL_FIT = 8
    MODEL_UNREADABLE = 9
    MODEL_VERSION = 10
    DEVICE = 11
    OUTPUT = 12
    BELOW_MINIMUM = 13
    SETTINGS = 14
    UNFORESEEN = 15
    ABOVE_MAXIMUM = 16
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


class KerfError(Exception):
    """A bad input, said in one line: what is wrong and what to do next."""

    exit_code: ClassVar[ExitCode]


class NotFoundError(KerfError):
    """A path that was named does not exist."""

    exit_code = ExitCode.NOT_FOUND


class NoImagesError(KerfError):
    """A folder holds no image file."""

    exit_code = ExitCode.NO_IMAGES


class UnreadableImageError(KerfError):
    """A file could not be read as an image."""

    exit_code = ExitCode.UNREADABLE_IMAGE


class NoLabelsError(KerfError):
    """A folder's labels are missing, malformed or too few."""

    exit_code = ExitCode.NO_LABELS


class LabelAlphabetError(KerfError):
    """A label holds a character outside the alphabet."""

    exit_code = ExitCode.LABEL_ALPHABET


class LabelFitError(KerfError):
    """A label has more characters than its image has room for."""

    exit_code = ExitCode.LABEL_FIT


class ModelUnreadableError(KerfError):
    """A model file is truncated, not a model, or disagrees with itself."""

    exit_code = ExitCode.MODEL_UNREADABLE


class ModelVersionError(KerfError):
    """A model file has a format version that this program does not read."""

    exit_code = ExitCode.MODEL_VERSION


class DeviceError(KerfError):
    """The device asked for is not on this machine."""

    exit_code = ExitCode.DEVICE


class GeneratorError(KerfError):
    """A captcha generator of others' is not installed, or failed."""

    exit_code = ExitCode.NOT_FOUND


class OutputError(KerfError):
    """The output cannot be written."""

    exit_code = ExitCode.OUTPUT


class BelowMinimumError(KerfError):
    """A measured accuracy is below the minimum that was asked for."""

    exit_code = ExitCode.BELOW_MINIMUM


class AboveMaximumError(KerfError):
    """A captcha is read more often than was asked for at most."""

    exit_code = ExitCode.ABOVE_MAXIMUM


class SettingsError(KerfError):
    """A setting has an unknown name or a value out of range."""

    exit_code = ExitCode.SETTINGS


class UnforeseenError(KerfError):
    """One image met a fault of Kerf's own that nobody foresaw; the others are not touched by it."""

    exit_code = ExitCode.UNFORESEEN


def to_problem(name: str, error: Exception) -> KerfError:
    """Say what an image met, as an error of Kerf's; of any other, what it was stays with it as its cause."""
    traceback.clear_frames(error.__traceback__)  # they hold the image
    if isinstance(error, KerfError):
        return error
    what = " ".join("".join(traceback.format_exception_only(error)).split())[:200]
    problem = UnforeseenError(f"{name}: met a fault in Kerf ({what}); run again with --debug and report what it shows")
    problem.__cause__ = error
    return problem


def extra_to_command(extra: str, root: Path = ROOT) -> str:
    """Say how an extra is installed: from the checkout where Kerf runs in one, else from the package index."""
    checkout = (root / "pyproject.toml").is_file()
    return f"pip install -e '{root}[{extra}]'" if checkout else f"pip install 'kerf-captcha[{extra}]'"
