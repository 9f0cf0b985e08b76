"""Figures of the benchmark's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

Record = Mapping[str, Any]

# Okabe and Ito's palette, and a marker each, so that systems are told apart without colour as well.
STYLES = {
    "Kerf": ("#D55E00", "o"),
    "CTC, its best": ("#0072B2", "s"),
    "CTC, Kerf's time": ("#56B4E9", "D"),
    "Kerf, adapted": ("#A03000", "o"),
    "Kerf from nothing": ("#F0A070", "o"),
    "CTC, pretrained": ("#003050", "s"),
    "network A": ("#999999", "v"),
    "network B": ("#000000", "^"),
}
OTHER_STYLES = (("#009E73", "P"), ("#E69F00", "X"), ("#CC79A7", "*"), ("#F0E442", "p"), ("#8B5A2B", "h"))


def to_styles(results: Sequence[Record]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each system, in the order in which they are shown: first those that are trained."""
    present = {result["system"] for result in results}
    others = zip(sorted(present - set(STYLES)), OTHER_STYLES, strict=False)
    return {system: style for system, style in STYLES.items() if system in present} | dict(others)


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
    styles = to_styles(results)
    figure = Figure(figsize=(max(8, 4.2 * len(groups)), 0.62 * len(families) + 1.6), dpi=120, layout="constrained")
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    for axes, (title, group) in zip(panels, groups.items(), strict=True):
        draw_panel(axes, group, families, styles)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("whole texts right, %")
    counts = {result["family"]: result["n"] for result in results}
    panels[0].set_yticks(range(len(families)), [f"{family}\nn = {counts[family]}" for family in families])
    panels[0].set_ylim(len(families) - 0.5, -0.5)
    handles = {h.get_label(): h for axes in panels for h in axes.containers}
    figure.legend([handles[system] for system in styles], list(styles), loc="outside lower center", ncols=4, fontsize=9)
    figure.savefig(path)


def draw_panel(
    axes: Axes, group: Sequence[Record], families: Sequence[str], styles: Mapping[str, tuple[str, str]]
) -> None:
    """Draw one budget's marks; systems lie a little apart within a family's row."""
    systems = [system for system in styles if any(result["system"] == system for result in group)]
    for place, system in enumerate(systems):
        rows = [result for result in group if result["system"] == system]
        colour, marker = styles[system]
        share = [100 * r["correct"] / r["n"] for r in rows]
        spread = [
            [s - 100 * r["low_95"] for s, r in zip(share, rows, strict=True)],
            [100 * r["high_95"] - s for s, r in zip(share, rows, strict=True)],
        ]
        at = [families.index(r["family"]) + 0.6 * ((place + 0.5) / len(systems) - 0.5) for r in rows]
        axes.errorbar(
            share,
            at,
            xerr=spread,
            fmt=marker,
            color=colour,
            markersize=5,
            linewidth=1,
            label=system,
            markeredgecolor="0.2",
            markeredgewidth=0.4,
        )
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
    first = results[0]
    figure.suptitle(f"{first['family']}, {first['labels']} labels, a tenth of them for validation", fontsize=10)
    figure.savefig(path)
