"""What is measured of Kerf alone, at every number of labels, to a Markdown page; nothing is measured here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench_figures import Record
from benchmarks.bench_page import is_current
from benchmarks.families import SEEN_GENERATORS, mark_seen
from benchmarks.kerf_rows import DETAIL
from benchmarks.measurements import KERF, KERF_ACCURATE, KERF_ADAPTED, KERF_REST

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

ALONE = {KERF: "", KERF_ACCURATE: ", accurate", KERF_ADAPTED: ", adapted", KERF_REST: ", rest unlabelled"}
"""The systems that the page is of, and what is said of each beside the number of labels."""
NOTES = (
    "The renderer behind the bundled model was written by people who had seen `train/` images of these ten families,",
    "and some of its looks resemble them. The rows with 0 labels, and the start that the others have from that model,",
    "are therefore not measurements on kinds of captcha that nobody had seen. Network and settings were chosen on",
    "`train/` of some of them, mostly gen-gregwar, gen-lepture-80x40 and kcaptcha.",
)


def write_results(page: Record, folder: Path) -> None:
    """Write ``results.md``: Kerf at every number of labels; nothing where no row has all of its figures."""
    kerf = [result for result in page["results"] if result["system"] in ALONE and is_current(result, page)]
    rows = [result for result in kerf if set(DETAIL) <= set(result["detail"])]
    if rows:
        (folder / "results.md").write_text(to_markdown(rows), encoding="utf-8")


def to_markdown(rows: Sequence[Record]) -> str:
    """Render rows as the page."""
    machines = "; ".join(dict.fromkeys(row["machine"] for row in rows))
    lines = [
        "# Results",
        "",
        f"Printed by `make bench FULL=1`; code {rows[0]['code']}; {machines}.",
        "",
        "Whole-text exact match on `test/`, after `train-char FAMILY/train --limit N` with nothing else given.",
        "Interval: 95 %, Wilson. CER: character error rate. ECE: expected calibration error, in points. Sure: share",
        "of the images that can be answered with 99 % of the answers right. Errors: wrong texts by",
        "`benchmarks/trials/errors.py`, as missing candidates / wrong choice among candidates / wrong character.",
        "0 labels: the bundled model, told the alphabet, case ignored where it does not matter. Adapted: after `adapt",
        "FAMILY/train --max-minutes 5`, without its labels, told alphabet and length. Fewer than 500 labels are learnt",
        "from the size `accurate` on, others from `fast`, or where it is said `--size accurate`. Rest unlabelled: with",
        "`--unlabelled FAMILY/train`, of which the labels beyond N are not used. Training: wall clock and memory, on",
        "one thread.",
        "How fast it reads is in `performance.md`. A seen generator is one that, with other texts and options, drew",
        "some of what the bundled model learnt from.",
        "",
        "| family | labels | n | whole text | interval | target | CER | ECE | sure | errors | training | its memory "
        "| day |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    ordered = sorted(rows, key=lambda row: (row["family"], row["labels"], row["system"]))
    return "\n".join([*lines, *map(row_to_markdown, ordered), "", *without_labels(rows), *NOTES, ""])


def without_labels(rows: Sequence[Record]) -> list[str]:
    """State the mean over families of the bundled model's accuracy, if it was measured."""
    shares = {row["family"]: 100 * row["correct"] / row["n"] for row in rows if is_bundled(row)}
    unseen = [share for family, share in shares.items() if family not in SEEN_GENERATORS]
    if not unseen:
        return []
    return [
        f"With 0 labels, mean over {len(shares)} families: {sum(shares.values()) / len(shares):.1f} %; over the "
        f"{len(unseen)} whose generator the bundled model has not seen: {sum(unseen) / len(unseen):.1f} %.",
        "",
    ]


def is_bundled(row: Record) -> bool:
    """Whether a row is of the bundled model as it is."""
    return not row["labels"] and row["system"] == KERF


def row_to_markdown(row: Record) -> str:
    """Render one row."""
    target, detail = TARGETS.get(row["family"], {}).get(row["labels"]), row["detail"]
    cells = [
        mark_seen(row["family"]),
        f"{row['labels']}{ALONE[row['system']]}",
        str(row["n"]),
        f"**{100 * row['correct'] / row['n']:.1f} %**",
        f"{100 * row['low_95']:.1f}-{100 * row['high_95']:.1f}",
        f"{target:.1f} %" if target else "",
        f"{100 * detail['character_error_rate']:.2f} %",
        f"{100 * detail['expected_calibration_error']:.1f}",
        f"{100 * detail['coverage_at_99_precision']:.0f} %",
        f"{detail['missing_candidates']} / {detail['wrong_choice']} / {detail['wrong_character']}",
        "" if is_bundled(row) else f"{row['train_seconds']:.0f} s",
        "" if is_bundled(row) else f"{row['megabytes']:.0f} MB",
        row["day"],
    ]
    return f"| {' | '.join(cells)} |"
