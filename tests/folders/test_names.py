import random
import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerf.classifier.folders import names
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.folders.names import are_running, compile_pattern, look_of_names, names_to_texts
from kerf.segmenter.errors import NoLabelsError, SettingsError
from tests.folders.making import labels_of, touch

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def draw_texts(alphabet: str, length: int, count: int, seed: int = 0) -> list[str]:
    generator = random.Random(seed)
    return ["".join(generator.choices(alphabet, k=length)) for _ in range(count)]


def number(form: str, first: int = 1, alphabet: str = LETTERS, count: int = 30) -> list[str]:
    """Names of a form such as ``{text}-{n}``, with different texts and running numbers."""
    return [form.format(text=text, n=n) for n, text in enumerate(draw_texts(alphabet, 4, count), first)]


# --- names that are no texts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stems", "look"),
    [
        (number("{n:05}", 0), "running numbers (00000)"),
        (number("{n}"), "running numbers (1)"),
        (number("{n}", 9990), "running numbers (10000)"),
        (["1", "2"], "running numbers (1)"),
        (["00000"], "running numbers (00000)"),
        (["00000", "00003", "00041", "00500", "00999"], "running numbers (00000)"),
        (["1700000012", "1700000754"], "running numbers (1700000012)"),
        ([*number("{n:03}"), "cover"], "running numbers (001)"),
        ([*number("{n:03}", count=9), "cover"], "running numbers (001)"),  # nine tenths
        (["AAAA", *number("captcha-{text}", count=18), "zzzz"], "'captcha-' before each text (captcha-"),
        (["1-QX", "2-ZP"], "a counter before each text (1-QX)"),
        (["X7", "X8", "X9"], "'X' and a running number (X7)"),
        (["100", "123", "140", "157", "170", "195"], "running numbers (100)"),  # six share their first digit
        (["catQX", "catZP", "catRT", "catLM"], "'cat' before each text (catLM)"),
        (["abcdeX", "abcdeY"], "'abcde' before each text (abcdeX)"),
        (number("captcha{n}"), "'captcha' and a running number (captcha10)"),
        (["captcha1", "captcha2"], "'captcha' and a running number (captcha1)"),
        (["B7", "B8", "B9"], "'B' and a running number (B7)"),
        (number("IMG_{n}", 2031), "'IMG_' and a running number (IMG_2032)"),
        (["IMG_2031", "IMG_7744", "IMG_9012"], "'IMG_' and a running number (IMG_2031)"),
        (number("text-{n}", 23), "'text-' and a running number (text-24)"),
        (number("AB12_{n:04}"), "'AB12_' and a running number (AB12_0002)"),
        (number("Captcha{n}-{text}"), "a counter before each text (Captcha10-"),
        (number("{n}.{text}"), "a counter before each text (10."),
        (number("{n:03}_{text}", alphabet="0123456789"), "a counter before each text (002_"),
        (number("captcha-{text}"), r"'captcha-' before each text (captcha-"),
        (number("x_{text}"), r"'x_' before each text (x_"),
        (number("{text}-{n}", 23), "a counter behind each text (2674-42)"),
        (number("{text}.{n}", 23), "a counter behind each text (2674.42)"),
        (["AB-1", "AB-2", "CD-1"], "a counter behind each text (AB-1)"),
        (["captcha1"], "names that a program gave (captcha1)"),
        (["IMG_2031"], "names that a program gave (IMG_2031)"),
        (["text-23"], "names that a program gave (text-23)"),
        (["text.23"], "names that a program gave (text.23)"),
        (["Captcha1-text"], "names that a program gave (Captcha1-text)"),
        (["screenshots 3"], "names that a program gave (screenshots 3)"),
        (
            ["text-23", "text.23", "Captcha1-text", "00000", "captcha1", "IMG_2031"],
            "names that a program gave (Captcha1-text)",
        ),
    ],
)
def test_names_that_are_no_texts(stems: list[str], look: str) -> None:
    assert (look_of_names(stems) or "").startswith(look)
    assert look_of_names(stems[::-1] * 2) == look_of_names(stems)


@pytest.mark.parametrize(
    "form", ["Captcha{n}-{text}", "{n}.{text}", "{n:03}_{text}", "captcha-{text}", "{text}-{n}", "{text}.{n}"]
)
def test_the_pattern_that_is_offered_reads_the_texts(tmp_path: Path, form: str) -> None:
    stems = number(form)
    touch(tmp_path, *(f"{stem}.png" for stem in stems))
    with pytest.raises(NoLabelsError, match=r"write labels\.csv") as caught:
        folder_to_samples(tmp_path)
    offered = re.search("there is --label-pattern '(.+?)'", str(caught.value))
    assert offered
    assert labels_of(tmp_path, offered[1]) == dict(zip((f"{s}.png" for s in stems), number("{text}"), strict=True))
    taken = re.search("give --label-pattern '(.+?)' if they are the texts$", str(caught.value))
    assert taken
    assert labels_of(tmp_path, taken[1]) == {f"{stem}.png": stem for stem in stems}


# --- names that are texts ----------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.integers(10, 1000), st.integers(0, 10**6), st.sampled_from(["", "_{n:04}", "_{n}"]))
def test_random_digits_are_texts(count: int, seed: int, form: str) -> None:
    texts = draw_texts("0123456789", 4, count, seed)
    assert look_of_names([text + form.format(n=n) for n, text in enumerate(texts)]) is None


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.sampled_from(
        [("0123456789", 3), ("0123456789", 6), ("123456789", 4), ("2345678", 5), (LETTERS, 4), (LETTERS, 6)]
    ),
    st.integers(10, 600),
    st.integers(0, 10**6),
)
def test_random_texts_are_texts(kind: tuple[str, int], count: int, seed: int) -> None:
    assert look_of_names(draw_texts(*kind, count, seed)) is None


@pytest.mark.parametrize(
    "stems",
    [
        ["0744", "1885"],
        ["0744"],
        ["1000", "1210", "1430", "1570", "1950"],
        [f"QX{text}" for text in draw_texts("ABC", 4, 9)],
        ["abcdX", "abcdY"],
        ["catQX", "catZP"],
        ["2"],
        ["AB12_0007", "XK3P_0008"],
        ["AB12", "AB12_0007"],
        ["ABCDE", "ABCDE_2"],
        ["ABC1"],
        ["B2", "B7"],
        ["A123", "A777", "A031", "A940"],
        number("{text}_{n}", alphabet="0123456789"),
        [f"{n}_{n:04}" for n in range(5, 19)],
        [f"{n:02}" for n in range(100) if n % 5],
        ["AB-12", "XK-77", "PQ-05", "RR-31"],
        ["captcha", "image"],
        ["imgx", "codec", "text"],
        ["captcha1", "XK3P"],
        ["x.y", "12-z"],
        [],
    ],
)
def test_names_that_may_be_texts(stems: list[str]) -> None:
    assert look_of_names(stems) is None


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (range(100, 110), True),
        (range(100, 119, 2), True),  # 10 of 19
        (range(100, 121, 4), False),  # 6 of 21
        ([*range(100, 109), 117], True),  # 10 of 18, and the first digit is always 1
        ([*range(100, 109), 119], True),  # 10 of 20
        ([*range(100, 109), 120], False),  # 10 of 21
        ([1, 2, 3, 4, 5], True),
        ([1, 2, 3, 4, 6], False),  # so few must have no gap
        ([1, 2, 3, 4, 5, 7], True),
        ([n for n in range(10, 100) if n % 19], False),  # 85 of 90, every digit in either place
        ([n for n in range(10, 100) if n % 30], True),  # 87 of 90
        ([n for n in range(11, 91) if n not in (25, 36, 47, 58)], True),  # 76 of 80
        ([n for n in range(8, 100) if n % 19], True),  # of two widths
        ([n for n in range(10, 80) if n % 5], True),  # none begins with 8
        ([0], True),
        ([1, 1], True),
        ([2], False),
    ],
)
def test_running_numbers(numbers: list[int], expected: bool) -> None:
    assert are_running([str(n) for n in numbers]) is expected


# --- patterns ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "has no group; put the label's part in parentheses$"),
        ("a" * 80, "has no group; put the label's part in parentheses$"),
        (r"\w+", "has no group"),
        ("(?:x)", "has no group"),
        ("[", "is no regular expression: unterminated character set at position 1; correct it$"),
        ("(a{99999999999})", "is too long or repeats too often"),
        ("((a{1000}){101})", "is too long or repeats too often"),
        ("((a{0,1000}){,101})", "is too long or repeats too often"),
        ("(" + "a" * 999 + ")", "is too long or repeats too often; give a simpler one$"),
        ("(" * 10_000 + ")" * 10_000, "is too long or repeats too often"),
        ("(" * 450 + ")" * 450, "is nested too deeply; give a simpler one$"),
    ],
)
def test_pattern_that_is_refused(tmp_path: Path, pattern: str, reason: str) -> None:
    touch(tmp_path, "a.png")
    shown = repr(pattern if len(pattern) < 81 else pattern[:80] + "...")
    with pytest.raises(SettingsError, match=f"^{re.escape(f'label pattern {shown}')} {reason}"):
        folder_to_samples(tmp_path, pattern)


def test_patterns_at_the_limits_are_accepted() -> None:
    assert compile_pattern("((a{1000}){100})").groups == 2
    assert compile_pattern("(" + "a" * 998 + ")").groups == 1
    assert compile_pattern("(a{0})").groups == 1
    assert compile_pattern("(" + "a{0}a{1}" * 99 + ")").groups == 1
    assert names_to_texts(["xaay"], "(a{2})") == ["aa"]


def test_pattern_that_takes_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "SECONDS", 0.2)
    start = monotonic()
    with pytest.raises(
        SettingsError, match=re.escape("label pattern '(a|aa)+$' takes too long on these names; give a simpler one")
    ):
        names_to_texts(["a" * 200 + "!"] * 100, "(a|aa)+$")
    assert monotonic() - start >= 0.2


def test_time_of_a_pattern_is_for_all_names_together(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.5, 101.5, 107.0])
    timeouts = []

    class Pattern:
        groupindex = frozenset[str]()

        def search(self, stem: str, timeout: float) -> None:
            timeouts.append(round(timeout, 3))

    monkeypatch.setattr(names, "monotonic", lambda: next(clock))
    compiled: Callable[[str], Pattern] = lambda _: Pattern()  # noqa: E731
    monkeypatch.setattr(names, "compile_pattern", compiled)
    assert names_to_texts(["a", "b", "c"], "x") == ["", "", ""]
    assert timeouts == [1.503, 0.503, 0.001]


@pytest.mark.parametrize(
    ("pattern", "stems", "expected"),
    [
        (
            names.NAME_PATTERN,
            ["AB12", "AB12_0007", "x.y", "AB_cd", "_7", "A (1)", "A_1_2"],
            ["AB12", "AB12", "x.y", *[""] * 4],
        ),
        (r"_([a-z]+)$", ["0001_abc"], ["abc"]),
        (r"(\d+)_(?P<text>\w+)", ["0001_abc"], ["abc"]),
        (r"(z)?7", ["7-X"], [""]),
        (r"(.)(.)", ["ab"], ["a"]),
    ],
)
def test_texts_of_names(pattern: str, stems: list[str], expected: list[str]) -> None:
    assert names_to_texts(stems, pattern) == expected
