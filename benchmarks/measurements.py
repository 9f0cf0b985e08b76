"""What the benchmark has measured, in a JSON file that is up to date after every measurement."""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import torch

from benchmarks.families import Family
from benchmarks.rivals.readers import LOADERS
from benchmarks.rivals.systems import CTC_BEST, CTC_EQUAL, CTC_START
from benchmarks.running import KERF_FILES, code_hash
from benchmarks.speed import SPEED_FILES

KERF, KERF_NOTHING, KERF_ADAPTED = "Kerf", "Kerf from nothing", "Kerf, adapted"
KERF_ACCURATE, KERF_REST = "Kerf, accurate", "Kerf, rest unlabelled"
FOUNDING = ("network A", "network B")
SPEED = "speed"
SEED = 0
FILES = {
    **dict.fromkeys((KERF, KERF_NOTHING, KERF_ADAPTED, KERF_ACCURATE, KERF_REST), KERF_FILES),
    CTC_EQUAL: ("benchmarks/rivals/ctc.py",),
    CTC_BEST: ("benchmarks/rivals/ctc.py",),
    CTC_START: ("benchmarks/rivals/ctc.py", "benchmarks/rivals/pretrain.py"),
    **dict.fromkeys(FOUNDING, ("benchmarks/rivals/founding.py",)),
    **dict.fromkeys(LOADERS, ("benchmarks/rivals/readers.py",)),
    SPEED: (*KERF_FILES, *SPEED_FILES),
}
"""What a system's results depend on, besides the data."""
Key = tuple[str, str, int]
"""Family, system, labels."""


@dataclass(frozen=True)
class Result:
    """One system on one family at one number of labels.

    Attributes
    ----------
    family, system, labels
        What was measured; 0 labels where nothing was trained.
    correct, n, low_95, high_95
        Whole texts read right, of how many, and the 95 % Wilson interval of their share.
    train_seconds, megabytes, parameters, file_bytes
        Training time on one thread, peak memory of the process that trained (or read, where nothing was trained), and
        size; 0 where that is not known.
    code, machine, day
        Digest of the system's code, where and when.
    detail
        What else there is to say.
    """

    family: str
    system: str
    labels: int
    correct: int
    n: int
    low_95: float
    high_95: float
    train_seconds: float
    megabytes: float
    parameters: int
    file_bytes: int
    code: str
    machine: str
    day: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What was measured."""
        return self.family, self.system, self.labels


class Measurements:
    """Results and speeds by what was measured, and the file that keeps them.

    Parameters
    ----------
    path
        The JSON file; what it holds already is taken over.
    families
        What is measured on.
    """

    def __init__(self, path: Path, families: Sequence[Family]) -> None:
        self.path = path
        self.families = families
        self.codes = {system: code_hash(patterns) for system, patterns in FILES.items()}
        self.machine = describe_machine()
        self.lock = threading.Lock()
        self.page: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"results": [], "speed": []}
        self.results = {result.key: result for result in (Result(**record) for record in self.page["results"])}

    def has(self, key: Key) -> bool:
        """Whether a result is there, with the system's code as it is now."""
        return key in self.results and self.results[key].code == self.codes[key[1]]

    def add(self, result: Result) -> None:
        """Keep a result, in place of an earlier one."""
        with self.lock:
            self.results[result.key] = result
            self.save()

    def has_speed(self, family: str, cores: int) -> bool:
        """Whether a family's speeds are there, with all code as it is now."""
        return any(
            (entry["family"], entry["cores"], entry["code"]) == (family, cores, self.codes[SPEED])
            for entry in self.page["speed"]
        )

    def add_speed(self, entry: dict[str, Any]) -> None:
        """Keep a family's speeds, in place of earlier ones on as many cores."""
        place = entry["family"], entry["cores"]
        others = [known for known in self.page["speed"] if (known["family"], known["cores"]) != place]
        self.page["speed"] = [*others, entry | self.origin(SPEED)]
        self.save()

    def origin(self, system: str) -> dict[str, str]:
        """Say by which code, where and when something is measured."""
        return {"code": self.codes[system], "machine": self.machine, "day": date.today().isoformat()}

    def save(self) -> None:
        """Write the JSON file; a stop in the middle leaves the one before."""
        families = {record["name"]: record for record in self.page.get("families", [])}
        for family in self.families:
            name = family.folder.name
            families[name] = {
                "name": name,
                "train": len(family.train),
                "test": len(family.test),
                "near_duplicates": family.near_duplicates,
            }
        self.page |= {
            "seed": SEED,
            "versions": {"Python": platform.python_version(), "torch": torch.__version__},
            "codes": self.codes,
            "families": [families[name] for name in sorted(families)],
            "results": [asdict(self.results[key]) for key in sorted(self.results)],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(to_json(self.page))
        part.replace(self.path)


def to_json(page: dict[str, Any]) -> str:
    """Render a run with a line for each record, so that a change to one shows as such."""
    values = (
        "[\n" + ",\n".join(map(json.dumps, value)) + "\n]" if isinstance(value, list) else json.dumps(value)
        for value in page.values()
    )
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {value}" for key, value in zip(page, values, strict=True)) + "\n}\n"


def describe_machine() -> str:
    """Name the processor and its cores, and a GPU where there is one."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{model}, {os.cpu_count()} cores{gpu}"
