"""The benchmark's JSON to a page and its figures; nothing is measured here.

Usage: python benchmarks/bench_page.py docs/benchmark.json docs/benchmark.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

Record = Mapping[str, Any]

FOUNDING_FAMILY = "gen-lepture-80x40"
"""The family of the size that the question was about."""

# Okabe and Ito's palette, and a marker each, so that systems are told apart without colour as well.
STYLES = {
    "Kerf": ("#D55E00", "o"),
    "CTC, its best": ("#0072B2", "s"),
    "CTC, Kerf's time": ("#56B4E9", "D"),
    "network A": ("#999999", "v"),
    "network B": ("#000000", "^"),
}
OTHER_STYLES = (("#009E73", "P"), ("#E69F00", "X"), ("#CC79A7", "*"), ("#F0E442", "p"), ("#8B5A2B", "h"))


def to_style(system: str, others: Sequence[str]) -> tuple[str, str]:
    """Colour and marker of a system; readers off the shelf take turns."""
    return STYLES.get(system) or OTHER_STYLES[others.index(system) % len(OTHER_STYLES)]


def by_budget(results: Sequence[Record]) -> dict[str, list[Record]]:
    """Group results as the page shows them: off the shelf, at few labels, at all."""
    few = min((r["labels"] for r in results if r["labels"]), default=0)
    groups: dict[str, list[Record]] = {"without labels": [], f"{few} labels": [], "all of train/": []}
    for result in results:
        key = "without labels" if not result["labels"] else f"{few} labels"
        groups[key if result["labels"] <= few else "all of train/"].append(result)
    return {name: group for name, group in groups.items() if group}


def draw_accuracy(results: Sequence[Record], path: Path) -> None:
    """Draw whole-text accuracy with 95 % intervals: a panel a budget, a row a family, a mark a system."""
    groups = by_budget(results)
    families = list(dict.fromkeys(result["family"] for result in results))
    others = sorted({result["system"] for result in results} - set(STYLES))
    figure = Figure(figsize=(4.2 * len(groups), 0.62 * len(families) + 1.6), dpi=120, layout="constrained")
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    for axes, (title, group) in zip(panels, groups.items(), strict=True):
        draw_panel(axes, group, families, others)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("whole texts right, %")
    panels[0].set_yticks(range(len(families)), families)
    panels[0].invert_yaxis()
    handles = {h.get_label(): h for axes in panels for h in axes.containers}
    names = [system for system in (*STYLES, *others) if system in handles]
    figure.legend([handles[name] for name in names], names, loc="outside lower center", ncols=4, fontsize=9)
    figure.savefig(path)


def draw_panel(axes: Axes, group: Sequence[Record], families: Sequence[str], others: Sequence[str]) -> None:
    """Draw one budget's marks; systems lie a little apart within a family's row."""
    systems = [s for s in (*STYLES, *others) if any(result["system"] == s for result in group)]
    for place, system in enumerate(systems):
        rows = [result for result in group if result["system"] == system]
        colour, marker = to_style(system, others)
        share = [100 * r["correct"] / r["n"] for r in rows]
        spread = [
            [s - 100 * r["low_95"] for s, r in zip(share, rows, strict=True)],
            [100 * r["high_95"] - s for s, r in zip(share, rows, strict=True)],
        ]
        at = [families.index(r["family"]) + 0.6 * ((place + 0.5) / len(systems) - 0.5) for r in rows]
        axes.errorbar(share, at, xerr=spread, fmt=marker, color=colour, markersize=5, linewidth=1, label=system)
    axes.set_xlim(-2, 102)
    axes.grid(axis="x", alpha=0.3)
    for row in range(1, len(families)):
        axes.axhline(row - 0.5, color="0.85", linewidth=0.6)


def draw_founding(result: Record, axes: Sequence[Axes]) -> None:
    """Draw how one of the founding networks learnt: its loss, and what it reads."""
    epochs = result["detail"]["epochs"]
    passes = range(1, len(epochs) + 1)
    for part, colour, line in (("train", "#56B4E9", "--"), ("validation", "#D55E00", "-")):
        axes[0].plot(passes, [e[part]["loss"] for e in epochs], line, color=colour, label=f"{part}, all heads")
        first = [e[part]["loss_by_head"][0] for e in epochs]
        axes[0].plot(passes, first, line, color=colour, alpha=0.4, label=f"{part}, first head")
        axes[1].plot(
            passes, [100 * e[part]["whole_text"] for e in epochs], line, color=colour, label=f"{part}, whole text"
        )
        mean = [100 * sum(e[part]["accuracy_by_head"]) / len(e[part]["accuracy_by_head"]) for e in epochs]
        axes[1].plot(passes, mean, line, color=colour, alpha=0.4, label=f"{part}, mean of the heads")
    axes[0].set(title=f"{result['system']}: loss", xlabel="epoch", yscale="log")
    axes[1].set(title=f"{result['system']}: read right, %", xlabel="epoch", ylim=(-2, 102))
    for one in axes:
        one.grid(alpha=0.3)
        one.legend(fontsize=7)


def draw_founding_pair(results: Sequence[Record], path: Path) -> None:
    """Draw networks A and B, one a row."""
    figure = Figure(figsize=(9, 3.2 * len(results)), dpi=120, layout="constrained")
    for axes, result in zip(figure.subplots(len(results), 2, squeeze=False), results, strict=True):
        draw_founding(result, axes)
    figure.savefig(path)


def to_markdown(page: Record) -> str:
    """Render the page: what was measured, on what, and every result."""
    results = page["results"]
    lines = [
        "# Benchmark",
        "",
        f"Printed by `make bench`; code {page['code']}, seed {page['seed']}, torch {page['torch']}; {page['machine']}.",
        "",
        "Every system was given the same training images and the paths of the same test images. A score is whole texts",
        "right, with the 95 % Wilson interval; case counts where a family has letters in both. Training is wall clock.",
        "",
        "![accuracy](images/benchmark.png)",
        "",
    ]
    for title, group in by_budget(results).items():
        lines += [f"## {title.capitalize()}", "", *results_to_table(group), ""]
    lines += ["## Guards", "", "| family | train | test | test images like one of train |", "|---|--:|--:|--:|"]
    lines += [f"| {f['name']} | {f['train']} | {f['test']} | {f['near_duplicates']} |" for f in page["families"]]
    if page["left"]:
        lines += ["", f"Not measured yet: {', '.join(page['left'])}."]
    return "\n".join([*lines, ""])


def results_to_table(group: Sequence[Record]) -> list[str]:
    """Render one budget's results, family by family."""
    table = [
        "| family | system | labels | n | whole text | interval | training | parameters | file | day |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for r in group:
        cells = [
            r["family"],
            r["system"],
            r["labels"] or "",
            r["n"],
            f"**{100 * r['correct'] / r['n']:.1f} %**",
            f"{100 * r['low_95']:.1f}-{100 * r['high_95']:.1f}",
            f"{r['train_seconds']:.0f} s" if r["train_seconds"] else "",
            f"{r['parameters']:,}" if r["parameters"] else "",
            f"{r['file_bytes'] / 1e6:.1f} MB" if r["file_bytes"] else "",
            r["day"],
        ]
        table.append(f"| {' | '.join(map(str, cells))} |")
    return table


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("page", type=Path)
    arguments = parser.parse_args()
    page = json.loads(arguments.results.read_text())
    images = arguments.page.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    if page["results"]:
        draw_accuracy(page["results"], images / "benchmark.png")
    founding = [r for r in page["results"] if r["system"].startswith("network ")]
    family = next(
        (r["family"] for r in founding if r["family"] == "gen-lepture-80x40"), founding and founding[0]["family"]
    )
    if founding:
        draw_founding_pair([r for r in founding if r["family"] == family], images / "founding.png")
    arguments.page.write_text(to_markdown(page))


if __name__ == "__main__":
    main()
