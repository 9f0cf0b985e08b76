"""The page of the benchmark that compares systems, and two runs of it compared."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bench_page, compare, families, kerf_rows, measurements, results_page


def result(system: str, labels: int, correct: int, **changed: Any) -> dict[str, Any]:
    """Make up what a run keeps of one measurement."""
    known = measurements.Result(
        "digits", system, labels, correct, 6, 0.1, 0.9, 12.0, 300.0, 1000, 4000, "code", "a machine", "2026-01-01"
    )
    return asdict(known) | changed


def page(*results: dict[str, Any]) -> dict[str, Any]:
    """Make up a run."""
    return {
        "seed": 0,
        "versions": {"torch": "2"},
        "codes": {"Kerf": "code", "ddddocr": "code", "CTC, its best": "code", "Tesseract": "newer"},
        "families": [{"name": "digits", "train": 15, "test": 6, "near_duplicates": 2}],
        "results": list(results),
        "speed": [
            {
                "family": "digits",
                "cores": 1,
                "images": 6,
                "milliseconds": {"Kerf, in batches": 2.0, "ddddocr": 9.0},
                "megabytes": {"Kerf, in batches": 300.0, "ddddocr": 400.0},
                "code": "code",
                "machine": "another machine",
                "day": "2026-01-01",
            }
        ],
    }


def test_the_page_has_every_figure(tmp_path: Path) -> None:
    reader = result("ddddocr", 0, 3, detail={"version": "1.2"})
    others = result("Kerf", 0, 2), result("Kerf", 15, 5), result("CTC, its best", 15, 4)
    made = page(*others, reader, result("Tesseract", 0, 6))
    bench_page.write_page(made, tmp_path)
    text = (tmp_path / "benchmark.md").read_text()
    assert "| digits | 0 | 6 | 33.3 (10.0-90.0) | **50.0** (10.0-90.0) |" in text
    assert "| digits | 15 | 6 | **83.3** (10.0-90.0) | 66.7 (10.0-90.0) |" in text
    assert "| digits | 15 | 6 | 1 | 2 | CTC, its best | 2 | 0.50 |" in text
    assert "| ddddocr | 9.00 | 4.50 | 400 MB |" in text
    assert "a: a machine." in text
    assert "machine b" in text
    assert "| digits | 15 | 6 | 2 |" in text
    assert "ddddocr 1.2" in text
    assert "earlier version of the system's code was measured: digits, Tesseract, 0 labels." in text
    assert text.count("Tesseract") == 1
    assert (tmp_path / "images" / "benchmark.png").stat().st_size > 5_000


def test_the_page_of_kerf_alone_has_the_budgets_that_the_comparison_leaves_out(tmp_path: Path) -> None:
    detail = dict.fromkeys(kerf_rows.DETAIL, 0.25)
    adapted = result("Kerf, adapted", 0, 4, detail=detail)
    made = page(result("Kerf", 15, 5, detail=detail), result("Kerf", 5, 3, detail=detail), adapted)
    made["codes"]["Kerf, adapted"] = "code"
    bench_page.write_page(made, tmp_path)
    results_page.write_results(made, tmp_path)
    assert "| digits | 5 |" not in (tmp_path / "benchmark.md").read_text()
    alone = (tmp_path / "results.md").read_text()
    few, most = alone.index("| digits | 5 | 6 | **50.0 %** |"), alone.index("| digits | 15 | 6 | **83.3 %** |")
    assert few < most
    assert "| digits | 0, adapted | 6 | **66.7 %** |" in alone
    assert "| 12 s | 300 MB |" in alone[alone.index("0, adapted") :].splitlines()[0]
    assert "With 0 labels" not in alone  # that is of the bundled model as it is
    assert "| 25.00 % | 25.0 | 25 % | 0.25 / 0.25 / 0.25 | 12 s | 300 MB | 2026-01-01 |" in alone


def test_no_page_of_kerf_alone_is_made_of_less_than_it_shows(tmp_path: Path) -> None:
    results_page.write_results(page(result("Kerf", 15, 5)), tmp_path)
    assert not (tmp_path / "results.md").exists()


def test_the_page_says_what_each_system_starts_from(tmp_path: Path) -> None:
    bench_page.write_page(page(result("Kerf", 0, 2), result("Kerf", 15, 5), result("CTC, its best", 15, 4)), tmp_path)
    text = (tmp_path / "benchmark.md").read_text()
    assert "| family | labels | n | Kerf (from drawn ones) | CTC, its best (from nothing) |" in text
    phrase = "which learnt from drawn captchas\n(`data/README.md`); the CTC recogniser"
    assert phrase in text


def test_two_runs_are_compared() -> None:
    before = page(result("Kerf", 15, 3, low_95=0.1, high_95=0.3), result("ddddocr", 0, 3))
    after = page(result("Kerf", 15, 6, low_95=0.4, high_95=0.9, train_seconds=6.0))
    rows = list(compare.compare(before, after))
    assert rows == [("digits", "Kerf", 15, "50.0", "100.0", "+50.0", "no", 12.0, 6.0)]


def test_families_of_seen_generators_are_marked_and_left_out_of_a_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "SEEN_GENERATORS", {"gen-digits": "a package"})
    for module in (bench_page, results_page):
        monkeypatch.setattr(module, "SEEN_GENERATORS", families.SEEN_GENERATORS)
    detail = dict.fromkeys(kerf_rows.DETAIL, 0.25)
    results = result("Kerf", 0, 2, detail=detail), result("Kerf", 0, 4, family="gen-digits", detail=detail)
    made = page(*results, result("ddddocr", 0, 5, family="gen-digits"))
    made["families"].append({"name": "gen-digits", "train": 15, "test": 6, "near_duplicates": 0})
    bench_page.write_page(made, tmp_path)
    results_page.write_results(made, tmp_path)
    compared, alone = ((tmp_path / name).read_text() for name in ("benchmark.md", "results.md"))
    assert "| gen-digits (seen generator) | 0 | 6 | 66.7 (10.0-90.0) | **83.3** (10.0-90.0) |" in compared
    assert "| mean (families) | | | 50.0 (2) | 83.3 (1) |" in compared
    assert "| of unseen generators | | | 33.3 (1) |  |" in compared
    assert "| gen-digits (seen generator) | 0 |" in alone
    assert "over 2 families: 50.0 %; over the 1 whose generator the bundled model has not seen: 33.3 %." in alone
