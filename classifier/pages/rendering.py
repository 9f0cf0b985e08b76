"""Templates to pages: self-contained HTML, in which nothing that is told becomes markup and nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, *, folder: Path = TEMPLATES, **values: Any) -> str:
    """Fill in a template.

    Parameters
    ----------
    template
        Name of its file in ``folder``, or among the pages' own, of which ``base.html`` is what each page extends.
    folder
        Where a room has templates of its own.
    values
        What the template names. Texts are escaped, and so is what ``tojson`` renders within a script.
    """
    return to_environment(folder).get_template(template).render(values)


@cache
def to_environment(folder: Path) -> Environment:
    """Return an environment that escapes everything and refuses names that were not given."""
    environment = Environment(
        loader=FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["csp_hash"] = text_to_csp_hash
    return environment


def text_to_csp_hash(text: str) -> str:
    """Return what allows one inline script in a page's policy, as the base64 of its SHA-256."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
