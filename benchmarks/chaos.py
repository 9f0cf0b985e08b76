"""Kill commands with SIGKILL at random moments, go on, and see that nothing is lost, doubled or half-written.

    python -m benchmarks.chaos [--kills 100] [--only train-char,adapt,solve,ray,label] [--seed 0]

Each command is run once undisturbed. Then it is killed again and again, begun anew each time (``--resume`` where it
has that), and let end at last. A killed one must leave nothing under the final name; the last one must leave the very
bytes of the undisturbed one, ``ray`` the same rows in any order. ``label`` is killed while answers are posted: of
these, every one that was acknowledged must be in labels.csv, once.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from urllib.parse import urlsplit

from benchmarks.running import CLI, ROOT, clear_errors, run

IMAGES = 40
SOLVED = 2000
MOST_ANSWERS = 20
OFTEN = "import kerf.classifier.learning.checkpoint as c; c.SECONDS = 0; import kerf.cli; kerf.cli.main()"
"""The command line, with a checkpoint after each pass."""
SERVER = "import tests.labelling.serving as s; s.main()"


@dataclass(frozen=True)
class Command:
    """What is run, and what it is to leave.

    Attributes
    ----------
    words
        The command; what it writes to comes last.
    again
        What to add when it is begun anew.
    to_result
        Reads what it wrote, so that two runs can be compared.
    """

    words: Sequence[str]
    again: Sequence[str] = ()
    to_result: Callable[[Path], object] = Path.read_bytes


def to_commands(folder: Path) -> dict[str, Command]:
    """Make images, and return the commands that work on them."""
    captchas, links = folder / "captchas", folder / "links"
    run(CLI, "synth", captchas, "--count", str(IMAGES), "--seed", "1", "--length", "3", "--charset", "0-9", "--quiet")
    drawn = sorted(captchas.glob("*.png"))
    links.mkdir()
    for number in range(SOLVED):
        (links / f"{number:05}.png").symlink_to(drawn[number % len(drawn)])
    solve = ["solve", str(links), "--jobs", "2"]
    return {
        "train-char": Command(["train-char", str(captchas), "--epochs", "8", "--out"], ["--resume"]),
        "adapt": Command(["adapt", str(captchas), "--charset", "0-9", "--length", "3", "--out"]),
        "solve": Command([*solve, "--out"], ["--resume"]),
        "ray": Command([*solve, "--engine", "ray", "--out"], ["--resume"], parts_to_rows),
    }


def parts_to_rows(folder: Path) -> list[str]:
    """All rows of a folder of parts, in the order of the text."""
    return sorted(row for part in folder.glob("part-*.csv") for row in part.read_text().splitlines()[1:])


def start(command: Command, out: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a command."""
    words = [sys.executable, "-c", OFTEN, *command.words, str(out), "--quiet", *options]
    return subprocess.Popen(words, cwd=ROOT / "build", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes], what: str) -> float:
    """Wait for the end of a run that is to succeed, and return the seconds."""
    began = time.monotonic()
    _, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"{what} ended with {process.returncode}: {said.decode(errors='replace')}")
    return time.monotonic() - began


def kill_often(name: str, command: Command, folder: Path, kills: int, chance: random.Random) -> str:
    """Kill a command so many times; SystemExit if anything is lost, doubled or half-written."""
    whole, out = folder / "whole" / "out", folder / "killed" / "out"
    seconds = finish(start(command, whole), name)
    wanted, done, ended = command.to_result(whole), 0, 0
    while done < kills:
        process = start(command, out, *command.again)
        try:
            process.wait(chance.uniform(0, 1.2 * seconds))
            ended += 1
            finish(process, name)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            done += 1
            if out.is_file():
                raise SystemExit(f"{name}: a run that was killed left {out}") from None
            continue
        compare(name, command.to_result(out), wanted)
        clear(out)
    finish(start(command, out, *command.again), name)
    compare(name, command.to_result(out), wanted)
    return f"{name}: killed {kills} times in runs of {seconds:.1f} s, {ended + 1} that ended wrote the same"


def compare(name: str, found: object, wanted: object) -> None:
    """SystemExit unless two runs wrote the same."""
    if found != wanted:
        raise SystemExit(f"{name}: a run that was killed and begun anew wrote something else than an undisturbed one")


def clear(out: Path) -> None:
    """Remove what a run that ended wrote."""
    for path in out.iterdir() if out.is_dir() else [out]:
        path.unlink()


def kill_server(folder: Path, kills: int, chance: random.Random) -> str:
    """Kill the label server so many times while answers are posted to it."""
    from tests.labelling.making import draw_images

    draw_images(folder, MOST_ANSWERS * kills + 10)
    kept: dict[str, str] = {}
    for number in range(kills):
        words = [sys.executable, "-c", SERVER, str(folder)]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            post_until_killed(process, process.stdout.readline().strip(), number, chance, kept)
        with (folder / "labels.csv").open(newline="") as stream:
            rows = [(row["file"], row["label"]) for row in csv.DictReader(stream)]
        if len(rows) != len(dict(rows)) or any(dict(rows).get(name) != label for name, label in kept.items()):
            raise SystemExit(f"label: after kill {number + 1} of {kills}, an answer is lost or doubled")
    return f"label: killed {kills} times, all of {len(kept)} answers that were acknowledged are there, once"


def post_until_killed(
    process: subprocess.Popen[str], address: str, number: int, chance: random.Random, kept: dict[str, str]
) -> None:
    """Answer image after image, and have the server killed in the midst of it; ``kept`` are those acknowledged."""
    url = urlsplit(address)
    before = len(kept)
    until, killer = chance.randrange(MOST_ANSWERS), Timer(chance.uniform(0, 0.05), process.kill)
    headers = {"origin": f"http://{url.netloc}", "content-type": "application/json"}
    try:
        while True:
            if len(kept) - before == until and killer.ident is None:
                killer.start()
            connection = http.client.HTTPConnection(url.netloc, timeout=10)
            connection.request("GET", f"{url.path}items")
            (item, *_) = json.load(connection.getresponse())["items"]
            label = f"k{number}n{len(kept)}"
            body = {"image": item["image"], "status": "labelled", "text": label, "seen": item["seen"]}
            connection.request("POST", f"{url.path}answers", json.dumps(body), headers)
            answer = connection.getresponse()
            if answer.status == 200 and answer.read():
                kept[item["name"]] = label
    except (OSError, http.client.HTTPException, ValueError):
        process.kill()


def main() -> None:
    """Kill each, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--only", default="train-char,adapt,solve,ray,label")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance, names = random.Random(arguments.seed), arguments.only.split(",")
    with TemporaryDirectory() as name:
        folder = Path(name)
        commands = to_commands(folder) if set(names) - {"label"} else {}
        for name in names:
            if name == "label":
                print(kill_server(folder / "label", arguments.kills, chance), flush=True)
            else:
                print(kill_often(name, commands[name], folder / name, arguments.kills, chance), flush=True)


if __name__ == "__main__":
    with clear_errors():
        main()
