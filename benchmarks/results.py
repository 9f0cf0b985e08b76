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
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path

from results_page import Row, Speed, row_to_markdown, to_markdown

from kerf.segmenter.errors import ExitCode, KerfError

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "benchmarks" / "cache"
CLI = ROOT / "cli.py"
ERRORS = ROOT / "benchmarks" / "errors.py"
KERF_FILES = ("__init__.py", "cli.py", "segmenter/**/*.py", "classifier/**/*.py", "data/models/*.safetensors")
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


@contextmanager
def clear_errors() -> Iterator[None]:
    """Run a script's body: a bad input becomes one line on stderr and exit code 1."""
    try:
        yield
    except (KerfError, OSError) as error:
        raise SystemExit(str(error)) from None


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


def main() -> None:
    """Measure what is asked for and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of families, each with train/ and test/")
    parser.add_argument("--family", choices=BUDGETS, help="only this one")
    parser.add_argument("--labels", type=int, help="only this number of labels")
    parser.add_argument("--jobs", type=int, default=1, help="rows to train at a time, each on one thread if several")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no new row after so long")
    parser.add_argument("--write", type=Path, help="write the table here")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"{arguments.data} is not a folder; name the one that has the families")
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
