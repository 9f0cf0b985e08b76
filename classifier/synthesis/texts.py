"""What a captcha says: random characters, or a sum."""

from __future__ import annotations

import numpy as np

from kerf.classifier.synthesis.layouts import LONGEST_SUM, SHORTEST_SUM, Layout

OPERATORS = ("+", "-", "×"), (0.45, 0.3, 0.25)
"""Signs between two numbers, and how often each occurs."""
ENDS = ("", "=", "=?", "?")
SMALLEST = {1: 0, 2: 10}  # number of so many digits
FORMS = [(first, second, end) for first in SMALLEST for second in SMALLEST for end in ENDS]
"""Digits of the first number and of the second, and what follows."""


def random_text(layout: Layout, rng: np.random.Generator) -> str:
    """Draw a text of a layout's kind, alphabet and lengths."""
    low, high = layout.lengths
    if layout.arithmetic:
        return random_sum(int(rng.integers(max(low, SHORTEST_SUM), min(high, LONGEST_SUM) + 1)), rng)
    letters = layout.alphabet
    return "".join(letters[int(i)] for i in rng.integers(0, len(letters), int(rng.integers(low, high + 1))))


def random_sum(length: int, rng: np.random.Generator) -> str:
    """Draw two numbers of one or two digits and a sign between them, with or without ``=?``: ``length`` characters."""
    fitting = [form for form in FORMS if form[0] + form[1] + len(form[2]) + 1 == length]
    *digits, end = fitting[int(rng.integers(0, len(fitting)))]
    first, second = (int(rng.integers(SMALLEST[n], 10**n)) for n in digits)
    operator = str(rng.choice(OPERATORS[0], p=OPERATORS[1]))
    if operator == "-":
        first, second = max(first, second), min(first, second)
    return f"{first}{operator}{second}{end}"
