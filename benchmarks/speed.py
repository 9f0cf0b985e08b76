"""Milliseconds an image of every system, interleaved in one process; decoding alone is the floor.

Usage: python -m benchmarks.speed ../shared/data/gen-lepture [--cores 1] [--images 100] [--rounds 5] [--json]

The process is bound to the cores before anything is loaded, so that systems whose threads cannot be set obey too.
Each round reads the same images with every system in turn; the median round counts. Weights do not change the speed:
Kerf has the bundled models, the others that would be trained are as they are born. Peak memory is of a process for each
system, that reads the same images, libraries and all; Tesseract's own process is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.running import clear_errors, peak_megabytes, run

Read = Callable[[Sequence[Path]], object]
SPEED_FILES = (*(f"benchmarks/rivals/{name}.py" for name in ("ctc", "founding", "readers")), "benchmarks/speed.py")
"""What the figures depend on, besides Kerf."""


def load_decoder(folder: Path, cores: int) -> dict[str, Read]:
    """Load what only decodes."""
    import cv2

    return {"decoding alone": lambda paths: [cv2.imread(str(path)) for path in paths]}


def load_kerf(folder: Path, cores: int) -> dict[str, Read]:
    """Load Kerf with its bundled models: unless it is named, the size is ``fast``."""
    from kerf.classifier.model_file import BUNDLED
    from kerf.classifier.recognizer import Recognizer

    fast, accurate = (Recognizer.load(str(BUNDLED[size]), device="cpu") for size in ("fast", "accurate"))
    return {
        "Kerf, in batches": lambda paths: list(fast.read_many(paths)),
        "Kerf, one at a time": lambda paths: [fast.read(path) for path in paths],
        "Kerf, accurate, in batches": lambda paths: list(accurate.read_many(paths)),
    }


def load_ctc(folder: Path, cores: int) -> dict[str, Read]:
    """Load an untrained CTC recogniser."""
    import torch

    from benchmarks.rivals.ctc import CtcReader

    reader = CtcReader("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", torch.device("cpu"))
    return {
        "CTC, in batches": reader.read,
        "CTC, one at a time": lambda paths: [reader.read([path]) for path in paths],
    }


def load_founding(folder: Path, cores: int) -> dict[str, Read]:
    """Load networks A and B untrained."""
    import torch

    from benchmarks.rivals.founding import FoundingNetwork, path_to_input
    from kerf.classifier.folders.dataset import folder_to_samples

    texts = [sample.text for sample in folder_to_samples(folder / "train").samples]

    def read(network: FoundingNetwork, paths: Sequence[Path]) -> object:
        path_to_input.cache_clear()  # decoding counts
        return network.scores(paths)

    networks = {name: FoundingNetwork(name, texts, torch.device("cpu")) for name in "AB"}
    return {f"network {name}, in batches": partial(read, network) for name, network in networks.items()}


def load_reader(name: str, folder: Path, cores: int) -> dict[str, Read]:
    """Load a reader off the shelf; where it is missing, say so."""
    from benchmarks.rivals.readers import LOADERS, MissingReaderError
    from kerf.classifier.folders.dataset import folder_to_samples

    texts = [sample.text for sample in folder_to_samples(folder / "train").samples]
    try:
        return {name: LOADERS[name]("".join(sorted(set("".join(texts)))), cores).read}
    except MissingReaderError as error:
        print(f"left out: {error}", file=sys.stderr)
        return {}


def find_loaders() -> dict[str, Callable[[Path, int], dict[str, Read]]]:
    """Find what loads each system: a family's folder and a number of cores to its ways of reading by name."""
    from benchmarks.rivals.readers import LOADERS

    return {
        "decoding": load_decoder,
        "Kerf": load_kerf,
        "CTC": load_ctc,
        "networks": load_founding,
        **{name: partial(load_reader, name) for name in LOADERS},
    }


def find_readable(folder: Path, count: int) -> list[Path]:
    """Find the first images that can be read; on others some systems end with an error."""
    from benchmarks.families import is_readable
    from kerf.classifier.folders.images import find_images

    found = list(islice(filter(is_readable, find_images([folder]).paths), count))
    if not found:
        raise SystemExit(f"{folder}: none of its images can be read; replace them")
    return found


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
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", help="this system alone, once: what its process takes is its peak memory")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(arguments.cores))
    os.environ["OMP_NUM_THREADS"] = str(arguments.cores)
    paths = find_readable(arguments.family / "test", arguments.images)
    found = find_loaders()
    chosen = [arguments.only] if arguments.only else list(found)
    systems = {key: found[key](arguments.family, arguments.cores) for key in chosen}
    reads = {name: read for system in systems.values() for name, read in system.items()}
    if arguments.only:
        next(iter(reads.values()))(paths)
        print(peak_megabytes())
        return
    milliseconds = time_rounds(reads, paths, arguments.rounds)
    options = ("--cores", str(arguments.cores), "--images", str(arguments.images))
    alone = ("-m", "benchmarks.speed", arguments.family, *options, "--only")
    megabytes = {
        name: memory
        for key, system in systems.items()
        if system
        for memory in [float(run(*alone, key)[0])]
        for name in system
    }
    if arguments.json:
        record = {"family": arguments.family.name, "cores": arguments.cores, "images": len(paths)}
        print(json.dumps(record | {"milliseconds": milliseconds, "megabytes": megabytes}))
        return
    kerf = milliseconds["Kerf, in batches"]
    for name, each in sorted(milliseconds.items(), key=lambda item: item[1]):
        print(f"{name:22} {each:9.3f} ms  {each / kerf:7.2f} times Kerf in batches  {megabytes[name]:6.0f} MB")


if __name__ == "__main__":
    with clear_errors():
        main()
