"""Measure Kerf, a CTC recogniser, the networks it began from and readers off the shelf on the same images, in one run.

Usage: python -m benchmarks.bench ../shared/data [--full] [--jobs 2] [--minutes M] [--out build/bench]
       make bench DATA=../shared/data

The quick form takes three families at 100 labels, networks A and B on one of them; ``--full`` takes all, at 100 labels
and at all of ``train/``, Kerf also at every number of labels that has a target. Where the folder is absent, families
that Kerf renders stand in for it. Written are ``benchmark.json``, and from it ``benchmark.md`` with its figures and, of
Kerf alone, ``results.md``. What the JSON file holds already, measured with the same code of that system, is not
measured again: a run that was stopped, or that ``--minutes`` ended, goes on where it was.

Guards: a family whose ``test/`` has an image of its ``train/`` is refused, near-duplicates are counted, and the labels
of ``test/`` go to the scorer alone: Kerf reads it through ``eval``, the others are processes that get paths.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.bench_page import FEW, FOUNDING_FAMILY, write_page
from benchmarks.families import Family, find_families, say
from benchmarks.kerf_rows import ADAPT, REST, cached_row, row_path, row_to_detail
from benchmarks.measurements import (
    FOUNDING,
    KERF,
    KERF_ACCURATE,
    KERF_ADAPTED,
    KERF_NOTHING,
    KERF_REST,
    Key,
    Measurements,
    Result,
)
from benchmarks.results_page import TARGETS, write_results
from benchmarks.rivals.founding import scores_to_figures
from benchmarks.rivals.readers import LOADERS
from benchmarks.rivals.systems import CTC_BEST, CTC_EQUAL, CTC_START, Answer, Job, count_parameters
from benchmarks.running import CACHE, CTC_START_FILE, ROOT, clear_errors, run
from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning.start import FEW_LABELS
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.model_file import BUNDLED_MODEL, load_model

KERF_OPTIONS: Mapping[str, tuple[str, ...]] = {
    KERF: (),
    KERF_NOTHING: ("--from-scratch",),
    KERF_ACCURATE: ("--size", "accurate"),
    KERF_ADAPTED: ADAPT,
    KERF_REST: REST,
}
"""Further options of Kerf's own systems."""
SPEED_FAMILIES = ("gen-lepture", "kcaptcha", "wp-really-simple")
"""Where milliseconds are measured, of those that are there; in the quick form, on the first."""


def plan(families: Sequence[Family], *, full: bool) -> list[list[Key]]:
    """List what to measure, in phases: a phase may need results of those before."""
    names = {family.folder.name: len(family.train) for family in families}
    budgets = [(name, min(FEW, count)) for name, count in names.items()]
    if full:
        budgets += [(name, count) for name, count in names.items() if count > FEW]
    largest = budgets[len(names) :] if full else budgets[:1]
    targets = [(name, labels) for name, count in names.items() for labels in TARGETS.get(name, {}) if labels <= count]
    founding = sorted(largest, key=lambda budget: (budget[0] != FOUNDING_FAMILY, budget[1]))
    return [
        [(name, system, 0) for name in names for system in (KERF, *LOADERS)],
        [(name, KERF, labels) for name, labels in budgets],
        [(name, KERF_ADAPTED, 0) for name in names if full],
        [(name, KERF_REST, min(FEW, count)) for name, count in names.items() if full],
        [(name, KERF_ACCURATE, labels) for name, labels in budgets if full and labels >= FEW_LABELS],
        [(name, CTC_EQUAL, labels) for name, labels in budgets],
        [(name, system, labels) for name, labels in founding for system in FOUNDING],
        [(name, CTC_BEST, labels) for name, labels in budgets if full],
        [(name, system, labels) for name, labels in budgets if full for system in (KERF_NOTHING, CTC_START)],
        [(name, KERF, labels) for name, labels in targets if full and (name, labels) not in budgets],
    ]


def plan_speed(families: Sequence[Family], *, full: bool) -> list[tuple[str, int]]:
    """List the families to time reading on, and on how many cores; in the quick form, one on one."""
    names = [family.folder.name for family in families]
    timed = [name for name in names if name in SPEED_FAMILIES] or names[:1]
    cores = sorted({1, os.cpu_count() or 1})
    return [(name, count) for name in timed for count in cores] if full else [(timed[0], 1)]


def score(texts: Iterable[str], samples: Sequence[Sample], *, ignore_case: bool) -> int:
    """Count whole texts that are right; the only place besides ``eval`` that sees the labels of ``test/``."""
    pairs = zip(texts, (sample.text for sample in samples), strict=True)
    return sum((a.casefold() == b.casefold()) if ignore_case else a == b for a, b in pairs)


class Bench:
    """Measures what is not measured yet.

    Parameters
    ----------
    path
        The JSON file of what is measured.
    families
        What to measure on.
    deadline
        ``time.monotonic()`` after which nothing new is begun.
    """

    def __init__(self, path: Path, families: Sequence[Family], deadline: float) -> None:
        self.families = {family.folder.name: family for family in families}
        self.deadline = deadline
        self.kept = Measurements(path, families)
        self.missing: dict[str, str] = {}

    def measure(self, key: Key) -> None:
        """Measure one system, unless its result is there, and save; where it fails, say so and leave it."""
        family, system, labels = key
        if self.kept.has(key) or system in self.missing or time.monotonic() > self.deadline:
            return
        try:
            run_it = self.run_kerf if system in KERF_OPTIONS else self.run_system
            result = run_it(family, system, labels)
        except SystemExit as problem:  # from `run`: its process failed
            say(f"{family}, {system}, {labels} labels: not measured, {problem}")
            return
        if result:
            self.kept.add(result)
            share, cost = 100 * result.correct / result.n, f"{result.train_seconds:.0f} s, {result.megabytes:.0f} MB"
            say(f"{family}, {system}, {labels} labels: {share:.1f} % of {result.n}; {cost}")

    def run_kerf(self, name: str, system: str, labels: int) -> Result:
        """Train and evaluate through the command line, as a user would."""
        family, code = self.families[name], self.kept.codes[system]
        options = KERF_OPTIONS[system]
        row = cached_row(family.folder, labels, code, options)
        model = (
            row_path(code, name, labels, options).with_suffix(".safetensors") if labels or options else BUNDLED_MODEL
        )
        parameters, size = count_parameters(load_model(model, torch.device("cpu")).network), len(model.read_bytes())
        detail = row_to_detail(row)
        answer = Answer([], False, row.train_seconds, parameters, size, row.train_megabytes, detail)
        return self.to_result(family, system, labels, row.correct, answer)

    def run_system(self, name: str, system: str, labels: int) -> Result | None:
        """Run a system in a process of its own, and score what it read; None where it cannot be."""
        family = self.families[name]
        train, test = (
            [sample for sample in samples if sample.path not in family.unreadable]
            for samples in (family.train[: labels or None], family.test)
        )
        kerf = self.kept.results.get((name, KERF, labels))
        if system in (CTC_EQUAL, CTC_BEST, CTC_START) and kerf is None:
            return None  # without Kerf's time it has none
        job = Job(
            system,
            [(str(sample.path), sample.text) for sample in train],
            [str(sample.path) for sample in test],
            kerf.train_seconds if kerf else 0.0,
            str(CACHE / "ctc" / self.kept.codes[CTC_EQUAL] / f"{name}-{labels}.pt"),
            str(CTC_START_FILE),
        )
        with TemporaryDirectory() as folder:
            order = Path(folder, "job.json")
            order.write_text(json.dumps(asdict(job)), encoding="utf-8")
            output, _, _ = run("-m", "benchmarks.rivals.systems", order, threads=1)
        record = json.loads(output)
        if "missing" in record:
            self.missing[system] = record["missing"]
            say(f"left out: {record['missing']}")
            return None
        answer = Answer(**record)
        if scores := answer.detail.pop("scores", None):
            texts = [sample.text for sample in test]
            figures = scores_to_figures(torch.tensor(scores), texts, answer.detail["alphabet"])
            answer.detail["test"] = asdict(figures)
        ignore_case = answer.folds_case or not family.cased
        correct = score(answer.texts, test, ignore_case=ignore_case)
        return self.to_result(family, system, labels, correct, answer)

    def measure_speed(self, name: str, cores: int) -> None:
        """Time every system on a family, unless that is there, and save; where it fails, say so and leave it."""
        if self.kept.has_speed(name, cores) or time.monotonic() > self.deadline:
            return
        try:
            output, seconds, _ = run(
                "-m", "benchmarks.speed", self.families[name].folder, "--cores", str(cores), "--json"
            )
        except SystemExit as problem:
            say(f"{name}, speed on {cores} cores: not measured, {problem}")
            return
        self.kept.add_speed(json.loads(output))
        say(f"{name}, speed on {cores} cores: {seconds:.0f} s")

    def to_result(self, family: Family, system: str, labels: int, correct: int, answer: Answer) -> Result:
        """Put together what is kept."""
        share = proportion(correct, len(family.test))
        return Result(
            family.folder.name,
            system,
            labels,
            share.count,
            share.n,
            share.low_95,
            share.high_95,
            answer.train_seconds,
            answer.megabytes,
            answer.parameters,
            answer.file_bytes,
            detail=answer.detail,
            **self.kept.origin(system),
        )


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of families, each with train/ and test/")
    parser.add_argument("--full", action="store_true", help="all families, also at all of train/; hours")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="systems to train at a time")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin nothing new after so long")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder to write to")
    arguments = parser.parse_args()
    deadline = time.monotonic() + 60 * arguments.minutes
    families = find_families(arguments.data, ROOT / "build" / "families", full=arguments.full)
    bench = Bench(arguments.out / "benchmark.json", families, deadline)
    phases = plan(families, full=arguments.full)
    for phase in phases:
        with ThreadPoolExecutor(arguments.jobs) as pool:
            try:
                list(pool.map(bench.measure, phase))
            except KeyboardInterrupt:
                bench.deadline = -math.inf  # or the pool would begin what it still has
                raise SystemExit("stopped; what was measured is kept, and the same command goes on") from None
    for name, cores in plan_speed(families, full=arguments.full):
        bench.measure_speed(name, cores)
    bench.kept.save()
    write_page(bench.kept.page, arguments.out)
    write_results(bench.kept.page, arguments.out)
    wanted = [key for phase in phases for key in phase if key[1] not in bench.missing]
    left = sum(not bench.kept.has(key) for key in wanted)
    say(f"{arguments.out / 'benchmark.md'} is written; {left} of {len(wanted)} measurements are left")


if __name__ == "__main__":
    with clear_errors():
        main()
