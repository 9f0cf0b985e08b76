"""The benchmark that compares systems: its guards, its scorer, and what it resumes."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import fields, replace
from pathlib import Path

import pytest

from benchmarks import bench, families, kerf_rows, measurements, results_page
from benchmarks.rivals import readers, systems
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.model_file import BUNDLED_MODEL
from kerf.classifier.synthesis import BUILT_IN_FONT
from tests.conftest import Here


def test_a_test_image_in_train_stops_the_run(family: Path, tmp_path: Path, script_here: Here) -> None:
    data = tmp_path / "data"
    shutil.copytree(family, data / "digits")
    first, other = (sorted((data / "digits" / part).glob("*.png"))[0] for part in ("train", "test"))
    shutil.copy(first, other)
    said = script_here("bench", data, "--out", tmp_path / "out", "--minutes", "0")
    assert said.code == 1
    assert f"{other} has the content of {first}" in said.err
    assert not (tmp_path / "out").exists()


def test_near_duplicates_of_train_are_counted(family: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(family, data / "digits")
    first, other = (sorted((data / "digits" / part).glob("*.png"))[0] for part in ("train", "test"))
    other.write_bytes(first.read_bytes() + b"\n")  # another content, the same picture
    assert families.load_family(data / "digits").near_duplicates == 1


def test_a_folder_without_families_is_said_to_be_one(tmp_path: Path, script_here: Here) -> None:
    said = script_here("bench", tmp_path, "--out", tmp_path / "out")
    assert said.code == 1
    assert f"{tmp_path} has no family" in said.err
    assert "Traceback" not in said.err


def test_without_the_folder_rendered_families_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(families, "RENDERED_COUNTS", {"train": 4, "test": 3})
    monkeypatch.setattr(families, "find_fonts", lambda: [BUILT_IN_FONT])
    found = families.find_families(tmp_path / "absent", tmp_path / "rendered", full=False)
    assert [(len(f.train), len(f.test)) for f in found] == [(4, 3)] * 3
    assert f"{tmp_path / 'absent'} is not there" in capsys.readouterr().err


def test_a_run_without_time_writes_a_page_and_says_what_is_left(
    family: Path, tmp_path: Path, script_here: Here
) -> None:
    said = script_here("bench", family.parent, "--out", tmp_path, "--minutes", "0")
    assert said.code == 0, said.err
    assert "10 of 10 measurements are left" in said.err
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
    assert {system for _, system, labels in keys if labels == 0} == {"Kerf", "Kerf, adapted", *readers.LOADERS}
    trained = {
        "Kerf",
        "Kerf from nothing",
        "Kerf, rest unlabelled",
        systems.CTC_EQUAL,
        systems.CTC_BEST,
        systems.CTC_START,
    }
    assert {system for _, system, labels in keys if labels == 15} == trained


def test_kerf_adapts_to_images_without_their_labels_told_alphabet_and_length(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def run(*arguments: object, **_: object) -> tuple[str, float, float]:
        asked.append(tuple(map(str, arguments[1:])))
        return "", 7.0, 200.0

    monkeypatch.setattr(kerf_rows, "run", run)
    with pytest.raises(json.JSONDecodeError):  # what eval would print
        kerf_rows.measure(family, 0, tmp_path / "m", kerf_rows.ADAPT)
    labels = [line.split(",")[1] for line in (family / "train" / "labels.csv").read_text().split()[1:]]
    counts, charset = sorted(map(len, labels)), "".join(sorted(set("".join(labels))))
    learn, evaluate = asked
    known = ("--charset", charset, "--length", f"{counts[0]}-{counts[-1]}", "--max-minutes", "5")
    assert learn == ("adapt", str(family / "train"), *known, "--out", str(tmp_path / "m"), "--quiet")
    assert evaluate[:4] == ("eval", str(family / "test"), "--model", str(tmp_path / "m"))


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
