"""File names as labels: reading them by a pattern, and telling those that are no texts, such as counters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from time import monotonic

import regex

from kerf.segmenter.errors import SettingsError

NAME_PATTERN = r"^(?P<text>[^_\s]+)(_\d+)?$"
"""File names without suffix that are understood: ``AB12`` and ``AB12_0007``."""

LONGEST_PATTERN = 1000
MOST_SHOWN = 80
"""Characters of a pattern that a message repeats."""
MOST_REPEATS = 100_000
"""Product of all counted repeats in a pattern: ``(a{100}){100}`` is 10,000; names have at most 255 characters."""
SECONDS = 2.0
SECONDS_A_NAME = 0.001
"""Time that a pattern may take, for all names of a folder."""

MOST = 0.9
"""Share of the names that have to be of one form for the folder to be of that form."""
DENSE = 0.5
"""Running numbers fill at least this share of their range, as some files may have been removed."""
COMPLETE = 0.95
"""From this share on, numbers are running whatever their digits are."""
FEW = 5
"""So few numbers have to follow each other without a gap to be running."""
CHANCE = 5
"""Names that share a beginning do so by chance if the beginning, once for each further name, is shorter than this."""

WORDS = re.compile(
    r"(captcha|code|download|dsc|file|frame|image|img|label|photo|pic|picture|sample|scan|screenshot|text|train|test)s?"
    r"([-_. ]?\d.*|[-_. ].+)",
    re.IGNORECASE,
)
"""Names that programs and cameras give, such as ``IMG_2031`` and ``captcha1``."""


def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """Compile a label pattern.

    Raises
    ------
    SettingsError
        If it is not a regular expression with a group, or one too long or with too many repeats.
    """
    shown = repr(pattern if len(pattern) <= MOST_SHOWN else f"{pattern[:MOST_SHOWN]}...")
    repeats = (max(int(number), 1) for number in re.findall(r"[{,](\d{1,9})", pattern[:LONGEST_PATTERN]))
    if len(pattern) > LONGEST_PATTERN or prod(repeats) > MOST_REPEATS:
        raise SettingsError(f"label pattern {shown} is too long or repeats too often; give a simpler one")
    try:
        compiled: regex.Pattern[str] = regex.compile(pattern)
    except RecursionError as error:
        raise SettingsError(f"label pattern {shown} is nested too deeply; give a simpler one") from error
    except regex.error as error:
        raise SettingsError(f"label pattern {shown} is no regular expression: {error}; correct it") from error
    if not compiled.groups:
        raise SettingsError(f"label pattern {shown} has no group; put the label's part in parentheses")
    return compiled


def names_to_texts(stems: Sequence[str], pattern: str) -> list[str]:
    """Read texts off file names without suffix: the group ``text`` of a pattern, or else its first.

    Returns
    -------
    list of str
        One a name; empty where the pattern does not find one.

    Raises
    ------
    SettingsError
        See ``compile_pattern``; or the pattern takes too long.
    """
    compiled = compile_pattern(pattern)
    group = "text" if "text" in compiled.groupindex else 1
    end = monotonic() + SECONDS + SECONDS_A_NAME * len(stems)
    try:
        matches = [compiled.search(stem, timeout=max(end - monotonic(), SECONDS_A_NAME)) for stem in stems]
    except TimeoutError as error:
        raise SettingsError(
            f"label pattern {pattern[:MOST_SHOWN]!r} takes too long on these names; give a simpler one"
        ) from error
    return [match[group] or "" if match else "" for match in matches]


def look_of_names(stems: Sequence[str]) -> str | None:
    """Tell what names look like where they are no texts, and the pattern that finds a text in them if there is one.

    It is decided over all of them: numbers are a counter only if they follow each other nearly without a gap, so that
    texts of digits are none.

    Parameters
    ----------
    stems
        File names without suffix.

    Returns
    -------
    str or None
        Such as ``running numbers (00000)``; None if they may be texts.
    """
    names = sorted(set(stems))
    if numbers := of_form(names, r"(\d+)"):
        shared = shared_start(numbers[0], numbers[-1])  # they are sorted
        alike = (len(numbers) - 1) * len(shared) >= CHANCE
        return f"running numbers ({numbers[0]})" if alike or are_running(numbers) else None
    return look_of_prefixes(names) or look_of_suffixes(names) or look_of_words(names)


def of_form(names: Sequence[str], form: str) -> list[str]:
    """Return the first group of each name that is of a form, or nothing where fewer than ``MOST`` of them are."""
    found = [match[1] for name in names if (match := re.fullmatch(form, name))]
    return found if len(found) >= MOST * len(names) else []


def shared_start(first: str, last: str) -> str:
    """Return what two texts, the first one first in their order, begin with alike."""
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def are_running(numbers: Sequence[str]) -> bool:
    """Return whether numbers, in decimal digits, are a counter's; of a single one, whether it may be the first."""
    values = sorted(set(map(int, numbers)))
    if len(values) == 1:
        return values[0] <= 1
    density = len(values) / (values[-1] - values[0] + 1)
    if len(values) <= FEW or density >= COMPLETE:
        return density >= COMPLETE
    return density >= DENSE and not is_uniform(numbers)


def is_uniform(numbers: Sequence[str]) -> bool:
    """Return whether numbers are of one width, and vary in their first digit as in their last, as texts do."""
    first, last = ({number[place] for number in numbers} for place in (0, -1))
    return {*map(len, numbers)} == {max(2, len(numbers[0]))} and last - {"0"} <= first


def look_of_prefixes(names: Sequence[str]) -> str | None:
    """Tell of names, sorted, that share a word or begin with a counter; as ``look_of_names``."""
    if len(names) < 2:
        return None
    strays = len(names) // 20  # a twentieth at either end may begin otherwise
    word = shared_start(names[strays], names[-1 - strays]).rstrip("0123456789")
    rests = [name.removeprefix(word) for name in names if name.startswith(word)]
    alike = (len(rests) - 1) * len(word) >= CHANCE and all(rests) and (len(word) >= 3 or word[-1] in "-._ ")
    if word and (numbers := of_form(rests, r"(\d+)")) and (alike or are_running(numbers)):
        return f"{word!r} and a running number ({names[strays]})"
    counters, texts = of_form(rests, r"(\d+)[-._].+"), of_form(rests, r"\d+[-._](.+)")
    counted = len(counters) == len(set(counters)) > 1 and are_running(counters)
    if counted and not (all(map(str.isdecimal, texts)) and are_running(texts)):
        return look_of_texts("a counter before each text", rf"^{regex.escape(word)}\d+[-._](.+)$", names[strays])
    return look_of_texts(f"{word!r} before each text", f"^{regex.escape(word)}(.+)$", names[strays]) if alike else None


def look_of_suffixes(names: Sequence[str]) -> str | None:
    """Tell of names that end in a counter that ``NAME_PATTERN`` takes for text; as ``look_of_names``."""
    numbers = of_form(names, r".+[-.](\d+)")
    if not (numbers and are_running(numbers)):
        return None
    return look_of_texts("a counter behind each text", r"^(.+)[-.]\d+$", names[0])


def look_of_words(names: Sequence[str]) -> str | None:
    """Tell of names most of which programs or cameras give; as ``look_of_names``."""
    given = [name for name in names if WORDS.fullmatch(name)]
    return f"names that a program gave ({given[0]})" if 2 * len(given) > len(names) else None


def look_of_texts(what: str, pattern: str, example: str) -> str:
    """Tell of names that have a text in them, and how to read it."""
    return f"{what} ({example}), for which there is --label-pattern '{pattern}'"
