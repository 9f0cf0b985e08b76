"""A folder of any size: memory and speed from beginning to end, and the rows after it was killed.

Usage: python -m benchmarks.folders [--images 200000] [--jobs 2] [--kills 5] [--seed 1]

The images are links to a few hundred rendered ones. `solve --out` reads them once undisturbed, and once killed with
SIGKILL at random moments and gone on with by `--resume`: the files must be the same. Memory is that of the whole
process as Linux tells it.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.running import CLI, clear_errors, run

EARLY = 5000
"""Images after which memory must not grow any more."""


@dataclass(frozen=True)
class Moment:
    """How far a run is: seconds since its start, rows written, and megabytes at most so far."""

    seconds: float
    rows: int
    megabytes: float


def make_links(folder: Path, images: int, rendered: int, seed: int) -> Path:
    """Make a folder of links to rendered captchas."""
    run(CLI, "synth", folder / "rendered", "--count", str(rendered), "--seed", str(seed), "--quiet")
    drawn = sorted((folder / "rendered").glob("*.png"))
    links = folder / "links"
    links.mkdir()
    for number in range(images):
        (links / f"{number:07}.png").symlink_to(drawn[number % len(drawn)])
    return links


def watch(process: subprocess.Popen[bytes], partial: Path) -> Iterator[Moment]:
    """Look at a run every few milliseconds until it ends."""
    start, rows = time.monotonic(), -1  # the header is no row
    while process.poll() is None and not partial.exists():
        time.sleep(0.01)
    with partial.open("rb") as stream:
        while process.poll() is None:
            rows += stream.read().count(b"\n")
            status = Path(f"/proc/{process.pid}/status").read_text()
            if peak := re.search(r"VmHWM:\s*(\d+) kB", status):
                yield Moment(time.monotonic() - start, rows, int(peak[1]) / 1024)
            time.sleep(0.01)


def start(links: Path, out: Path, jobs: int, *options: str) -> subprocess.Popen[bytes]:
    """Start the command, with nobody to see its bar."""
    command = [sys.executable, str(CLI), "solve", str(links), "--out", str(out), "--jobs", str(jobs), *options]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def run_whole(links: Path, out: Path, jobs: int) -> list[Moment]:
    """Read all images undisturbed; SystemExit if it fails."""
    with start(links, out, jobs) as process:
        moments = list(watch(process, out.with_name(f"{out.name}.partial")))
    if process.returncode:
        raise SystemExit(f"solve ended with exit code {process.returncode}")
    return moments


def run_killed(links: Path, out: Path, jobs: int, kills: int, chance: random.Random) -> list[int]:
    """Read all images, killed at so many random moments on the way; return after how many rows it was each time."""
    images = sum(1 for _ in links.iterdir())
    seen = []
    for rows in sorted(chance.randrange(images) for _ in range(kills)):
        with start(links, out, jobs, "--resume") as process:
            for moment in watch(process, out.with_name(f"{out.name}.partial")):
                if moment.rows >= rows:
                    time.sleep(chance.uniform(0, 0.05))
                    process.send_signal(signal.SIGKILL)
                    seen.append(moment.rows)
                    break
    with start(links, out, jobs, "--resume") as process:
        pass
    return seen


def rate(moments: list[Moment], first: float, last: float) -> float:
    """Images a second between two shares of all of them, such as 0 and 0.1; NaN where both came at one moment."""
    rows = moments[-1].rows
    begin, end = (next(m for m in moments if m.rows >= max(share * rows, 1)) for share in (first, last))
    return (end.rows - begin.rows) / (end.seconds - begin.seconds) if end != begin else math.nan


def main() -> None:
    """Make the folder, read it twice, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--rendered", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        links = make_links(folder, arguments.images, arguments.rendered, arguments.seed)
        moments = run_whole(links, folder / "whole.csv", arguments.jobs)
        early = next((moment for moment in moments if moment.rows >= EARLY), moments[-1])
        first, last = rate(moments, 0, 0.1), rate(moments, 0.9, 1)
        print(f"{arguments.images} images, {arguments.jobs} jobs: {moments[-1].seconds:.1f} s with the start")
        print(f"peak memory {early.megabytes:.0f} MB after {early.rows} images, {moments[-1].megabytes:.0f} at the end")
        print(f"first tenth {first:.0f} images a second, last tenth {last:.0f}")
        chance = random.Random(arguments.seed)
        killed = run_killed(links, folder / "killed.csv", arguments.jobs, arguments.kills, chance)
        if (folder / "whole.csv").read_bytes() != (folder / "killed.csv").read_bytes():
            raise SystemExit(f"killed after {killed} rows and gone on with: OTHER ROWS than of the undisturbed run")
        print(f"killed after {', '.join(map(str, killed))} rows and gone on with: the same rows")


if __name__ == "__main__":
    with clear_errors():
        main()
