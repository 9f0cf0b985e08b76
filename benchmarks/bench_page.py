"""The benchmark's JSON to a page and its figures; nothing is measured here.

Usage: python -m benchmarks.bench_page docs
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench_figures import Record, by_budget, draw_accuracy, draw_founding_pair, to_styles
from benchmarks.families import SEEN_GENERATORS, mark_seen

FEW = 100
"""Labels to train on, besides none and all."""
FOUNDING_FAMILY = "gen-lepture-80x40"
"""The family of the size that the question was about."""


STARTS = (
    "What a system starts from differs: **Kerf starts from its bundled model, which learnt from drawn captchas",
    "(`data/README.md`); the CTC recogniser and networks A and B start from nothing**; readers off the shelf come as",
    "they are. `Kerf from nothing`, and a CTC recogniser trained for an hour on 60,000 rendered captchas, show what a",
    "start is worth; where they are in no table they were not measured.",
)
START_NAMES = {
    "Kerf": "Kerf (from drawn ones)",
    "Kerf from nothing": "Kerf from nothing",
    "CTC, its best": "CTC, its best (from nothing)",
    "CTC, Kerf's time": "CTC, Kerf's time (from nothing)",
    "CTC, pretrained": "CTC (from 60,000 rendered)",
}
"""What tables of trained systems call them: with what they start from."""


def write_page(page: Record, folder: Path) -> None:
    """Write ``benchmark.md`` and its figures."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    results = [result for result in page["results"] if is_current(result, page) and is_compared(result, page)]
    if results:
        draw_accuracy(results, images / "benchmark.png")
    founding = find_founding(results)
    if founding:
        draw_founding_pair(founding, images / "founding.png")
    (folder / "benchmark.md").write_text(to_markdown(page, results, founding), encoding="utf-8")


def is_current(result: Record, page: Record) -> bool:
    """Whether a result was measured with the system's code as it is."""
    return bool(result["code"] == page["codes"].get(result["system"]))


def is_compared(result: Record, page: Record) -> bool:
    """Whether other systems are given as many labels: none, few or all; the rest is on the page of Kerf alone."""
    counts = {family["name"]: family["train"] for family in page["families"]}
    most = counts[result["family"]]
    return result["labels"] in (0, min(FEW, most), most)


def find_founding(results: Sequence[Record]) -> list[Record]:
    """Networks A and B on the family of the question's size, or on the first that they were measured on."""
    networks = [result for result in results if result["system"].startswith("network ")]
    families = [result["family"] for result in networks]
    family = FOUNDING_FAMILY if FOUNDING_FAMILY in families else next(iter(families), None)
    return [result for result in networks if result["family"] == family]


def to_markdown(page: Record, results: Sequence[Record], founding: Sequence[Record]) -> str:
    """Render the page: what was measured, on what, and every result."""
    machines = list(dict.fromkeys(record["machine"] for record in [*results, *page["speed"]]))
    readers = {r["system"]: r["detail"]["version"] for r in results if "version" in r["detail"]}
    versions = ", ".join(f"{name} {version}" for name, version in (page["versions"] | readers).items())
    lines = [
        "# Benchmark",
        "",
        f"Printed by `make bench`; {versions}; seed {page['seed']}. Machines:",
        *(f"{letter(machines, machine)}: {machine}." for machine in machines),
        "",
        "Every system was given the same training images, in the same order, and the paths of the same test images;",
        "the labels of `test/` went to the scorer alone. A score is whole texts read right, in per cent, with the 95 %",
        "Wilson interval; case counts where a family has letters in both, but for readers that know one case only.",
        "0 labels: told the alphabet and nothing else; adapted: also the length, and given all of `train/` without its",
        "labels. One training each; the interval holds the test images' share of the doubt, not",
        "the seed's. How the CTC recogniser was tuned, and why it may read nothing from few labels, is in",
        "`docs/experiments.md`.",
        "",
        *STARTS,
        "",
    ]
    if results:
        lines += ["![Whole texts right by family and number of labels, with intervals](images/benchmark.png)", ""]
    for title, group in by_budget(results).items():
        lines += [f"## Whole texts right, {title}", "", *to_score_table(group), ""]
    lines += to_peers(results)
    lines += to_speed(page["speed"], machines)
    if founding:
        lines += to_founding(founding)
    lines += to_costs(results, machines)
    lines += ["## Guards", "", "No image of `test/` stands in `train/` by content.", ""]
    lines += ["| family | train | test | test images that look like one of train |", "|---|--:|--:|--:|"]
    lines += [f"| {f['name']} | {f['train']} | {f['test']} | {f['near_duplicates']} |" for f in page["families"]]
    stale = [r for r in page["results"] if not is_current(r, page)]
    if stale:
        named = "; ".join(f"{r['family']}, {r['system']}, {r['labels']} labels" for r in stale)
        lines += ["", f"Left out, as an earlier version of the system's code was measured: {named}."]
    return "\n".join([*lines, ""])


def letter(machines: Sequence[str], machine: str) -> str:
    """Short name of a machine."""
    return chr(ord("a") + machines.index(machine))


def to_percent(result: Record) -> float:
    """Share of whole texts read right."""
    return float(100 * result["correct"] / result["n"])


def to_score_table(group: Sequence[Record]) -> list[str]:
    """Render one budget: a row a family, a column a system, the best of a row in bold."""
    systems = list(to_styles(group))
    names = [START_NAMES.get(system, system) if any(r["labels"] for r in group) else system for system in systems]
    table = [f"| family | labels | n | {' | '.join(names)} |", f"|---|--:|--:|{'--:|' * len(systems)}"]
    for family in dict.fromkeys(result["family"] for result in group):
        row = {result["system"]: result for result in group if result["family"] == family}
        best = max(result["correct"] for result in row.values())
        some = next(iter(row.values()))
        cells = [to_score(row[s], best=row[s]["correct"] == best) if s in row else "" for s in systems]
        table.append(f"| {mark_seen(family)} | {some['labels']} | {some['n']} | {' | '.join(cells)} |")
    unseen = [result for result in group if result["family"] not in SEEN_GENERATORS]
    return [*table, to_means("mean (families)", group, systems), to_means("of unseen generators", unseen, systems)]


def to_means(title: str, group: Sequence[Record], systems: Sequence[str]) -> str:
    """Render the row of each system's mean, with the number of families that it is of."""
    shares = [[to_percent(result) for result in group if result["system"] == system] for system in systems]
    means = [f"{sum(some) / len(some):.1f} ({len(some)})" if some else "" for some in shares]
    return f"| {title} | | | {' | '.join(means)} |"


def to_score(result: Record, *, best: bool) -> str:
    """Render a share and its interval."""
    share = f"{to_percent(result):.1f}"
    return f"{f'**{share}**' if best else share} ({100 * result['low_95']:.1f}-{100 * result['high_95']:.1f})"


def to_peers(results: Sequence[Record]) -> list[str]:
    """Render how many errors Kerf makes beside the best of the others: at the same labels, or off the shelf."""
    kerf = [result for result in results if result["system"] == "Kerf" and result["labels"]]
    lines = [
        "## Errors beside the best peer",
        "",
        "Wrong texts of Kerf, and of the other system with the fewest, trained on the same labels or off the shelf;",
        "the aim is half.",
        "",
        "| family | labels | n | Kerf | CTC, its best | best peer | its wrong texts | Kerf's share of them |",
        "|---|--:|--:|--:|--:|---|--:|--:|",
    ]
    for one in sorted(kerf, key=lambda r: (r["labels"] > 100, r["family"])):
        peers = [
            r
            for r in results
            if r["family"] == one["family"] and r["labels"] in (0, one["labels"]) and r["system"] != "Kerf"
        ]
        if not peers:
            continue
        best = max(peers, key=lambda r: r["correct"])
        ctc = next((r for r in peers if r["system"] == "CTC, its best"), None)
        wrong, others = one["n"] - one["correct"], best["n"] - best["correct"]
        share = f"{wrong / others:.2f}" if others else "none to halve"
        beside = ctc["n"] - ctc["correct"] if ctc else ""
        lines.append(
            f"| {one['family']} | {one['labels']} | {one['n']} | {wrong} | {beside} | {best['system']} | {others} "
            f"| {share} |"
        )
    return [*lines, ""]


def to_speed(entries: Sequence[Record], machines: Sequence[str]) -> list[str]:
    """Render milliseconds an image, and each as a multiple of Kerf's in the same rounds."""
    lines: list[str] = []
    if entries:
        lines = [
            "## Speed of reading",
            "",
            "Median of interleaved rounds over the same images, in one process bound to the cores, files to texts,",
            "and how many times as long that is as Kerf in batches. Memory: peak of a process that only reads them.",
            "",
        ]
    for entry in sorted(entries, key=lambda e: (e["cores"], e["family"])):
        times, memory = entry["milliseconds"], entry["megabytes"]
        lines += [
            f"{entry['family']}, {entry['cores']} core{'s' * (entry['cores'] > 1)}, n = {entry['images']}, machine "
            f"{letter(machines, entry['machine'])}, {entry['day']}:",
            "",
            "| system | ms an image | times Kerf's | peak memory |",
            "|---|--:|--:|--:|",
        ]
        for name, milliseconds in sorted(times.items(), key=lambda item: item[1]):
            ratio = milliseconds / times["Kerf, in batches"]
            lines.append(f"| {name} | {milliseconds:.2f} | {ratio:.2f} | {memory[name]:.0f} MB |")
        lines.append("")
    return lines


def to_founding(pair: Sequence[Record]) -> list[str]:
    """Render every figure of networks A and B under its own name."""
    positions = len(pair[0]["detail"]["test"]["loss_by_head"])
    heads = " | ".join(f"head {i + 1}" for i in range(positions))
    lines = [
        f"## The two networks of the founding question, on {pair[0]['family']}",
        "",
        "Loss is the sum of the heads' cross entropies, as Keras prints it.",
        "",
        "![How networks A and B learn: loss and texts read right, by epoch](images/founding.png)",
        "",
        f"| network | part | loss, total | loss, {heads} | accuracy, {heads} | whole text |",
        f"|---|---|--:|{'--:|' * (2 * positions + 1)}",
    ]
    for result in pair:
        last = result["detail"]["epochs"][-1]
        for part, figures in (*last.items(), ("test", result["detail"]["test"])):
            losses = " | ".join(f"{loss:.3f}" for loss in figures["loss_by_head"])
            accuracies = " | ".join(f"{100 * share:.1f} %" for share in figures["accuracy_by_head"])
            lines.append(
                f"| {result['system']} | {part} | {figures['loss']:.3f} | {losses} | {accuracies} "
                f"| **{100 * figures['whole_text']:.1f} %** |"
            )
    return [*lines, ""]


def to_costs(results: Sequence[Record], machines: Sequence[str]) -> list[str]:
    """Render what training costs, on one thread, and how large the outcome is."""
    trained = [result for result in results if result["labels"]]
    if not trained:
        return []
    lines = [
        "## Cost of training",
        "",
        "Seconds on one thread: Kerf by the wall, start and cutting included, the others by the processor. The CTC",
        "recogniser gets Kerf's seconds, and at its best up to seven times as many, in cycles of one, two and four",
        "times, unless one did not lower its validation loss by a tenth. Its best is where that loss, on a tenth of",
        "the labels, was lowest: it can read less of `test/` than the first cycle does. Memory: peak of the process",
        "that trained.",
        "",
        "| family | labels | system | seconds | parameters | file | memory | machine | day |",
        "|---|--:|---|--:|--:|--:|--:|---|---|",
    ]
    for r in trained:
        lines.append(
            f"| {r['family']} | {r['labels']} | {r['system']} | {r['train_seconds']:.0f} | {r['parameters']:,} "
            f"| {r['file_bytes'] / 1e6:.1f} MB | {r['megabytes']:.0f} MB | {letter(machines, r['machine'])} "
            f"| {r['day']} |"
        )
    return [*lines, ""]


def main() -> None:
    """Draw and write again what a folder's ``benchmark.json`` holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with benchmark.json")
    folder = parser.parse_args().folder
    write_page(json.loads((folder / "benchmark.json").read_text()), folder)


if __name__ == "__main__":
    main()
