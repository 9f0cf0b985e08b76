"""Change a model file at random and see that each change is refused in one line, or makes a model that reads.

Usage: python -m tests.mutated_models MODEL [--count 2000] [--seed 0]

Half of the changes are to bytes, half to one value of the header. What is not refused must read an image. Exit code 1
if any change raises anything but a ``KerfError``.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from kerf.classifier.model_header import FORMAT
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import KerfError

STRANGE: tuple[Any, ...] = (
    *(None, True, "", "x", "ab", [], {}, [1, 2, 3], 0, -1, 1, 7, 10**6, 10**30, 0.0, 1e-300, -0.5, 1e300),
    *(float("nan"), float("inf"), "\ud800", "a" * 10**6, [[[]]]),
)
"""Values that stand in the place of one of the header."""


def to_mutants(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield ``count`` changed copies of a model file."""
    rng = random.Random(seed)
    for number in range(count):
        yield mutate_header(data, rng) if number % 2 else mutate_bytes(data, rng)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut out, double or cut off; most often near the beginning, where the structure is."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(changed) if rng.random() < 0.3 else min(len(changed), 6000))
        match rng.randrange(4):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at : at + rng.randrange(1, 9)]
            case 2:
                changed[at:at] = changed[at : at + rng.randrange(1, 9)]
            case _:
                changed[at] = rng.choice(b'\0\xff09-"{}[],:')
    return bytes(changed[: rng.randrange(len(changed))] if rng.random() < 0.1 else changed)


def mutate_header(data: bytes, rng: random.Random) -> bytes:
    """Put a strange value in the place of one value of the header, or drop or add a key."""
    size = int.from_bytes(data[:8], "little")
    outer = json.loads(data[8 : 8 + size])
    header = json.loads(outer["__metadata__"][FORMAT])
    parent: Any = header
    while True:
        key = rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        if isinstance(parent[key], dict | list) and parent[key] and rng.random() < 0.8:
            parent = parent[key]
            continue
        break
    if isinstance(parent, dict) and rng.random() < 0.1:
        del parent[key]
    elif isinstance(parent, dict) and rng.random() < 0.1:
        parent["surprise"] = 1
    else:
        parent[key] = rng.choice(STRANGE)
    outer["__metadata__"][FORMAT] = json.dumps(header)
    raw = json.dumps(outer).encode()
    raw += b" " * (-len(raw) % 8)
    return len(raw).to_bytes(8, "little") + raw + data[8 + size :]


def try_model(path: Path) -> str:
    """Load a model and read an image with it: ``reads``, or the name of the error that Kerf raised."""
    image = np.full((40, 100, 3), 255, np.uint8)
    image[10:30, 20:30] = image[10:30, 50:60] = 0
    try:
        Recognizer.load(path, "cpu").read(image)
    except KerfError as error:
        return type(error).__name__ if "\n" not in str(error) else "more than one line"
    return "reads"


def main() -> None:
    """Try every change and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    data = arguments.model.read_bytes()
    found: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        path = Path(folder, "m.safetensors")
        for mutant in to_mutants(data, arguments.count, arguments.seed):
            path.write_bytes(mutant)
            found[try_model(path)] += 1
    print(", ".join(f"{count} {what}" for what, count in found.most_common()))
    if bad := found["UnforeseenError"] + found["more than one line"]:
        raise SystemExit(f"{bad} changed models met a fault, or were refused in more than one line")


if __name__ == "__main__":
    main()
