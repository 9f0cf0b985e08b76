"""Compare two runs of the benchmark: what changed between two JSON files.

Usage: python -m benchmarks.compare before/benchmark.json after/benchmark.json

Printed as CSV: every measurement that both have, its whole texts before and after in per cent, and whether the 95 %
intervals overlap. Times are compared only where both were taken on the same machine.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.running import clear_errors

COLUMNS = (
    "family",
    "system",
    "labels",
    "before",
    "after",
    "change",
    "intervals overlap",
    "seconds before",
    "seconds after",
)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Compare what both runs measured, a row each."""
    known = {(r["family"], r["system"], r["labels"]): r for r in before["results"]}
    for new in after["results"]:
        key = (new["family"], new["system"], new["labels"])
        if old := known.get(key):
            shares = [100 * r["correct"] / r["n"] for r in (old, new)]
            overlap = new["low_95"] <= old["high_95"] and old["low_95"] <= new["high_95"]
            seconds = [r["train_seconds"] for r in (old, new)] if old["machine"] == new["machine"] else ["", ""]
            change = f"{shares[1] - shares[0]:+.1f}"
            yield *key, *(f"{share:.1f}" for share in shares), change, "yes" if overlap else "no", *seconds


def read_run(path: Path) -> dict[str, Any]:
    """Read what a run of the benchmark has written.

    Raises
    ------
    SystemExit
        If the file holds something else.
    """
    with suppress(json.JSONDecodeError, UnicodeDecodeError):
        page = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(page, dict) and "results" in page:
            return page
    raise SystemExit(f"{path}: is not a run; name a benchmark.json that `make bench` wrote")


def main() -> None:
    """Read both, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    arguments = parser.parse_args()
    before, after = read_run(arguments.before), read_run(arguments.after)
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    writer.writerows(compare(before, after))


if __name__ == "__main__":
    with clear_errors():
        main()
