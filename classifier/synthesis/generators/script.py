"""Generators in other languages: a script that stays up, reads a JSON request a line and writes an image for each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np

from kerf.classifier.synthesis.generators.base import Image, decode_image
from kerf.classifier.synthesis.glyphs import CHARACTERS
from kerf.segmenter.errors import GeneratorError

SCRIPTS = Path(__file__).parent / "scripts"
MAX_BYTES = 20_000_000  # of one image; more is rubbish, read as a length


def packages_folder() -> Path:
    """Folder of the packages that have no place of their own in the system: ``npm/node_modules`` and ``django``.

    ``KERF_GENERATORS`` names it; without it, ``build`` where the program runs.
    """
    return Path(os.environ.get("KERF_GENERATORS", "build")).absolute()


class Script:
    """A script that draws an image for each request, started when first asked.

    Parameters
    ----------
    name
        For messages.
    command
        Program and arguments.
    environment
        Variables beside those of this process.
    timeout_s
        After so long without the whole image it is ended.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None, timeout_s: float = 20
    ) -> None:
        self.name, self.command, self.timeout_s = name, list(command), timeout_s
        self.environment = {**os.environ, **(environment or {})}
        self._processes: dict[int, subprocess.Popen[bytes]] = {}  # by who started it: a forked worker starts its own

    def starts(self) -> bool:
        """Whether the program is there, and the script finds all that it needs."""
        if not shutil.which(self.command[0]):
            return False
        try:
            return not subprocess.run(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.timeout_s,
            ).returncode
        except (OSError, subprocess.TimeoutExpired):
            return False

    def ask(self, request: Mapping[str, Any]) -> bytes:
        """Have one image drawn.

        Parameters
        ----------
        request
            What the script wants to know.

        Returns
        -------
        bytes
            An image file.

        Raises
        ------
        GeneratorError
            If the script cannot start, died, hung or wrote rubbish; it has been ended then.
        """
        process = self._running()
        assert process.stdin
        assert process.stdout
        timer = Timer(self.timeout_s, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            length = int.from_bytes(process.stdout.read(4), "big")
            data = process.stdout.read(length) if length <= MAX_BYTES else b""
        except OSError:  # the pipe is broken
            length, data = 0, b""
        hung = not timer.is_alive()
        timer.cancel()
        if data and len(data) == length:
            return data
        reason = self._to_reason(process, hung, length)
        self.close()
        raise GeneratorError(f"{self.name} {reason}; run its script by hand or leave it out")

    def close(self) -> None:
        """End the script, if it runs."""
        if process := self._processes.pop(os.getpid(), None):
            process.kill()
            process.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process, started unless it runs."""
        if os.getpid() not in self._processes:
            pipe = subprocess.PIPE
            try:
                process = subprocess.Popen(self.command, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe)
            except OSError as error:
                raise GeneratorError(f"{self.name} cannot start ({error}); install it or leave it out") from error
            self._processes[os.getpid()] = process
        return self._processes[os.getpid()]

    def _to_reason(self, process: subprocess.Popen[bytes], hung: bool, length: int) -> str:
        """Say what became of a script that gave no image."""
        if length > MAX_BYTES:
            return "wrote rubbish where the length of an image belongs"
        if hung:
            return f"gave no image in {self.timeout_s:g} s"
        try:
            _, errors = process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            return "closed its output"
        lines = errors.decode(errors="replace").strip().splitlines()
        return f"died ({': '.join([f'exit code {process.returncode}', *(line[:200] for line in lines[-1:])])})"


class ScriptGenerator:
    """A package behind a script in ``scripts/``; a subclass says how it runs and which options it has."""

    name: str
    letters = CHARACTERS
    lengths = (1, 12)
    operators = ""

    def command(self) -> list[str]:
        """Program and arguments."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Variables that lead to the package."""
        return {}

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options."""
        raise NotImplementedError

    @cached_property
    def script(self) -> Script:
        """The script that runs, or will."""
        return Script(self.name, self.command(), self.environment())

    @cached_property
    def _starts(self) -> bool:
        return self.script.starts()

    def is_installed(self) -> bool:
        """Whether the script starts here."""
        return self._starts

    def draw(self, text: str, rng: np.random.Generator) -> Image:
        """Draw a text; see ``Generator.draw``."""
        seed = int(rng.integers(2**31))
        return self.to_image(self.script.ask({"text": text, "seed": seed, **self.request(text, rng)}), rng)

    def to_image(self, data: bytes, rng: np.random.Generator) -> Image:
        """Decode what the script wrote."""
        return decode_image(data, self.name)

    def close(self) -> None:
        """End the script, if it runs."""
        self.script.close()
