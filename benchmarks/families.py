"""The families of labelled captchas that the benchmark measures on, and its guards over them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from kerf.classifier.alphabet import texts_to_alphabet
from kerf.classifier.folders.dataset import Sample, Split, folder_to_samples
from kerf.classifier.folders.duplicates import near_duplicates
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.synthesis import find_fonts, synthesize, write_dataset
from kerf.segmenter.errors import UnreadableImageError
from kerf.segmenter.load import path_to_image

SEEN_GENERATORS = {
    "gen-gregwar": "php-gregwar-captcha",
    "gen-lepture": "captcha",
    "gen-lepture-80x40": "captcha",
    "gen-svg": "svg-captcha",
}
"""Families drawn by a package that drew, of other texts and with other options, what the bundled model learnt from."""
QUICK = ("captcha-v2", "gen-lepture", "kcaptcha")
RENDERED = ("touching", "warped", "lines")
RENDERED_COUNTS = {"train": 300, "test": 200}


@dataclass(frozen=True)
class Family:
    """Labelled images: what may be trained on, and what is only scored.

    Attributes
    ----------
    folder
        With ``train/`` and ``test/``.
    train, test
        The two parts.
    unreadable
        Images that OpenCV cannot read: in ``test/`` they count as wrong, whatever reads it.
    near_duplicates
        Test images that look like one of ``train``.
    """

    folder: Path
    train: tuple[Sample, ...]
    test: tuple[Sample, ...]
    unreadable: frozenset[Path]
    near_duplicates: int

    @property
    def cased(self) -> bool:
        """Whether case matters: some letter occurs in both."""
        return texts_to_alphabet(sample.text for sample in self.train).has_both_cases


def load_family(folder: Path) -> Family:
    """Read a family and guard it.

    Raises
    ------
    KerfError
        See ``folder_to_samples``.
    SystemExit
        If a test image is among the training images.
    """
    train, test = (folder_to_samples(folder / part).samples for part in ("train", "test"))
    known = {path_to_hash(sample.path): sample.path for sample in train}
    for sample in test:
        if twin := known.get(path_to_hash(sample.path)):
            raise SystemExit(f"{sample.path} has the content of {twin}: nothing is measured on images trained on")
    unreadable = frozenset(sample.path for sample in (*train, *test) if not is_readable(sample.path))
    if unreadable:
        count = f"{len(unreadable)} images cannot be read, such as {min(unreadable)}"
        say(f"{folder}: {count}; in test/ they count as wrong")
    return Family(folder, train, test, unreadable, len(near_duplicates(Split(train, test))))


def mark_seen(family: str) -> str:
    """Name a family in a table: marked where its generator was learnt from."""
    return f"{family} (seen generator)" if family in SEEN_GENERATORS else family


def is_readable(path: Path) -> bool:
    """Whether an image can be read."""
    try:
        path_to_image(path)
    except UnreadableImageError:
        return False
    return True


def find_families(data: Path, rendered: Path, *, full: bool) -> list[Family]:
    """Load the families to measure; rendered ones where the folder is absent.

    Raises
    ------
    SystemExit
        If the folder is there but has none.
    """
    if not data.is_dir():
        say(f"{data} is not there: families that Kerf renders stand in for real ones, and say less")
        data, fonts = rendered, find_fonts()
        for seed, look in enumerate(RENDERED):
            for part, count in RENDERED_COUNTS.items():
                if not (data / look / part / "labels.csv").exists():
                    captchas = synthesize(count, 2 * seed + (part == "test"), look, fonts=fonts)
                    write_dataset(data / look / part, captchas)
    folders = [folder for folder in sorted(data.iterdir()) if (folder / "test").is_dir()]
    if not folders:
        raise SystemExit(f"{data} has no family: each is a folder with train/ and test/")
    chosen = [folder for folder in folders if full or folder.name in (*QUICK, *RENDERED)]
    return [load_family(folder) for folder in chosen or folders[:3]]


def say(line: str) -> None:
    """Tell a person."""
    print(line, file=sys.stderr, flush=True)
