"""Rows of results to a Markdown page; nothing is measured here."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

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
