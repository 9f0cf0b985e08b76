"""Results of sums that captchas ask for."""

from __future__ import annotations

import re

MINUS, TIMES, DIVIDED = "-−", "×x*", "÷/"
"""Signs of one meaning each; + is that of the fourth."""
SUM = re.compile(rf"([0-9]{{1,16}})((?:[{MINUS}+{TIMES}{DIVIDED}][0-9]{{1,16}})+)=?\??", re.IGNORECASE)


def text_to_result(text: str) -> int | None:
    """Work out a sum such as ``12+7=?``.

    Parameters
    ----------
    text
        Whole numbers in digits 0-9 with a sign between any two: ``+``, ``-`` or ``−``, ``×``, ``x`` or ``*``, ``÷`` or
        ``/``. What ``×`` and ``÷`` join is worked out first. Spaces do not count, nor do ``=`` and ``?`` at the end.

    Returns
    -------
    int or None
        None if the text is no sum, or divides by 0 or leaves a remainder.
    """
    found = SUM.fullmatch("".join(text.split()))
    if not found:
        return None
    total, product = 0, int(found[1])
    for sign, digits in re.findall(r"([^0-9])([0-9]+)", found[2]):
        number = int(digits)
        if sign in DIVIDED:
            if number == 0 or product % number:
                return None
            product //= number
        elif sign.lower() in TIMES:
            product *= number
        else:
            total += product
            product = -number if sign in MINUS else number
    return total + product
