from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kerf.cli import app


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str


Here = Callable[..., Answer]


@pytest.fixture
def here(capfd: pytest.CaptureFixture[str]) -> Here:
    """Run the command line in this process: quicker than another, which would have to import torch."""

    def run(*arguments: str | Path) -> Answer:
        with pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments], prog_name="kerf")
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, *capfd.readouterr())

    return run
