"""What the scripts share: running this project's programs, and the digest of the code that they depend on."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kerf.segmenter.errors import ExitCode, KerfError

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "benchmarks" / "cache"
CTC_START_FILE = CACHE / "ctc-start.pt"
"""A CTC recogniser trained on the captchas of Kerf's bundled model; ``rivals/pretrain.py`` makes it."""
CLI = ROOT / "cli.py"
KERF_FILES = ("__init__.py", "cli.py", "segmenter/**/*.[cp]*", "classifier/**/*.[cp]*", "data/models/*.safetensors")
"""What Kerf's results depend on."""
DONE = {ExitCode.OK, ExitCode.UNREADABLE_IMAGE, ExitCode.NO_LABELS, ExitCode.LABEL_ALPHABET, ExitCode.LABEL_FIT}
"""Exit codes of a program that did its work, but for an image or a label, if any, that it named on stderr."""


@contextmanager
def clear_errors() -> Iterator[None]:
    """Run a script's body: a bad input becomes one line on stderr and exit code 1."""
    try:
        yield
    except (KerfError, OSError) as error:
        raise SystemExit(str(error)) from None


def code_hash(patterns: tuple[str, ...] = KERF_FILES) -> str:
    """Digest of everything that a result depends on, but the data."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def peak_megabytes() -> float:
    """Peak memory of this process since its program began."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # macOS: bytes


def run(*command: str | Path, threads: int | None = None) -> tuple[str, float, float]:
    """Run a Python program of this project, a file or ``-m`` and a name: its stdout, seconds and peak megabytes.

    SystemExit unless its exit code is one of ``DONE``.
    Linux counts into the last what this process held when it began the other, so it is true of larger programs only;
    the others say ``peak_megabytes`` themselves.
    """
    start = time.monotonic()
    words = [sys.executable, *map(str, command)]
    environment = {**os.environ, **({"OMP_NUM_THREADS": str(threads)} if threads else {})}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in DONE:
        raise SystemExit(f"{' '.join(words)} ended with exit code {process.returncode}")
    return output, time.monotonic() - start, usage.ru_maxrss / 1024
