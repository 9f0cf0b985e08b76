"""The benchmark that compares systems: its guards, its scorer, what it resumes, and its page."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bench, bench_page, compare, families, kerf_rows, measurements, results_page
from benchmarks.rivals import readers, systems
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.model_file import BUNDLED_MODEL
from kerf.classifier.synthesis import BUILT_IN_FONT
from tests.running import script


def result(system: str, labels: int, correct: int, **changed: Any) -> dict[str, Any]:
    """Make up what a run keeps of one measurement."""
    known = measurements.Result(
        "digits", system, labels, correct, 6, 0.1, 0.9, 12.0, 300.0, 1000, 4000, "code", "a machine", "2026-01-01"
    )
    return asdict(known) | changed


def test_a_test_image_in_train_stops_the_run(family: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(family, data / "digits")
    first, other = (sorted((data / "digits" / part).glob("*.png"))[0] for part in ("train", "test"))
    shutil.copy(first, other)
    said = script("bench", data, "--out", tmp_path / "out", "--minutes", "0")
    assert said.returncode == 1
    assert f"{other} has the content of {first}" in said.stderr
    assert not (tmp_path / "out").exists()


def test_near_duplicates_of_train_are_counted(family: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(family, data / "digits")
    first, other = (sorted((data / "digits" / part).glob("*.png"))[0] for part in ("train", "test"))
    other.write_bytes(first.read_bytes() + b"\n")  # another content, the same picture
    assert families.load_family(data / "digits").near_duplicates == 1


def test_a_folder_without_families_is_said_to_be_one(tmp_path: Path) -> None:
    said = script("bench", tmp_path, "--out", tmp_path / "out")
    assert said.returncode == 1
    assert f"{tmp_path} has no family" in said.stderr
    assert "Traceback" not in said.stderr


def test_without_the_folder_rendered_families_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(families, "RENDERED_COUNTS", {"train": 4, "test": 3})
    monkeypatch.setattr(families, "find_fonts", lambda: [BUILT_IN_FONT])
    found = families.find_families(tmp_path / "absent", tmp_path / "rendered", full=False)
    assert [(len(f.train), len(f.test)) for f in found] == [(4, 3)] * 3
    assert f"{tmp_path / 'absent'} is not there" in capsys.readouterr().err


def test_a_run_without_time_writes_a_page_and_says_what_is_left(family: Path, tmp_path: Path) -> None:
    said = script("bench", family.parent, "--out", tmp_path, "--minutes", "0")
    assert said.returncode == 0, said.stderr
    assert "10 of 10 measurements are left" in said.stderr
    assert "| digits | 15 | 6 | 0 |" in (tmp_path / "benchmark.md").read_text()


def test_a_job_holds_no_label_of_a_test_image(family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = []

    def answer(flag: str, program: str, order: Path, threads: int) -> tuple[str, float, float]:
        jobs.append(json.loads(order.read_text()))
        return json.dumps({"texts": ["000"] * 6}), 1.0, 100.0

    monkeypatch.setattr(bench, "run", answer)
    loaded = families.load_family(family)
    bench.Bench(tmp_path / "benchmark.json", [loaded], math.inf).measure(("digits", "network A", 15))
    assert set(jobs[0]) == {field.name for field in fields(systems.Job)}
    assert jobs[0]["train"] == [[str(sample.path), sample.text] for sample in loaded.train]
    assert jobs[0]["test"] == [str(sample.path) for sample in loaded.test]
    assert not any(f'"{sample.text}"' in json.dumps(jobs[0]["test"]) for sample in loaded.test)


@pytest.fixture
def broken(family: Path, tmp_path: Path) -> tuple[Path, set[Path]]:
    """A family in which one image of each part cannot be read, and these images."""
    folder = tmp_path / "data" / "digits"
    shutil.copytree(family, folder)
    images = {sorted((folder / part).glob("*.png"))[3] for part in ("train", "test")}
    for path in images:
        path.write_bytes(str(path).encode())
    return folder, images


def test_an_image_that_cannot_be_read_is_one_wrong_text(
    broken: tuple[Path, set[Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, images = broken
    loaded = families.load_family(folder)
    assert f"2 images cannot be read, such as {min(images)}" in capsys.readouterr().err

    def answer(flag: str, program: str, order: Path, threads: int) -> tuple[str, float, float]:
        job = json.loads(order.read_text())
        assert not {str(path) for path in images} & {*job["test"], *(path for path, _ in job["train"])}
        return json.dumps({"texts": [s.text for s in loaded.test if str(s.path) in job["test"]]}), 1.0, 100.0

    monkeypatch.setattr(bench, "run", answer)
    measured = bench.Bench(tmp_path / "benchmark.json", [loaded], math.inf)
    measured.measure(("digits", "network A", 15))
    assert [(result.correct, result.n) for result in measured.kept.results.values()] == [(5, 6)]


def test_an_image_that_cannot_be_read_is_one_wrong_text_of_kerf_too(
    broken: tuple[Path, set[Path]], family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(folder: Path) -> list[tuple[int, int]]:
        monkeypatch.setattr(kerf_rows, "CACHE", tmp_path / "cache" / folder.parent.name)
        measured = bench.Bench(tmp_path / f"{folder.parent.name}.json", [families.load_family(folder)], math.inf)
        measured.measure(("digits", "Kerf", 0))
        return [(result.correct, result.n) for result in measured.kept.results.values()]

    ((whole, _),), ((rest, n),) = count(family), count(broken[0])
    assert n == 6
    assert whole - 1 <= rest <= min(whole, 5)


def test_what_is_there_with_the_same_code_is_not_measured_again(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, measured = tmp_path / "benchmark.json", []

    def answer(flag: str, program: str, order: Path, threads: int) -> tuple[str, float, float]:
        measured.append(json.loads(order.read_text())["system"])
        return json.dumps({"texts": ["000"] * 6}), 1.0, 100.0

    monkeypatch.setattr(bench, "run", answer)
    loaded = [families.load_family(family)]
    bench.Bench(path, loaded, math.inf).measure(("digits", "Tesseract", 0))
    again = bench.Bench(path, loaded, math.inf)
    again.measure(("digits", "Tesseract", 0))
    assert measured == ["Tesseract"]
    again.kept.codes["Tesseract"] = "another"
    again.measure(("digits", "Tesseract", 0))
    assert measured == ["Tesseract", "Tesseract"]
    assert json.loads(path.read_text())["results"][0]["code"] == "another"


def test_a_system_that_fails_is_said_and_left(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(flag: str, program: str, *arguments: object, **options: object) -> tuple[str, float, float]:
        raise SystemExit(f"{program} ended with exit code 1")

    monkeypatch.setattr(bench, "run", fail)
    failing = bench.Bench(tmp_path / "benchmark.json", [families.load_family(family)], math.inf)
    failing.measure(("digits", "network A", 15))
    failing.measure_speed("digits", 1)
    said = capsys.readouterr().err
    assert "digits, network A, 15 labels: not measured, benchmarks.rivals.systems ended with exit code 1" in said
    assert "digits, speed on 1 cores: not measured, benchmarks.speed ended with exit code 1" in said
    assert not failing.kept.results
    assert not failing.kept.page["speed"]


def test_ctc_waits_for_the_time_that_kerf_took(family: Path, tmp_path: Path) -> None:
    waiting = bench.Bench(tmp_path / "benchmark.json", [families.load_family(family)], math.inf)
    waiting.measure(("digits", systems.CTC_EQUAL, 15))
    assert not waiting.kept.results


def test_phases_of_a_full_run_measure_everything_once(family: Path) -> None:
    loaded = families.load_family(family)
    keys = [key for phase in bench.plan([loaded], full=True) for key in phase]
    assert len(keys) == len(set(keys))
    assert {system for _, system, labels in keys if labels == 0} == {"Kerf", *readers.LOADERS}
    trained = {"Kerf", "Kerf from nothing", systems.CTC_EQUAL, systems.CTC_BEST, systems.CTC_START}
    assert {system for _, system, labels in keys if labels == 15} == trained


def test_kerf_alone_is_measured_at_every_number_of_labels_that_has_a_target(
    family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(results_page.TARGETS, "digits", {5: 90.0, 15: 99.0, 200: 99.9})
    loaded = families.load_family(family)
    keys = [key for phase in bench.plan([loaded], full=True) for key in phase]
    assert [labels for _, system, labels in keys if system == "Kerf"] == [0, 15, 5]
    assert len(keys) == len(set(keys))
    assert ("digits", "Kerf", 5) not in [key for phase in bench.plan([loaded], full=False) for key in phase]


def test_the_quick_form_trains_networks_a_and_b_on_one_family(family: Path) -> None:
    loaded = families.load_family(family)
    other = replace(loaded, folder=family.with_name("letters"))
    keys = [key for phase in bench.plan([loaded, other], full=False) for key in phase]
    assert [key for key in keys if key[1] in measurements.FOUNDING] == [
        ("digits", "network A", 15),
        ("digits", "network B", 15),
    ]
    assert {name for name, system, _ in keys if system == systems.CTC_EQUAL} == {"digits", "letters"}


def test_reading_is_timed_on_one_core_and_in_full_on_all(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    loaded = [families.load_family(family)]
    assert bench.plan_speed(loaded, full=False) == [("digits", 1)]
    assert bench.plan_speed(loaded, full=True) == [("digits", 1), ("digits", 8)]


@pytest.mark.parametrize(("ignore_case", "right"), [(False, 1), (True, 2)])
def test_whole_texts_are_scored(ignore_case: bool, right: int) -> None:
    samples = [Sample(Path("a.png"), "Ab1"), Sample(Path("b.png"), "cD2"), Sample(Path("c.png"), "ee")]
    assert bench.score(["Ab1", "CD2", "e"], samples, ignore_case=ignore_case) == right


def test_a_reader_that_is_not_installed_is_left_out_and_said(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no Tesseract there
    without = bench.Bench(tmp_path / "benchmark.json", [families.load_family(family)], math.inf)
    without.measure(("digits", "Tesseract", 0))
    assert not without.kept.results
    assert "left out: Tesseract is not installed; on Debian: apt-get install tesseract-ocr" in capsys.readouterr().err


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
    made = page(result("Kerf", 15, 5, detail=detail), result("Kerf", 5, 3, detail=detail))
    bench_page.write_page(made, tmp_path)
    results_page.write_results(made, tmp_path)
    assert "| digits | 5 |" not in (tmp_path / "benchmark.md").read_text()
    alone = (tmp_path / "results.md").read_text()
    few, most = alone.index("| digits | 5 | 6 | **50.0 %** |"), alone.index("| digits | 15 | 6 | **83.3 %** |")
    assert few < most
    assert "| 25.00 % | 25.0 | 25 % | 0.25 / 0.25 / 0.25 | 12 s | 300 MB | 2026-01-01 |" in alone


def test_no_page_of_kerf_alone_is_made_of_less_than_it_shows(tmp_path: Path) -> None:
    results_page.write_results(page(result("Kerf", 15, 5)), tmp_path)
    assert not (tmp_path / "results.md").exists()


def test_the_page_says_what_each_system_starts_from(tmp_path: Path) -> None:
    bench_page.write_page(page(result("Kerf", 0, 2), result("Kerf", 15, 5), result("CTC, its best", 15, 4)), tmp_path)
    text = (tmp_path / "benchmark.md").read_text()
    assert "| family | labels | n | Kerf (from 60,000 rendered) | CTC, its best (from nothing) |" in text
    phrase = "**Kerf starts from its bundled model, which learnt from 60,000 rendered\ncaptchas; the CTC recogniser"
    assert phrase in text


def test_kerf_from_nothing_is_trained_without_a_start(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def train(folder: Path, labels: int, model: Path, options: tuple[str, ...]) -> kerf_rows.Row:
        asked.append((labels, options))
        model.write_bytes(BUNDLED_MODEL.read_bytes())
        return kerf_rows.Row("digits", labels, 3, 6, 0.1, 0.9, 0.2, 0.1, 0.5, 0, 1, 2, 9.0, 300.0, "2026-01-01")

    monkeypatch.setattr(kerf_rows, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(kerf_rows, "measure", train)
    measured = bench.Bench(tmp_path / "benchmark.json", [families.load_family(family)], math.inf)
    for system in ("Kerf", "Kerf from nothing", "Kerf from nothing"):
        measured.measure(("digits", system, 15))
    assert asked == [(15, ()), (15, ("--from-scratch",))]
    assert measured.kept.results[("digits", "Kerf from nothing", 15)].detail["wrong_character"] == 2


def test_two_runs_are_compared() -> None:
    before = page(result("Kerf", 15, 3, low_95=0.1, high_95=0.3), result("ddddocr", 0, 3))
    after = page(result("Kerf", 15, 6, low_95=0.4, high_95=0.9, train_seconds=6.0))
    rows = list(compare.compare(before, after))
    assert rows == [("digits", "Kerf", 15, "50.0", "100.0", "+50.0", "no", 12.0, 6.0)]
