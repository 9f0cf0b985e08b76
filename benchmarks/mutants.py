"""Put small faults into the code, one at a time, and list those that no test notices.

    make mutants                              every place, and whether each reaches 85 %
    make mutants PLACE=classifier/measuring   one of them, or one file of it
    make mutants PLACE=... AGAIN=1            only the mutants that survived the last run of that place

mutmut 3 makes the faults and runs the tests: all faults of a function are compiled in beside it, and a forked process
chooses one, so that PyTorch is imported once and not once a fault (cosmic-ray starts a process for each). A place is
tested by its own tests alone: classifier/lattice/ by tests/lattice/, classifier/alphabet.py by tests/test_alphabet.py;
those marked ``process`` are left out. Of tests by hypothesis the examples are the same each time. mutmut leaves
constants of modules, decorated functions and properties as they are.

Under ``build/mutants/`` lies a copy in which paths are module names (``kerf/segmenter/ink.py``), as mutmut asks.
``tests/mutants.toml`` says of survivors why they change nothing; the others are printed. Counted as killed: a failing
test, too much time, too much memory. How many took too much time is said: on a busy machine those are no proof.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = (
    "segmenter",
    "classifier/lattice",
    "classifier/measuring",
    "classifier/folders",
    "classifier/model_header.py",
    "classifier/model_file.py",
    "classifier/recognizer.py",
    "classifier/alphabet.py",
    "classifier/texts",
)
WANTED = 0.85
MEMORY = 8 << 30
EXPLAINED = ROOT / "tests" / "mutants.toml"
SOURCES = ("segmenter", "classifier")
CONFIG = """
[tool.mutmut]
source_paths = ["kerf"]
only_mutate = ["kerf/{pattern}"]
also_copy = ["kerf/data", "data"]
pytest_add_cli_args_test_selection = ["{tests}"]
pytest_add_cli_args = ["--hypothesis-profile=mutants", "-m", "not process", "-p", "no:cacheprovider"]
process_isolation = "forkserver"
timeout_multiplier = 2.0
timeout_constant = 10.0
use_setproctitle = false

[tool.pytest.ini_options]
addopts = "-q --strict-markers --import-mode=importlib"
pythonpath = ["."]
filterwarnings = ["error"]
markers = ["process: starts a process of its own"]
"""
"""Mutation testing of one place; ``{pattern}`` and ``{tests}`` are filled in."""
FORKED = """
import os, sys, pytest
pytest.main([*sys.argv[1:], "--collect-only"])
child = os.fork()
if not child:
    os._exit(pytest.main(sys.argv[1:]))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Run tests as mutmut does, in a process forked from one that has collected them."""


@dataclass(frozen=True)
class Survivor:
    """A fault that no test noticed."""

    name: str
    file: str
    diff: str

    @property
    def becomes(self) -> tuple[str, ...]:
        """The lines that the fault puts in, without their indentation."""
        lines = self.diff.splitlines()
        return tuple(line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))


@dataclass(frozen=True)
class Outcome:
    """What became of the mutants of one place."""

    place: str
    total: int
    timed_out: int
    survivors: tuple[Survivor, ...]
    seconds: float

    @property
    def killed(self) -> int:
        """How many were noticed."""
        return self.total - len(self.survivors)

    @property
    def good(self) -> bool:
        """Whether enough of them were."""
        return self.killed >= WANTED * self.total


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Put small faults into the code and list what no test notices.")
    parser.add_argument("places", nargs="*", metavar="PLACE", help=f"of: {', '.join(PLACES)}; all by default")
    parser.add_argument("--again", action="store_true", help="only what survived the last run")
    arguments = parser.parse_args()
    places = [place.rstrip("/") for place in arguments.places] or list(PLACES)
    if unknown := [place for place in places if not (ROOT / place).exists()]:
        parser.error(f"{unknown[0]} is not there; places are {', '.join(PLACES)}")
    outcomes = []
    for place in places:
        outcomes.append(outcome := place_to_outcome(place, again=arguments.again))
        print(outcome_to_text(outcome, explanations()), flush=True)
    return 0 if all(outcome.good for outcome in outcomes) else 1


def place_to_outcome(place: str, *, again: bool = False) -> Outcome:
    """Mutate a place in a copy of the code and test every mutant, or only those that survived before."""
    start = time.monotonic()
    folder = ROOT / "build" / "mutants" / place.replace("/", "-").removesuffix(".py")
    before = _survivors(folder) if again and (folder / "mutants").exists() else None
    if before is None:
        shutil.rmtree(folder, ignore_errors=True)
    lay_out(folder, place)
    if before != []:
        _mutmut(folder, "run", *(name for name, _ in before or ()))
        check_without_mutant(folder, place)
    lines = [line for line in _mutmut(folder, "results", "--all", "true").splitlines() if ": " in line]
    timed_out = sum(line.endswith(": timeout") for line in lines)
    found = tuple(_survivor(folder, name) for name, _ in _survivors(folder))
    return Outcome(place, len(lines), timed_out, found, time.monotonic() - start)


def lay_out(folder: Path, place: str) -> None:
    """Copy code and tests to ``folder``, where the path of a file is the name of its module."""
    for stale in (folder / "kerf", folder / "tests", folder / "mutants" / "tests"):
        shutil.rmtree(stale, ignore_errors=True)
    for stale_file in (folder / "mutants").rglob("*.so"):  # mutmut copies only what is not there
        stale_file.unlink()
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)  # which test runs which function
    caches = shutil.ignore_patterns("__pycache__")
    for source in SOURCES:
        shutil.copytree(ROOT / source, folder / "kerf" / source, ignore=caches)
    for file in ROOT.glob("*.py"):
        shutil.copy2(file, folder / "kerf")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=caches)
    for link in (folder / "data", folder / "kerf" / "data"):
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT / "data")
    pattern = place if place.endswith(".py") else f"{place}/*"
    (folder / "pyproject.toml").write_text(CONFIG.format(pattern=pattern, tests=place_to_tests(place)))


def check_without_mutant(folder: Path, place: str) -> None:
    """Exit if the tests fail without a mutant where mutmut runs them: every mutant would count as killed."""
    command = [sys.executable, "-c", FORKED, place_to_tests(place), "-m", "not process", "--hypothesis-profile=mutants"]
    result = _run(command, folder / "mutants", {"MUTANT_UNDER_TEST": ""})
    if result.returncode:
        raise SystemExit(f"mutants.py: error: tests of {place} fail without a mutant:\n{result.stdout[-3000:]}")


def place_to_tests(place: str) -> str:
    """Path of the tests of a place; they are laid out like the code, and a file in a room has all of the room's.

    >>> place_to_tests("classifier/alphabet.py"), place_to_tests("segmenter/load.py")
    ('tests/test_alphabet.py', 'tests/segmenter')
    >>> place_to_tests("classifier/recognizer.py")  # a file beside the rooms may have a folder
    'tests/recognizer'
    """
    path = Path("tests", *Path(place).parts[place.startswith("classifier/") :])
    if not path.suffix:
        return str(path)
    if path.parent != Path("tests"):
        return str(path.parent)
    folder = path.with_suffix("")
    return str(folder if (ROOT / folder).is_dir() else path.with_name(f"test_{path.name}"))


def outcome_to_text(outcome: Outcome, explained: set[tuple[str, str]]) -> str:
    """Render the figures of a place, the survivors that nobody has explained, and the explanations that none needs."""
    open_ones = [s for s in outcome.survivors if not all((s.file, line) in explained for line in s.becomes)]
    met = {(s.file, line) for s in outcome.survivors for line in s.becomes}
    stale = sorted(line for file, line in explained - met if f"{file}/".startswith(f"{outcome.place}/"))
    share = 100 * outcome.killed / max(outcome.total, 1)
    head = (
        f"{outcome.place:<26} {outcome.killed:>5} / {outcome.total:<5} killed {share:5.1f} %, "
        f"{outcome.timed_out} of them by time, "
        f"{len(outcome.survivors)} survive, {len(open_ones)} of them unexplained ({outcome.seconds:.0f} s)"
    )
    unmet = (f"\nno such fault survives: {line}" for line in stale)
    return "\n".join([head, *(f"\n{s.name}\n{s.diff}" for s in open_ones), *unmet])


def explanations() -> set[tuple[str, str]]:
    """Read which lines a fault may put into which file without a test that minds."""
    table = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")) if EXPLAINED.exists() else {}
    return {(file, line) for file, entries in table.items() for entry in entries for line in entry["becomes"]}


def _survivors(folder: Path) -> list[tuple[str, str]]:
    """Return name and status of the mutants of the last run that no test noticed."""
    rows = [line.strip().rpartition(": ") for line in _mutmut(folder, "results").splitlines()]
    return [(name, status) for name, _, status in rows if status not in {"", "timeout", "segfault"}]


def _survivor(folder: Path, name: str) -> Survivor:
    module = name.rpartition(".")[0].removeprefix("kerf.").replace(".", "/")
    file = f"{module}.py" if (ROOT / f"{module}.py").exists() else f"{module}/__init__.py"
    shown = _mutmut(folder, "show", name).splitlines()
    start = next((i for i, line in enumerate(shown) if line.startswith("@@")), 0)
    return Survivor(name, file, "\n".join(shown[start + 1 :]))


def _mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut in a folder and return what it says; its own progress goes to ``mutmut.log`` there."""
    result = _run([str(Path(sys.executable).with_name("mutmut")), *arguments], folder, {})
    (folder / "mutmut.log").write_text(result.stdout + result.stderr)
    if result.returncode:
        tail = "\n".join((result.stdout + result.stderr).splitlines()[-30:])
        raise SystemExit(f"mutants.py: error: mutmut {arguments[0]} failed in {folder}:\n{tail}")
    return result.stdout


def _run(command: list[str], folder: Path, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, as tests of mutants are run."""
    temporary = folder / "tmp"  # of its own: what another pytest fails to remove would count as a failing test
    temporary.mkdir(exist_ok=True)
    fixed = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "COLUMNS": "200", "PYTEST_DEBUG_TEMPROOT": str(temporary)}
    environment = {**os.environ, **fixed, **more}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, preexec_fn=_bound
    )


def _bound() -> None:
    """Let no mutant take the memory of the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    sys.exit(main())
