"""The version of this program."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """Return the version that is installed, or ``source`` where none is."""
    try:
        return version("kerf")
    except PackageNotFoundError:
        return "source"
