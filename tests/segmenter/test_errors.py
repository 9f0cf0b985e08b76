"""What an image met, as an error of Kerf's in one line."""

from __future__ import annotations

import weakref
from pathlib import Path

import numpy as np
import pytest

from kerf.segmenter.errors import UnforeseenError, UnreadableImageError, extra_to_command, to_problem


def test_an_error_of_kerfs_stays_itself() -> None:
    error = UnreadableImageError("a.png: is empty")
    assert to_problem("b.png", error) is error


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (ZeroDivisionError("so\nit   is"), "ZeroDivisionError: so it is"),
        (MemoryError(), "MemoryError"),
        (SyntaxError("bad", ("a.py", 1, 1, "x", 1, 2)), 'File "a.py", line 1 x ^ SyntaxError: bad'),
        (ValueError("x" * 999), f"ValueError: {'x' * 188}"),
    ],
)
def test_any_other_is_said_in_one_short_line_and_is_its_cause(error: Exception, what: str) -> None:
    problem = to_problem("a.png", error)
    assert type(problem) is UnforeseenError
    assert str(problem) == f"a.png: met a fault in Kerf ({what}); run again with --debug and report what it shows"
    assert problem.__cause__ is error


def test_what_it_met_holds_no_image() -> None:
    held = []

    def fail() -> None:
        image = np.zeros(9)
        held.append(weakref.ref(image))
        raise ValueError(image.shape)

    try:
        fail()
    except ValueError as error:
        problem = to_problem("a.png", error)
    assert held[0]() is None
    assert problem.__cause__ is not None
    assert problem.__cause__.__traceback__ is not None


def test_an_extra_is_installed_from_where_kerf_is(tmp_path: Path) -> None:
    assert extra_to_command("onnx", tmp_path) == "pip install 'kerf-captcha[onnx]'"
    (tmp_path / "pyproject.toml").touch()
    assert extra_to_command("onnx", tmp_path) == f"pip install -e '{tmp_path}[onnx]'"
