"""Measure every system on the same images, and write docs/benchmark.md, its figures and a JSON file.

Usage: python benchmarks/bench.py ../shared/data [--full] [--device auto] [--minutes 10]
       make bench DATA=../shared/data

The quick form takes some families at 100 labels; ``--full`` takes all, at 100 labels and at all of ``train/``. Where
the folder is absent, families of Kerf's own rendering stand in for it. Every result is cached by the code's hash,
family, system and number of labels: a run that was stopped, or that ``--minutes`` ended, goes on where it was.

Guards: a family whose ``test/`` has an image of its ``train/`` is refused, near-duplicates are counted, and the labels
of ``test/`` go to the scorer alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import torch
from readers import MissingReaderError, load_readers
from systems import Trained, train_ctc, train_founding, train_kerf

from classifier.alphabet import texts_to_alphabet
from classifier.dataset import Sample, Split, folder_to_samples, path_to_hash
from classifier.duplicates import near_duplicates
from classifier.metrics import proportion
from classifier.synthesis import synthesize, write_dataset

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "benchmarks" / "cache" / "bench"
FEW = 100
QUICK = ("wp-really-simple", "captcha-v2", "gen-lepture")
RENDERED = ("touching", "warped", "lines")
RENDERED_COUNTS = {"train": 300, "test": 200}
UNTRAINED = "readers off the shelf"


@dataclass(frozen=True)
class Family:
    """Labelled images: what may be trained on, and what is only scored.

    Attributes
    ----------
    name
        Of the folder.
    train, test
        The two parts.
    near_duplicates
        Test images that look like one of ``train``.
    """

    name: str
    train: tuple[Sample, ...]
    test: tuple[Sample, ...]
    near_duplicates: int

    @property
    def cased(self) -> bool:
        """Whether case matters: some letter occurs in both."""
        return texts_to_alphabet(sample.text for sample in self.train).has_both_cases


@dataclass(frozen=True)
class Result:
    """One system on one family at one number of labels.

    Attributes
    ----------
    family, system, labels
        What was measured; 0 labels for a reader off the shelf.
    correct, n, low_95, high_95
        Whole texts read right, of how many, and the 95 % Wilson interval of their share.
    train_seconds, parameters, file_bytes
        What it cost and how large it is; 0 where that is not known.
    device, day
        Where and when.
    detail
        What else there is to say.
    """

    family: str
    system: str
    labels: int
    correct: int
    n: int
    low_95: float
    high_95: float
    train_seconds: float
    parameters: int
    file_bytes: int
    device: str
    day: str
    detail: dict[str, Any] = field(default_factory=dict)


def load_family(folder: Path) -> Family:
    """Read a family and guard it.

    Raises
    ------
    SystemExit
        If a test image is among the training images.
    """
    train, test = (folder_to_samples(folder / part).samples for part in ("train", "test"))
    known = {path_to_hash(sample.path): sample.path for sample in train}
    for sample in test:
        if twin := known.get(path_to_hash(sample.path)):
            raise SystemExit(f"{sample.path} has the content of {twin}: nothing is measured on images trained on")
    return Family(folder.name, train, test, len(near_duplicates(Split(train, test))))


def render_families(folder: Path) -> None:
    """Render families in the place of real ones, once."""
    for seed, look in enumerate(RENDERED):
        for part, count in RENDERED_COUNTS.items():
            if not (folder / look / part / "labels.csv").exists():
                write_dataset(folder / look / part, synthesize(count, 2 * seed + (part == "test"), look))


def score(texts: Sequence[str], samples: Sequence[Sample], *, ignore_case: bool) -> int:
    """Count whole texts that are right; the only place that sees the labels of ``test/``."""
    pairs = zip(texts, (sample.text for sample in samples), strict=True)
    return sum((a.casefold() == b.casefold()) if ignore_case else a == b for a, b in pairs)


def measure(family: Family, system: str, labels: int, trained: Trained, *, ignore_case: bool, device: str) -> Result:
    """Read the test part and score it."""
    texts = trained.read([sample.path for sample in family.test])
    share = proportion(score(texts, family.test, ignore_case=ignore_case), len(family.test))
    detail = dict(trained.detail)
    if trained.figures:
        detail["test"] = trained.figures(family.test)
    return Result(
        family.name,
        system,
        labels,
        share.count,
        share.n,
        share.low_95,
        share.high_95,
        trained.seconds,
        trained.parameters,
        trained.file_bytes,
        device,
        date.today().isoformat(),
        detail,
    )


class Bench:
    """Measures what is not in the cache.

    Parameters
    ----------
    cache
        Folder of this code's results.
    device
        Where Kerf trains and reads.
    deadline
        ``time.monotonic()`` after which nothing new is begun.
    """

    def __init__(self, cache: Path, device: str, deadline: float) -> None:
        self.cache = cache
        self.device = device
        self.deadline = deadline
        self.left: list[str] = []

    def cached(self, family: Family, system: str, labels: int, make: Callable[[], Result]) -> Result | None:
        """Take a result from the cache, or measure it; None where there is no time for it."""
        path = self.cache / f"{family.name}-{system}-{labels}.json"
        if path.exists():
            return Result(**json.loads(path.read_text()))
        if time.monotonic() > self.deadline:
            self.left.append(path.stem)
            return None
        result = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(result)))
        say(f"{family.name}, {system}, {labels} labels: {result.correct} of {result.n}, {result.train_seconds:.0f} s")
        return result

    def trained(self, family: Family, system: str, labels: int, train: Callable[[], Trained]) -> Result | None:
        """Train and measure a system, or take it from the cache."""
        return self.cached(
            family,
            system,
            labels,
            lambda: measure(family, system, labels, train(), ignore_case=not family.cased, device=self.device),
        )

    def run_budget(self, family: Family, labels: int, *, founding: bool, best: bool) -> Iterator[Result | None]:
        """Measure every trained system at one number of labels."""
        part = family.train[:labels]
        kerf = self.trained(family, "Kerf", labels, lambda: train_kerf(part, self.device))
        yield kerf
        if kerf is None:
            return
        seconds = kerf.train_seconds
        yield self.trained(family, "CTC, Kerf's time", labels, lambda: train_ctc(part, seconds, best=False))
        if best:
            yield self.trained(family, "CTC, its best", labels, lambda: train_ctc(part, seconds, best=True))
        for name in "AB" if founding else "":
            yield self.trained(family, f"network {name}", labels, partial(train_founding, name, part))

    def run_readers(self, family: Family) -> Iterator[Result | None]:
        """Measure the readers off the shelf; what is missing is said."""
        alphabet = "".join(sorted(set("".join(sample.text for sample in family.train))))
        for reader in load_readers(alphabet, torch.get_num_threads()):
            if isinstance(reader, MissingReaderError):
                say(f"left out: {reader}")
                continue
            trained, folds = Trained(reader.read, 0.0, 0, 0), reader.folds_case or not family.cased
            make = partial(measure, family, reader.name, 0, trained, ignore_case=folds, device="cpu")
            yield self.cached(family, reader.name, 0, make)


def code_hash() -> str:
    """Digest of everything that a result depends on, but the data."""
    digest = hashlib.sha256()
    folders = ("segmenter/**/*.py", "classifier/**/*.py", "data/models/*.safetensors")
    files = [path for pattern in folders for path in ROOT.glob(pattern)]
    files += [ROOT / "benchmarks" / name for name in ("systems.py", "ctc.py", "founding.py", "readers.py")]
    for path in sorted(files):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def say(line: str) -> None:
    """Tell a person."""
    print(line, file=sys.stderr, flush=True)


def find_families(data: Path, *, full: bool) -> list[Family]:
    """Load the families to measure; rendered ones where the folder is absent."""
    if not data.is_dir():
        say(f"{data} is not there: families rendered by Kerf stand in for real ones, and say less")
        data = ROOT / "build" / "bench"
        render_families(data)
    folders = [folder for folder in sorted(data.iterdir()) if (folder / "test").is_dir()]
    chosen = [folder for folder in folders if full or folder.name in (*QUICK, *RENDERED)]
    return [load_family(folder) for folder in chosen]


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--full", action="store_true", help="all families, also at all of train/; hours")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--minutes", type=float, help="begin nothing new after so long; run again to go on")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmark.json")
    arguments = parser.parse_args()
    deadline = time.monotonic() + 60 * arguments.minutes if arguments.minutes else float("inf")
    version = code_hash()
    bench = Bench(CACHE / version, arguments.device, deadline)
    families = find_families(arguments.data, full=arguments.full)
    results: list[Result | None] = []
    for family in families:
        results += bench.run_readers(family)
        results += bench.run_budget(family, FEW, founding=not arguments.full, best=arguments.full)
    for family in families if arguments.full else []:
        results += bench.run_budget(family, len(family.train), founding=True, best=True)
    done = [asdict(result) for result in results if result]
    page = {
        "code": version,
        "machine": f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}",
        "torch": torch.__version__,
        "seed": 0,
        "families": [
            {"name": f.name, "train": len(f.train), "test": len(f.test), "near_duplicates": f.near_duplicates}
            for f in families
        ],
        "results": done,
        "left": bench.left,
    }
    arguments.out.write_text(json.dumps(page, indent=1) + "\n")
    say(f"{len(done)} results are in {arguments.out}, {len(bench.left)} are left for another run")


if __name__ == "__main__":
    main()
