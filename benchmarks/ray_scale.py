"""What reading on Ray costs: images a second with one and two actors beside plain `solve`, start, and memory.

Usage: python -m benchmarks.ray_scale FOLDER [--rounds 3] [--actors 1 2]

Each round times, one after the other, `read_many` on one thread and a run of `solve --engine ray` for each number of
actors, all on one Ray of this machine, which is started first. A run's images a second are counted from when its first
actor was ready, which is told beside it. Milliseconds of the processor are those of the actors, and of the process that
gave the command; what one actor takes beyond the one thread is the overhead of Ray. Of each, the least of all rounds is
told, since other work on the machine only ever adds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from benchmarks.running import clear_errors, peak_megabytes
from kerf.classifier.console import ray_solve
from kerf.classifier.console.option_groups import SolveOptions
from kerf.classifier.console.part_reader import PartDone, PartReader, Reads
from kerf.classifier.console.ray_session import ray_session
from kerf.classifier.console.solve import solve_images
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.folders.images import find_images
from kerf.classifier.recognizer import Recognizer


class TimedReader(PartReader):
    """Writes down how long it took to be ready, how long it has been reading, and its peak memory."""

    def __init__(self, reads: Reads) -> None:
        super().__init__(reads)
        self._ready = time.time()
        self._busy = 0.0

    def read_part(self, name: str, files: Sequence[str], labels: Sequence[str | None]) -> PartDone:
        """As ``PartReader``."""
        began = time.process_time()
        done = super().read_part(name, files, labels)
        self._busy += time.process_time() - began
        figures = (self._ready, time.time(), self._busy, peak_megabytes())
        (Path(self._parts.place).parent / f"actor-{id(self)}").write_text(" ".join(map(str, figures)))
        return done


@dataclass(frozen=True)
class Run:
    """One run on Ray: seconds until an actor was ready, of reading, of the processor, and megabytes an actor."""

    start: float
    reading: float
    busy: float
    command: float
    megabytes: float


def time_alone(paths: Sequence[Path]) -> tuple[float, float]:
    """Seconds, and seconds of processor, of reading on one thread in this process."""
    recognizer = Recognizer.load(device="cpu")
    recognizer.scorer.begin_thread()
    recognizer.read(paths[0])
    began, busy = time.perf_counter(), time.process_time()
    for _ in recognizer.read_many(paths):
        pass
    return time.perf_counter() - began, time.process_time() - busy


def time_ray(folder: Path, actors: int) -> Run:
    """Read a folder on the Ray that runs."""
    with TemporaryDirectory() as out:
        chosen = SolveOptions(out=Path(out) / "parts", jobs=actors, device="cpu", engine="ray")
        began, busy = time.time(), time.process_time()
        with Terminal(quiet=True) as terminal:
            solve_images(terminal, [folder], chosen)
        command = time.process_time() - busy
        told = [list(map(float, file.read_text().split())) for file in Path(out).glob("actor-*")]
    ready, last = min(actor[0] for actor in told), max(actor[1] for actor in told)
    spent, megabytes = sum(actor[2] for actor in told), max(actor[3] for actor in told)
    return Run(ready - began, last - ready, spent, command, megabytes)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="images")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--actors", type=int, nargs="*", default=[1, 2])
    arguments = parser.parse_args()
    paths = find_images([arguments.folder]).paths
    alone: list[tuple[float, float]] = []
    runs: dict[int, list[Run]] = {actors: [] for actors in arguments.actors}
    began = time.perf_counter()
    with ray_session() as processors, mock.patch.object(ray_solve, "PartReader", TimedReader):
        print(f"{len(paths)} images; Ray started in {time.perf_counter() - began:.1f} s, {processors} processors")
        for _ in range(arguments.rounds):
            alone.append(time_alone(paths))
            for actors, found in runs.items():
                found.append(time_ray(arguments.folder, actors))
    seconds, busy = (min(figures) for figures in zip(*alone, strict=True))
    count = len(paths)
    print(
        f"one thread without Ray: {count / seconds:.0f} images a second, {1e3 * busy / count:.2f} ms of processor each"
    )
    for actors, found in runs.items():
        reading, spent = min(run.reading for run in found), min(run.busy for run in found)
        command, start = min(run.command for run in found), min(run.start for run in found)
        print(
            f"{actors} actors: {count / reading:.0f} images a second, {1e3 * spent / count:.2f} ms of processor each "
            f"and {1e3 * command / count:.2f} in the command; the first ready after {start:.1f} s; "
            f"{max(run.megabytes for run in found):.0f} MB an actor"
        )


if __name__ == "__main__":
    with clear_errors():
        main()
