"""Generators behind a script: what becomes of one that dies, hangs or writes rubbish. Any program can stand in."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from kerf.classifier.synthesis.generators.script import Script, ScriptGenerator, packages_folder
from kerf.segmenter.errors import GeneratorError

pytestmark = pytest.mark.process

ANSWER = """
import json, sys
for line in sys.stdin:
    ask = json.loads(line)
    data = ask['data'].encode() + bytes([len(line) > 0])
    sys.stdout.buffer.write(len(data).to_bytes(4, 'big') + data)
    sys.stdout.buffer.flush()
"""


@contextmanager
def script(code: str, timeout_s: float = 20) -> Iterator[Script]:
    made = Script("tool", [sys.executable, "-c", code], {"KERF_SAID": "so"}, timeout_s)
    yield made
    made.close()


def problem(code: str, timeout_s: float = 20) -> str:
    with script(code, timeout_s) as made, pytest.raises(GeneratorError) as caught:
        made.ask({"text": "ab"})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_one_start_serves_many_images() -> None:
    with script(ANSWER) as made:
        assert made.ask({"data": "one"}) == b"one\x01"
        (process,) = made._processes.values()
        assert [made.ask({"data": text}) for text in ("two", "x" * 100_000)] == [b"two\x01", b"x" * 100_000 + b"\x01"]
        assert list(made._processes.values()) == [process]
    assert process.poll() is not None


def test_one_that_dies_says_its_last_words() -> None:
    said = problem("import sys; sys.stdin.readline(); print('first', file=sys.stderr); sys.exit('no such font')")
    assert said == "tool died (exit code 1: no such font); run its script by hand or leave it out"
    assert "tool died (exit code 3);" in problem("raise SystemExit(3)")


def test_one_that_dies_in_the_middle_of_an_image_is_told() -> None:
    assert "tool died (exit code 0)" in problem("import sys; sys.stdout.buffer.write(b'\\0\\0\\0\\x09half')")
    assert "tool died (exit code 0)" in problem("import sys; sys.stdout.buffer.write(bytes(4))")


def test_one_that_hangs_is_ended() -> None:
    start = time.monotonic()
    said = problem("import time; time.sleep(60)", timeout_s=0.5)
    assert said == "tool gave no image in 0.5 s; run its script by hand or leave it out"
    assert time.monotonic() - start < 10


def test_one_that_writes_rubbish_is_ended() -> None:
    assert "tool wrote rubbish where the length" in problem("print('Warning: deprecated')\nimport time; time.sleep(60)")


def test_it_starts_anew_after_a_failure() -> None:
    with script(ANSWER) as made:
        with pytest.raises(GeneratorError, match="KeyError"):
            made.ask({"text": "no data"})
        assert made.ask({"data": "one"}) == b"one\x01"


def test_a_program_that_is_not_there_is_said() -> None:
    made = Script("tool", ["no-such-program-of-kerf"])
    assert not made.starts()
    with pytest.raises(GeneratorError, match=r"^tool cannot start"):
        made.ask({})
    made.close()


def test_it_starts_where_its_packages_are_found() -> None:
    for code, there in (("pass", True), ("import no_such_package", False), ("import time; time.sleep(60)", False)):
        with script(code, 1) as made:
            assert made.starts() is there
    with script("import os; assert os.environ['KERF_SAID'] == 'so' and os.environ['PATH']") as made:
        assert made.starts()


def test_a_forked_worker_starts_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with script(ANSWER) as made:
        made.ask({"data": "one"})
        (mine,) = made._processes.values()
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: -1)
            assert made.ask({"data": "two"}) == b"two\x01"
            theirs = made._processes[-1]
            made.close()
        assert theirs is not mine
        assert theirs.poll() is not None
        assert mine.poll() is None


class Echo(ScriptGenerator):
    """Draws the seed and the text into one pixel."""

    name = "echo"

    def command(self) -> list[str]:
        code = (
            "import io, json, sys\nfrom PIL import Image\n"
            "for line in sys.stdin:\n"
            "    ask = json.loads(line); s = io.BytesIO()\n"
            "    Image.new('RGB', (len(ask['text']), ask['height']), (ask['seed'] % 256, 2, 3)).save(s, 'PNG')\n"
            "    sys.stdout.buffer.write(len(s.getvalue()).to_bytes(4, 'big') + s.getvalue()); sys.stdout.flush()\n"
        )
        return [sys.executable, "-c", code]

    def request(self, text: str, rng: np.random.Generator) -> dict[str, int]:
        return {"height": int(rng.integers(5, 9))}


def test_a_generator_sends_text_seed_and_options() -> None:
    echo = Echo()
    assert echo.is_installed()
    rng = np.random.default_rng(4)
    seed, height = int(rng.integers(2**31)), int(rng.integers(5, 9))
    image = echo.draw("abc", np.random.default_rng(4))
    echo.close()
    assert image.shape == (height, 3, 3)
    assert image[0, 0].tolist() == [3, 2, seed % 256]


def test_the_folder_of_packages_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERF_GENERATORS", str(tmp_path))
    assert packages_folder() == tmp_path
    monkeypatch.delenv("KERF_GENERATORS")
    assert packages_folder() == Path("build").absolute()
