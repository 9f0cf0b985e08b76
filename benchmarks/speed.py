"""Milliseconds an image of every system, interleaved in one process; decoding alone is the floor.

Usage: python benchmarks/speed.py ../shared/data/gen-lepture [--cores 1] [--images 200] [--rounds 5]

The process is bound to the cores before anything is loaded, so that systems whose threads cannot be set obey too.
Each round reads the same images with every system in turn; the median round counts. Weights do not change the speed:
Kerf has the bundled model, the others that would be trained are as they are born.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Read = Callable[[Sequence[Path]], object]


def load_systems(folder: Path, cores: int) -> dict[str, Read]:
    """Load every system that is here, by name; what is missing is said."""
    import cv2
    import torch
    from ctc import CtcReader, CtcSettings
    from founding import FoundingNetwork
    from readers import MissingReaderError, load_readers

    from classifier.dataset import folder_to_samples
    from classifier.recognizer import Recognizer

    torch.set_num_threads(cores)
    cv2.setNumThreads(cores)
    samples = folder_to_samples(folder / "train").samples
    alphabet = "".join(sorted(set("".join(sample.text for sample in samples))))
    kerf, ctc = Recognizer.load(device="cpu"), CtcReader(samples, CtcSettings(1.0))
    systems: dict[str, Read] = {
        "decoding alone": lambda paths: [cv2.imread(str(path)) for path in paths],
        "Kerf, in batches": lambda paths: list(kerf.read_many(paths)),
        "Kerf, one at a time": lambda paths: [kerf.read(path) for path in paths],
        "CTC, in batches": ctc.read,
        "CTC, one at a time": lambda paths: [ctc.read([path]) for path in paths],
    }
    for name in "AB":
        systems[f"network {name}, in batches"] = FoundingNetwork(name, samples).read
    for reader in load_readers(alphabet, cores):
        if isinstance(reader, MissingReaderError):
            print(f"left out: {reader}", file=sys.stderr)
        else:
            systems[reader.name] = reader.read
    return systems


def time_rounds(systems: dict[str, Read], paths: Sequence[Path], rounds: int) -> dict[str, float]:
    """Median milliseconds an image of each system, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds + 1):
        for name, read in systems.items():
            start = time.perf_counter()
            read(paths)
            seconds[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(times[1:]) / len(paths) for name, times in seconds.items()}


def main() -> None:
    """Bind, load, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", type=Path, help="folder with train/ and test/")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(arguments.cores))
    systems = load_systems(arguments.family, arguments.cores)
    paths = sorted(p for p in (arguments.family / "test").iterdir() if p.suffix != ".csv")[: arguments.images]
    found = time_rounds(systems, paths, arguments.rounds)
    if arguments.json:
        print(json.dumps({"family": arguments.family.name, "cores": arguments.cores, "milliseconds": found}))
        return
    kerf = found["Kerf, in batches"]
    for name, milliseconds in sorted(found.items(), key=lambda item: item[1]):
        print(f"{name:28} {milliseconds:8.3f} ms  {milliseconds / kerf:6.2f} times Kerf in batches")


if __name__ == "__main__":
    main()
