"""Make some labels of a folder wrong on purpose, and count how many of them a review finds.

Usage: python -m benchmarks.trials.wrong_labels ../shared/data/FAMILY [--labels 1000] [--share 0.02] [--seed 0]

Only `train/` is read. Of the wrong labels half have one character taken for another of the family's, a quarter have one
lost or doubled, a quarter are the text of another image. What is found beyond these may be wrong in the family itself:
it is listed, to be looked at, and counts as a mistake of the search.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.running import clear_errors
from kerf.classifier.console.report import proportion_to_text
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.labelling.suspects import find_suspects
from kerf.classifier.measuring.metrics import proportion


def spoil(sample: Sample, others: Sequence[Sample], rng: random.Random) -> Sample:
    """Give an image a wrong label."""
    text, characters = sample.text, sorted(set("".join(other.text for other in others)))
    at = rng.randrange(len(text))
    wrong = (
        text[:at] + rng.choice(characters) + text[at + 1 :],
        text[:at] + rng.choice(characters) + text[at + 1 :],
        text[:at] + text[at] * rng.choice((0, 2)) + text[at + 1 :],
        rng.choice(others).text,
    )[rng.randrange(4)]
    return Sample(sample.path, wrong) if wrong not in ("", text) else spoil(sample, others, rng)


def spoil_some(samples: Sequence[Sample], share: float, rng: random.Random) -> tuple[list[Sample], set[Path]]:
    """Give a share of the images wrong labels; return also which."""
    chosen = set(rng.sample(range(len(samples)), round(share * len(samples))))
    said = [spoil(sample, samples, rng) if index in chosen else sample for index, sample in enumerate(samples)]
    return said, {samples[index].path for index in chosen}


def main() -> None:
    """Spoil, search, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", type=Path, help="folder with train/")
    parser.add_argument("--labels", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    samples = folder_to_samples(arguments.family / "train").samples[: arguments.labels]
    said, wrong = spoil_some(samples, arguments.share, random.Random(arguments.seed))
    began = time.process_time()
    found = find_suspects(said)
    right = sum(suspect.sample.path in wrong for suspect in found)
    print(f"{arguments.family.name}: {len(wrong)} of {len(said)} labels were made wrong")
    print(f"recall     {proportion_to_text(proportion(right, len(wrong)))}")
    print(f"precision  {proportion_to_text(proportion(right, len(found)))}")
    print(f"{time.process_time() - began:.0f} s of one core")
    for suspect in found:
        if suspect.sample.path not in wrong:
            print(f"  {suspect.sample.path.name}: {suspect.sample.text}, read {suspect.text}, {suspect.confidence:.4f}")
    missed = wrong - {suspect.sample.path for suspect in found}
    for sample, truth in zip(said, samples, strict=True):
        if sample.path in missed:
            print(f"  missed {sample.path.name}: {sample.text} for {truth.text}")


if __name__ == "__main__":
    with clear_errors():
        main()
