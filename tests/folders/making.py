"""Folders for the tests of labels."""

import os
from pathlib import Path

from kerf.classifier.folders.dataset import LabelledFolder, folder_to_samples


def touch(folder: Path, *names: str) -> None:
    """Make files that look like images by their names; their content is the name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


def to_labels(found: LabelledFolder, folder: Path) -> dict[str, str]:
    """What each image of a folder is said to have, by its path below it."""
    return {sample.path.relative_to(folder).as_posix(): sample.text for sample in found.samples}


def labels_of(folder: Path, label_pattern: str | None = None) -> dict[str, str]:
    return to_labels(folder_to_samples(folder, label_pattern), folder)
