"""The benchmark that compares systems: its guards, its scorer, what it resumes, and the baselines it trains."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import bench
import bench_page
import compare
import ctc
import families
import founding
import pytest
import readers
import results
import systems
import torch

from classifier.dataset import Sample, folder_to_samples
from classifier.synthesis import BUILT_IN_FONT
from tests.running import ENVIRONMENT, ROOT, kerf

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kind of captcha: fifteen images to train on, six to score."""
    folder = tmp_path_factory.mktemp("data") / "digits"
    for part, count, seed in (("train", "15", "1"), ("test", "6", "2")):
        made = kerf("synth", folder / part, "--count", count, "--seed", seed, "--length", "3", "--charset", "0-4")
        assert made.returncode == 0, made.stderr
    return folder


def run_bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the benchmark as a user does."""
    command = [sys.executable, str(ROOT / "benchmarks" / "bench.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False)


def result(system: str, labels: int, correct: int, **changed: Any) -> dict[str, Any]:
    """Make up what a run keeps of one measurement."""
    known = bench.Result(
        "digits", system, labels, correct, 6, 0.1, 0.9, 12.0, 300.0, 1000, 4000, "code", "a machine", "2026-01-01"
    )
    return asdict(known) | changed


def test_a_test_image_in_train_stops_the_run(family: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(family, data / "digits")
    first, other = (sorted((data / "digits" / part).glob("*.png"))[0] for part in ("train", "test"))
    shutil.copy(first, other)
    said = run_bench(data, "--out", tmp_path / "out", "--minutes", "0")
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
    said = run_bench(tmp_path, "--out", tmp_path / "out")
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
    said = run_bench(family.parent, "--out", tmp_path, "--minutes", "0")
    assert said.returncode == 0, said.stderr
    assert "10 of 10 measurements are left" in said.stderr
    assert "| digits | 15 | 6 | 0 |" in (tmp_path / "benchmark.md").read_text()


def test_a_job_holds_no_label_of_a_test_image(family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = []

    def answer(program: Path, order: Path, threads: int) -> tuple[str, float, float]:
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

    def answer(program: Path, order: Path, threads: int) -> tuple[str, float, float]:
        job = json.loads(order.read_text())
        assert not {str(path) for path in images} & {*job["test"], *(path for path, _ in job["train"])}
        return json.dumps({"texts": [s.text for s in loaded.test if str(s.path) in job["test"]]}), 1.0, 100.0

    monkeypatch.setattr(bench, "run", answer)
    measured = bench.Bench(tmp_path / "benchmark.json", [loaded], math.inf)
    measured.measure(("digits", "network A", 15))
    assert [(result.correct, result.n) for result in measured.results.values()] == [(5, 6)]


def test_an_image_that_cannot_be_read_is_one_wrong_text_of_kerf_too(
    broken: tuple[Path, set[Path]], family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(folder: Path) -> list[tuple[int, int]]:
        monkeypatch.setattr(results, "CACHE", tmp_path / "cache" / folder.parent.name)
        measured = bench.Bench(tmp_path / f"{folder.parent.name}.json", [families.load_family(folder)], math.inf)
        measured.measure(("digits", "Kerf", 0))
        return [(result.correct, result.n) for result in measured.results.values()]

    ((whole, _),), ((rest, n),) = count(family), count(broken[0])
    assert n == 6
    assert whole - 1 <= rest <= min(whole, 5)


def test_what_is_there_with_the_same_code_is_not_measured_again(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, measured = tmp_path / "benchmark.json", []

    def answer(program: Path, order: Path, threads: int) -> tuple[str, float, float]:
        measured.append(json.loads(order.read_text())["system"])
        return json.dumps({"texts": ["000"] * 6}), 1.0, 100.0

    monkeypatch.setattr(bench, "run", answer)
    loaded = [families.load_family(family)]
    bench.Bench(path, loaded, math.inf).measure(("digits", "Tesseract", 0))
    again = bench.Bench(path, loaded, math.inf)
    again.measure(("digits", "Tesseract", 0))
    assert measured == ["Tesseract"]
    again.codes["Tesseract"] = "another"
    again.measure(("digits", "Tesseract", 0))
    assert measured == ["Tesseract", "Tesseract"]
    assert json.loads(path.read_text())["results"][0]["code"] == "another"


def test_a_system_that_fails_is_said_and_left(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(program: Path, *arguments: object, **options: object) -> tuple[str, float, float]:
        raise SystemExit(f"{program.name} ended with exit code 1")

    monkeypatch.setattr(bench, "run", fail)
    failing = bench.Bench(tmp_path / "benchmark.json", [families.load_family(family)], math.inf)
    failing.measure(("digits", "network A", 15))
    failing.measure_speed("digits", 1)
    said = capsys.readouterr().err
    assert "digits, network A, 15 labels: not measured, systems.py ended with exit code 1" in said
    assert "digits, speed on 1 cores: not measured, speed.py ended with exit code 1" in said
    assert not failing.results
    assert not failing.page["speed"]


def test_ctc_waits_for_the_time_that_kerf_took(family: Path, tmp_path: Path) -> None:
    waiting = bench.Bench(tmp_path / "benchmark.json", [families.load_family(family)], math.inf)
    waiting.measure(("digits", systems.CTC_EQUAL, 15))
    assert not waiting.results


def test_phases_of_a_full_run_measure_everything_once(family: Path) -> None:
    loaded = families.load_family(family)
    keys = [key for phase in bench.plan([loaded], full=True) for key in phase]
    assert len(keys) == len(set(keys))
    assert {system for _, system, labels in keys if labels == 0} == {"Kerf", *readers.LOADERS}
    assert {system for _, system, labels in keys if labels == 15} == {"Kerf", systems.CTC_EQUAL, systems.CTC_BEST}


def test_reading_is_timed_on_one_core_and_in_full_on_all(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    loaded = [families.load_family(family)]
    assert bench.plan_speed(loaded, full=False) == [("digits", 1)]
    assert bench.plan_speed(loaded, full=True) == [("digits", 1), ("digits", 8)]


@pytest.mark.parametrize(("ignore_case", "right"), [(False, 1), (True, 2)])
def test_whole_texts_are_scored(ignore_case: bool, right: int) -> None:
    samples = [Sample(Path("a.png"), "Ab1"), Sample(Path("b.png"), "cD2"), Sample(Path("c.png"), "ee")]
    assert bench.score(["Ab1", "CD2", "e"], samples, ignore_case=ignore_case) == right


def test_figures_of_the_founding_networks_are_those_of_their_scores() -> None:
    scores = torch.log(torch.tensor([[[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], [[0.5, 0.4, 0.1], [0.2, 0.2, 0.6]]]))
    found = founding.scores_to_figures(scores, ["ab", "b"], "ab")  # the third class is the end
    assert found.loss_by_head == pytest.approx((-math.log(0.7 * 0.4) / 2, -math.log(0.8 * 0.6) / 2))
    assert found.loss == pytest.approx(sum(found.loss_by_head))
    assert found.accuracy_by_head == (0.5, 1.0)
    assert found.whole_text == 0.5


def test_a_character_never_shown_is_wrong_and_has_no_loss() -> None:
    scores = torch.log(torch.tensor([[[0.9, 0.1]], [[0.9, 0.1]]]))
    found = founding.scores_to_figures(scores, ["a", "z"], "ab")
    assert found.loss == pytest.approx(-math.log(0.9))
    assert found.whole_text == found.accuracy_by_head[0] == 0.5


def test_a_text_longer_than_the_heads_is_wrong() -> None:
    scores = torch.log(torch.tensor([[[0.9, 0.1]]]))
    assert founding.scores_to_figures(scores, ["aa"], "ab").whole_text == 0.0


@pytest.mark.parametrize("name", ["A", "B"])
def test_a_founding_network_learns(family: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(founding, "EPOCHS", 20)
    monkeypatch.setattr(founding, "BATCH", 5)
    monkeypatch.setattr(founding, "DROPOUT", 0.0)
    samples = folder_to_samples(family / "train").samples
    network = founding.FoundingNetwork(name, [sample.text for sample in samples], CPU)
    epochs = network.fit(samples, samples[:3])
    last = epochs[-1].train
    assert sum(last.accuracy_by_head) / len(last.accuracy_by_head) > 0.6  # one in five by chance
    scores = network.scores([sample.path for sample in samples])
    right = [
        text == s.text for text, s in zip(founding.scores_to_texts(scores, network.alphabet), samples, strict=True)
    ]
    assert sum(right) / len(right) == pytest.approx(last.whole_text)


def test_ctc_reads_by_the_best_class_of_each_column(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ctc.CtcReader("ab", CPU)
    columns = torch.nn.functional.one_hot(torch.tensor([[1, 1, 0, 1, 2, 2, 0]]), 3).float()
    monkeypatch.setattr(reader.network, "forward", lambda images: columns)
    assert reader.read(sorted((family / "test").glob("*.png"))[:1]) == ["aab"]


def test_ctc_learns_and_goes_on_where_it_stopped(family: Path, tmp_path: Path) -> None:
    samples = folder_to_samples(family / "train").samples
    reader = ctc.CtcReader("01234", CPU)
    start = reader.validation_loss(ctc.samples_to_images(samples), reader.samples_to_labels(samples))
    reader.fit_cycle(samples, samples, 3.0)
    assert reader.cycles[0].seconds >= 3.0
    assert reader.cycles[0].validation_loss < 0.6 * start
    reader.save(tmp_path / "kept.pt")
    other = ctc.CtcReader("01234", CPU, seed=1)
    other.load(tmp_path / "kept.pt")
    assert other.cycles == reader.cycles
    paths = [sample.path for sample in samples]
    assert other.read(paths) == reader.read(paths)


@pytest.mark.parametrize(
    ("losses", "gains"), [([], True), ([3.0], True), ([3.0, 2.9], False), ([3.0, 2.0], True), ([3.0, 2.0, 2.0], False)]
)
def test_ctc_stops_when_a_cycle_no_longer_helps(losses: list[float], gains: bool) -> None:
    reader = ctc.CtcReader("ab", CPU)
    reader.cycles = [ctc.Cycle(1.0, 1, loss) for loss in losses]
    assert reader.gains == gains


def test_a_reader_that_is_not_installed_is_left_out_and_said(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no Tesseract there
    without = bench.Bench(tmp_path / "benchmark.json", [families.load_family(family)], math.inf)
    without.measure(("digits", "Tesseract", 0))
    assert not without.results
    assert "left out: Tesseract is not installed; on Debian: apt-get install tesseract-ocr" in capsys.readouterr().err


def test_a_system_in_a_process_of_its_own_answers_for_every_path(family: Path, tmp_path: Path) -> None:
    samples, order = folder_to_samples(family / "train").samples, tmp_path / "job.json"
    paths = [str(path) for path in sorted((family / "test").glob("*.png"))]
    pairs = [(str(sample.path), sample.text) for sample in samples]
    job = systems.Job(systems.CTC_EQUAL, pairs, paths, 1.0, str(tmp_path / "kept.pt"))
    order.write_text(json.dumps(asdict(job)))
    command = [sys.executable, str(ROOT / "benchmarks" / "systems.py"), str(order)]
    said = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=True)
    answer = systems.Answer(**json.loads(said.stdout))
    assert len(answer.texts) == len(paths)
    assert answer.train_seconds >= 1.0
    assert answer.parameters == sum(p.numel() for p in ctc.CtcReader("01234", CPU).network.parameters())


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


def test_two_runs_are_compared() -> None:
    before = page(result("Kerf", 15, 3, low_95=0.1, high_95=0.3), result("ddddocr", 0, 3))
    after = page(result("Kerf", 15, 6, low_95=0.4, high_95=0.9, train_seconds=6.0))
    rows = list(compare.compare(before, after))
    assert rows == [("digits", "Kerf", 15, "50.0", "100.0", "+50.0", "no", 12.0, 6.0)]


TESSERACT = f"""#!{sys.executable}
import os, pathlib, sys
if sys.argv[1] == "--version":
    print("tesseract 9.9")
elif "bad" in sys.argv[-3]:
    sys.exit("no such language")
else:
    names = [pathlib.Path(line).stem for line in open(sys.argv[1]).read().split()]
    if "2" in names:
        os.kill(os.getpid(), 8)
    print("\\f".join(f"t {{name}}\\n" for name in names), end="")
"""


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for Tesseract: it reads each image's number, and dies of the third image as the real one may."""
    program = tmp_path / "tesseract"
    program.write_text(TESSERACT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("tesseract")
def test_an_image_that_tesseract_dies_of_has_no_text(family: Path) -> None:
    reader = readers.LOADERS["Tesseract"]("01234", 1)
    paths = sorted((family / "test").glob("*.png"))
    assert reader.version == "9.9"
    assert reader.read(paths) == ["t0", "t1", "", "t3", "t4", "t5"]


@pytest.mark.usefixtures("tesseract")
def test_a_tesseract_that_fails_is_no_reader_of_nothing(family: Path) -> None:
    with pytest.raises(RuntimeError, match="no such language"):
        readers.LOADERS["Tesseract"]("bad", 1).read(sorted((family / "test").glob("*.png")))
