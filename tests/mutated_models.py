"""Change model files at random and see that each change is refused in one line, or makes a model that reads.

Usage: python -m tests.mutated_models [MODEL ...] [--count 10000] [--seed 0]

Models are ``.safetensors`` and ``.onnx`` files; without any, a small one is made as both. Half of the changes are to
bytes, half to one value of the header. What is not refused must read an image. Exit code 1 if any change raises
anything but a ``KerfError``, or memory ever rises by more than 200 MB.
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

from benchmarks.running import peak_megabytes
from kerf.classifier.engines.onnx_export import export_onnx
from kerf.classifier.model_file import save_model
from kerf.classifier.model_header import FORMAT
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import KerfError
from tests.tiny import tiny_model

STRANGE: tuple[Any, ...] = (
    *(None, True, "", "x", "ab", [], {}, [1, 2, 3], 0, -1, 1, 7, 10**6, 10**30, 0.0, 1e-300, -0.5, 1e300),
    *(float("nan"), float("inf"), "\ud800", "a" * 10**6, [[[]]]),
)
"""Values that stand in the place of one of the header."""
MOST_RISEN = 200.0
"""Megabytes."""


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
    """Change one value of the header of either kind of file."""
    if data[8:9] != b"{":
        return mutate_onnx_header(data, rng)
    size = int.from_bytes(data[:8], "little")
    outer = json.loads(data[8 : 8 + size])
    outer["__metadata__"][FORMAT] = mutate_json(outer["__metadata__"][FORMAT], rng)
    raw = json.dumps(outer).encode()
    raw += b" " * (-len(raw) % 8)
    return len(raw).to_bytes(8, "little") + raw + data[8 + size :]


def mutate_onnx_header(data: bytes, rng: random.Random) -> bytes:
    """Change one value of the header of an exported model."""
    import onnx

    model = onnx.load_from_string(data)
    (entry,) = (entry for entry in model.metadata_props if entry.key == FORMAT)
    entry.value = mutate_json(entry.value, rng)
    return bytes(model.SerializeToString())


def mutate_json(text: str, rng: random.Random) -> str:
    """Put a strange value in the place of one value, or drop or add a key."""
    header = json.loads(text)
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
    return json.dumps(header)


def try_model(path: Path) -> str:
    """Load a model and read an image with it: ``reads``, or the name of the error that Kerf raised."""
    image = np.full((40, 100, 3), 255, np.uint8)
    image[10:30, 20:30] = image[10:30, 50:60] = 0
    try:
        Recognizer.load(path, "cpu", engine="onnx" if path.suffix == ".onnx" else "torch").read(image)
    except KerfError as error:
        return type(error).__name__ if "\n" not in str(error) else "more than one line"
    return "reads"


def write_models(folder: Path) -> list[Path]:
    """Write a small model as both kinds of file."""
    paths = [folder / "tiny.safetensors", folder / "tiny.onnx"]
    save_model(tiny_model(), paths[0])
    export_onnx(tiny_model(), paths[1])
    return paths


def try_mutants(model: Path, folder: Path, count: int, seed: int) -> tuple[Counter[str], float]:
    """Try so many changes of a file: what came of them, and by how many megabytes memory rose at most."""
    path = folder / f"changed{model.suffix}"
    try_model(model)
    found, before = Counter[str](), peak_megabytes()
    for mutant in to_mutants(model.read_bytes(), count, seed):
        path.write_bytes(mutant)
        found[try_model(path)] += 1
    return found, peak_megabytes() - before


def main() -> None:
    """Try every change and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="*")
    parser.add_argument("--count", type=int, default=10_000, help="of each model")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    bad = False
    with TemporaryDirectory() as folder:
        for model in arguments.models or write_models(Path(folder)):
            found, risen = try_mutants(model, Path(folder), arguments.count, arguments.seed)
            said = ", ".join(f"{count} {what}" for what, count in found.most_common())
            print(f"{model.name}: {said}; memory rose by {risen:.0f} MB", flush=True)
            bad |= bool(found["UnforeseenError"] + found["more than one line"]) or risen > MOST_RISEN
    if bad:
        raise SystemExit("a changed model met a fault, was refused in more than one line, or took too much memory")


if __name__ == "__main__":
    main()
