"""Kerf's rows: trained and evaluated through the command line, as a user would, each kept in the cache."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from benchmarks.running import CACHE, CLI, run

ADAPT = ("adapt",)
"""In the place of further options: no label is given, but all images of ``train/``, their alphabet and length."""
ADAPT_MINUTES = 5
REST = ("--unlabelled",)
"""As further options: what of ``train/`` has no label is learnt from as well."""
DETAIL = (
    "character_error_rate",
    "expected_calibration_error",
    "coverage_at_99_precision",
    "missing_candidates",
    "wrong_choice",
    "wrong_character",
)


@dataclass(frozen=True)
class Row:
    """One family at one number of labels: accuracy on the test part, where its errors come from, and what it cost."""

    family: str
    labels: int
    correct: int
    n: int
    low_95: float
    high_95: float
    character_error_rate: float
    expected_calibration_error: float
    coverage_at_99_precision: float
    missing_candidates: int
    wrong_choice: int
    wrong_character: int
    train_seconds: float
    train_megabytes: float
    day: str


def measure(folder: Path, labels: int, model: Path, options: tuple[str, ...]) -> Row:
    """Train on the first labels of ``train/``, with further options, or adapt to it, and evaluate on ``test/``."""
    seconds = megabytes = 0.0
    learn: tuple[str | Path, ...] = ()
    if options == ADAPT:
        told = (*known_options(folder), "--length", known_length(folder))
        learn = ("adapt", folder / "train", *told, "--max-minutes", str(ADAPT_MINUTES))
    elif labels:
        rest = (folder / "train",) if options == REST else ()
        learn = ("train-char", folder / "train", "--limit", str(labels), *options, *rest)
    if learn:
        _, seconds, megabytes = run(CLI, *learn, "--out", model, "--quiet", threads=1)
    reading = ["--model", model] if learn else known_options(folder)
    evaluation = json.loads(run(CLI, "eval", folder / "test", *reading, "--json", "--quiet", threads=1)[0])
    causes = ("-m", "benchmarks.trials.errors", folder / "test", *reading, "--json")
    errors = json.loads(run(*causes, threads=1)[0])
    whole = evaluation["whole_text"]
    return Row(
        folder.name,
        labels,
        whole["count"],
        whole["n"],
        whole["low_95"],
        whole["high_95"],
        evaluation["character_error_rate"],
        evaluation["expected_calibration_error"],
        evaluation["coverage_at_99_precision"],
        errors["missing candidates"] + errors["character the model does not know"],
        errors["wrong choice among candidates"],
        errors["wrong character"],
        seconds,
        megabytes,
        date.today().isoformat(),
    )


def known_options(folder: Path) -> list[str | Path]:
    """Tell the alphabet."""
    return ["--charset", "".join(sorted(set("".join(folder_labels(folder / "train")))))]


def known_length(folder: Path) -> str:
    """Tell the fewest and most characters."""
    counts = [len(text) for text in folder_labels(folder / "train")]
    return f"{min(counts)}-{max(counts)}"


def folder_labels(folder: Path) -> list[str]:
    """Read the labels of a folder."""
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        return [row["label"] for row in csv.DictReader(stream)]


def row_to_detail(row: Row) -> dict[str, float]:
    """Return what a row has besides what is kept of every system."""
    return {name: getattr(row, name) for name in DETAIL}


def row_path(version: str, family: str, labels: int, options: tuple[str, ...] = ()) -> Path:
    """Name the file that keeps a row; its model has the suffix ``.safetensors``."""
    return CACHE / version / f"{'-'.join([family, str(labels), *(o.strip('-') for o in options)])}.json"


def cached_row(folder: Path, labels: int, version: str, options: tuple[str, ...] = ()) -> Row:
    """Measure a row, or take it from the cache."""
    path = row_path(version, folder.name, labels, options)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        row = measure(folder, labels, path.with_suffix(".safetensors"), options)
        path.write_text(json.dumps(asdict(row)))
    return Row(**json.loads(path.read_text()))
