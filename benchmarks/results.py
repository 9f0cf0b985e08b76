"""Measure Kerf on folders of labelled captchas: train on the first N, read the test part once, write the table.

Usage: python benchmarks/results.py ../shared/data [--family NAME] [--labels N] [--jobs 2] [--write docs/results.md]

Every row runs the command line as a user would, in processes of its own: ``train-char FAMILY/train --limit N``,
``eval FAMILY/test``, and, when all rows are there, ``solve FAMILY/test``. Rows are cached by the code's hash, family
and N, so a run that was stopped goes on where it was. 0 labels is the bundled model, told the family's alphabet and
nothing else.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import os
import platform
import re
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from segmenter.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "benchmarks" / "cache"
CLI = ROOT / "cli.py"
ERRORS = ROOT / "benchmarks" / "errors.py"
KERF_FILES = ("cli.py", "segmenter/**/*.py", "classifier/**/*.py", "data/models/*.safetensors")
"""What Kerf's results depend on."""
DONE = {ExitCode.OK, ExitCode.UNREADABLE_IMAGE, ExitCode.NO_LABELS, ExitCode.LABEL_ALPHABET, ExitCode.LABEL_FIT}
"""Exit codes of a program that did its work, but for an image or a label, if any, that it named on stderr."""
BUDGETS = {
    "gen-gregwar": (1000, 0, 200),
    "gen-lepture-80x40": (1000, 0, 200),
    "gen-lepture": (1000, 0, 200),
    "gen-svg": (1000, 0, 200),
    "kcaptcha": (3000, 0, 1000),
    "captcha-v2": (740, 0, 100),
    "nsysu": (1000, 0, 100),
    "gtz-digits": (500, 0, 50),
    "jaccount": (560, 0, 100),
    "wp-really-simple": (500, 0, 50),
}
"""Labels to train on, by family; the first is measured first for every family."""
TARGETS = {
    "wp-really-simple": {50: 97.0, 500: 99.7},
    "gtz-digits": {50: 97.0, 500: 99.5},
    "jaccount": {100: 94.0, 560: 98.5},
    "nsysu": {100: 93.0, 1000: 98.0},
    "captcha-v2": {100: 90.0, 740: 99.3},
    "kcaptcha": {1000: 60.0, 3000: 85.0},
    "gen-lepture": {200: 75.0, 1000: 92.0},
    "gen-lepture-80x40": {200: 45.0, 1000: 80.0},
    "gen-gregwar": {200: 60.0, 1000: 88.0},
    "gen-svg": {200: 80.0, 1000: 97.0},
}
"""Whole-text accuracy asked for, in per cent, by family and number of labels."""

NOTES = (
    "The renderer behind the bundled model was written by people who had seen `train/` images of these ten families,",
    "and some of its looks resemble them. The rows with 0 labels, and the start that the others have from that model,",
    "are therefore not measurements on kinds of captcha that nobody had seen. Network and settings were chosen on",
    "`train/` of some of them, mostly gen-gregwar, gen-lepture-80x40 and kcaptcha.",
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


@dataclass(frozen=True)
class Speed:
    """What solving a test part costs."""

    images_per_second: float
    megabytes: float


def code_hash(patterns: tuple[str, ...] = KERF_FILES) -> str:
    """Digest of everything that a result depends on, but the data."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def peak_megabytes() -> float:
    """Peak memory of this process since its program began."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # macOS: bytes


def run(*command: str | Path, threads: int | None = None) -> tuple[str, float, float]:
    """Run a Python program of this project: its stdout, seconds and peak megabytes; SystemExit unless it is ``DONE``.

    Linux counts into the last what this process held when it began the other, so it is true of larger programs only;
    the others say ``peak_megabytes`` themselves.
    """
    start = time.monotonic()
    words = [sys.executable, *map(str, command)]
    environment = {**os.environ, **({"OMP_NUM_THREADS": str(threads)} if threads else {})}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in DONE:
        raise SystemExit(f"{' '.join(words)} ended with exit code {process.returncode}")
    return output, time.monotonic() - start, usage.ru_maxrss / 1024


def measure(folder: Path, labels: int, cache: Path, threads: int | None) -> Row:
    """Train and evaluate one row."""
    seconds = megabytes = 0.0
    if labels:
        training = ("train-char", folder / "train", "--limit", str(labels), "--out", cache.with_suffix(".safetensors"))
        _, seconds, megabytes = run(CLI, *training, "--quiet", threads=threads)
    options = reading_options(folder, labels, cache)
    evaluation = json.loads(run(CLI, "eval", folder / "test", *options, "--json", "--quiet", threads=threads)[0])
    errors = json.loads(run(ERRORS, folder / "test", *options, "--json", threads=threads)[0])
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
        errors["missing candidates"],
        errors["wrong choice among candidates"],
        errors["wrong character"],
        seconds,
        megabytes,
        date.today().isoformat(),
    )


def reading_options(folder: Path, labels: int, cache: Path) -> list[str | Path]:
    """Name the model to read with; for the bundled one, the alphabet."""
    if labels:
        return ["--model", cache.with_suffix(".safetensors")]
    return ["--charset", "".join(sorted(set("".join(folder_labels(folder / "train")))))]


def time_solve(folder: Path, options: list[str | Path]) -> Speed:
    """Time ``solve`` without the start of the program, which one image takes."""
    images = sorted(p for p in folder.iterdir() if p.suffix != ".csv")
    start = min(run(CLI, "solve", images[0], *options, "--quiet")[1] for _ in range(2))
    rows, seconds, megabytes = run(CLI, "solve", folder, *options, "--quiet")
    return Speed((len(rows.splitlines()) - 2) / max(seconds - start, 1e-3), megabytes)


def folder_labels(folder: Path) -> list[str]:
    """Read the labels of a folder."""
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        return [row["label"] for row in csv.DictReader(stream)]


def cached_row(data: Path, family: str, labels: int, version: str, threads: int | None, deadline: float) -> Row | None:
    """Measure a row, or take it from the cache; None where it is too late to begin."""
    path = CACHE / version / f"{family}-{labels}.json"
    if not path.exists():
        if time.monotonic() > deadline:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(measure(data / family, labels, path, threads))))
    return Row(**json.loads(path.read_text()))


def cached_speed(data: Path, row: Row, version: str) -> Speed:
    """Time a row's model, or take it from the cache."""
    path = CACHE / version / f"{row.family}-{row.labels}.speed.json"
    if not path.exists():
        folder = data / row.family
        options = reading_options(folder, row.labels, path.with_name(f"{row.family}-{row.labels}.json"))
        path.write_text(json.dumps(asdict(time_solve(folder / "test", options))))
    return Speed(**json.loads(path.read_text()))


def to_markdown(rows: list[Row], speeds: list[Speed | None], version: str, jobs: int) -> str:
    """Render rows as the page."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    at_once = f"{jobs} at a time, on one thread each" if jobs > 1 else "one at a time"
    lines = [
        "# Results",
        "",
        f"Printed by `python benchmarks/results.py DATA --write docs/results.md`; code {version}; {machine}.",
        "",
        "Whole-text exact match on `test/`, after `train-char FAMILY/train --limit N` with nothing else given.",
        "Interval: 95 %, Wilson. CER: character error rate. ECE: expected calibration error, in points. Sure: share",
        "of the images that can be answered with 99 % of the answers right. Errors: wrong texts by",
        "`benchmarks/errors.py`, as missing candidates / wrong choice among candidates / wrong character. 0 labels:",
        "the bundled model, told the alphabet, case ignored where it does not matter. Training: wall clock and memory,",
        f"{at_once}. Solve: images a second as CSV, the seconds that one image takes, start and all, subtracted.",
        "",
        "| family | labels | n | whole text | interval | target | CER | ECE | sure | errors | training | its memory "
        "| solve | its memory | day |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    table = [row_to_markdown(row, speed) for row, speed in zip(rows, speeds, strict=True)]
    return "\n".join([*lines, *table, "", *without_labels(rows), *NOTES, ""])


def without_labels(rows: list[Row]) -> list[str]:
    """State the mean over families of the bundled model's accuracy, if it was measured."""
    shares = [row.correct / row.n for row in rows if not row.labels]
    return (
        [f"With 0 labels, mean over {len(shares)} families: {100 * sum(shares) / len(shares):.1f} %.", ""]
        if shares
        else []
    )


def row_to_markdown(row: Row, speed: Speed | None) -> str:
    """Render one row; without a speed, what it takes to solve is left empty."""
    target = TARGETS.get(row.family, {}).get(row.labels)
    cells = [
        row.family,
        str(row.labels),
        str(row.n),
        f"**{100 * row.correct / row.n:.1f} %**",
        f"{100 * row.low_95:.1f}-{100 * row.high_95:.1f}",
        f"{target:.1f} %" if target else "",
        f"{100 * row.character_error_rate:.2f} %",
        f"{100 * row.expected_calibration_error:.1f}",
        f"{100 * row.coverage_at_99_precision:.0f} %",
        f"{row.missing_candidates} / {row.wrong_choice} / {row.wrong_character}",
        f"{row.train_seconds:.0f} s" if row.labels else "",
        f"{row.train_megabytes:.0f} MB" if row.labels else "",
        f"{speed.images_per_second:.0f}/s" if speed else "",
        f"{speed.megabytes:.0f} MB" if speed else "",
        row.day,
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure what is asked for and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of families, each with train/ and test/")
    parser.add_argument("--family", help="only this one")
    parser.add_argument("--labels", type=int, help="only this number of labels")
    parser.add_argument("--jobs", type=int, default=1, help="rows to train at a time, each on one thread if several")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no new row after so long")
    parser.add_argument("--write", type=Path, help="write the table here")
    arguments = parser.parse_args()
    wanted = [
        (family, budgets[turn])
        for turn in range(max(map(len, BUDGETS.values())))
        for family, budgets in BUDGETS.items()
        if turn < len(budgets) and arguments.family in (None, family) and arguments.labels in (None, budgets[turn])
    ]
    version, threads = code_hash(), 1 if arguments.jobs > 1 else None
    deadline = time.monotonic() + 60 * arguments.minutes

    def measure_one(row: tuple[str, int]) -> Row | None:
        found = cached_row(arguments.data, row[0], row[1], version, threads, deadline)
        if found:
            print(row_to_markdown(found, None), file=sys.stderr, flush=True)
        return found

    with ThreadPoolExecutor(arguments.jobs) as pool:
        rows = [row for row in pool.map(measure_one, wanted) if row]
    order = list(BUDGETS)
    rows.sort(key=lambda row: (order.index(row.family), row.labels))
    speeds = [
        cached_speed(arguments.data, row, version) if row.labels == BUDGETS[row.family][0] else None for row in rows
    ]
    page = to_markdown(rows, speeds, version, arguments.jobs)
    if len(rows) < len(wanted):
        print(f"{len(wanted) - len(rows)} rows are left for another run", file=sys.stderr)
    if arguments.write:
        arguments.write.write_text(page)
    else:
        print(page)


if __name__ == "__main__":
    main()
