"""Odd names, links and rights of image files; see ``odd_images``."""

from __future__ import annotations

import os
from pathlib import Path

NAMES = (
    *("line\nbreak.png", "return\r.png", "tab\t.png", "\x1b[31mred.png", " .png", 'a,b;"c".png', "'.png", "%s%n.png"),
    *(
        "\N{GRINNING FACE}.png",
        "\udcff\udcfe.png",
        "\N{RIGHT-TO-LEFT OVERRIDE}gnp.png",
        "e\N{COMBINING ACUTE ACCENT}.png",
    ),
    *("-rf.png", "--help.png", "-", "=1+1.png", "@SUM(A1).png", "+cmd.png", '=HYPERLINK("x").png'),
    *("\\.png", "CON.png", "~.png", "$(id).png", "#.png", f"{'long' * 62}.png", "no_suffix", "two.png.gif"),
)
"""Of whole images; a surrogate stands for a byte that is not UTF-8."""
LINKS = ("to_itself.png", "to_nothing.png", "to_image.png", "no_right.png")
"""That are to have a row too."""


def write_names(folder: Path, image: bytes) -> list[Path]:
    """Write an image under every odd name, each in a folder of its own; return what is to have a row, in order.

    Beside them are a link to a folder above and a pipe, which are to have none.
    """
    paths = [folder / f"{index:03d}" / name for index, name in enumerate((*NAMES, *LINKS))]
    for path in paths:
        path.parent.mkdir(parents=True)
    for path in paths[: len(NAMES)]:
        path.write_bytes(image)
    itself, nothing, link, hidden = paths[len(NAMES) :]
    itself.symlink_to(itself)
    nothing.symlink_to(folder / "gone")
    link.symlink_to(paths[0])
    hidden.write_bytes(image)
    hidden.chmod(0)
    (itself.parent / "up").symlink_to(folder, target_is_directory=True)
    os.mkfifo(itself.parent / "pipe.png")
    return paths
