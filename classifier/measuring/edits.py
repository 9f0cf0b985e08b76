"""The shortest edit path between the text that was there and the text that was read."""

from __future__ import annotations


def align(truth: str, read: str) -> tuple[tuple[str, str], ...]:
    """Return a shortest edit path from ``truth`` to ``read`` as pairs of characters, left to right.

    Equal characters are a pair of the same; ("a", "") is one lost, ("", "a") one added. Of several shortest
    paths the one that, read from the right, changes before it loses and loses before it adds.
    """
    table = _edit_table(truth, read)
    row, column = len(truth), len(read)
    path: list[tuple[str, str]] = []
    while row or column:
        here = table[row][column]
        if row and column and here == table[row - 1][column - 1] + (truth[row - 1] != read[column - 1]):
            row, column = row - 1, column - 1
            path.append((truth[row], read[column]))
        elif row and here == table[row - 1][column] + 1:
            row -= 1
            path.append((truth[row], ""))
        else:
            column -= 1
            path.append(("", read[column]))
    return tuple(reversed(path))


def _edit_table(truth: str, read: str) -> list[list[int]]:
    """Return the edit distance of every prefix of ``truth`` (rows) to every prefix of ``read`` (columns)."""
    table = [list(range(len(read) + 1))]
    for row, wanted in enumerate(truth, start=1):
        above, line = table[-1], [row]
        for column, got in enumerate(read, start=1):
            line.append(min(above[column - 1] + (wanted != got), above[column] + 1, line[-1] + 1))
        table.append(line)
    return table
