"""Label Studio's tasks: which image one is about, and what was typed for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from kerf.classifier.folders.images import SUFFIXES

NAME = re.compile(r"label-studio.*\.json|project-\d+-at-.*\.json")
"""Files of tasks: as `label --export` names one, and as Label Studio names what it exports."""
UPLOADED = re.compile(r"[0-9a-f]{8}-")
"""What it puts before the names of images that were uploaded to it."""
TEXT_KEYS = ("text", "transcription", "label", "caption")
"""Names of its fields for text, in JSON-MIN."""


def text_to_tasks(text: str) -> list[object] | None:
    """Read a file of tasks, JSON or JSON-MIN; None if it is none."""
    try:
        tasks: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tasks if isinstance(tasks, list) else None


def task_to_image(task: object) -> str | None:
    """Return the path of a task's image as Label Studio knows it; None if the task names none."""
    if not isinstance(task, Mapping):
        return None
    data = task["data"] if isinstance(task.get("data"), Mapping) else task
    paths = (address_to_path(value) for value in data.values() if isinstance(value, str))
    return next((path for path in paths if PurePosixPath(path).suffix.lower() in SUFFIXES), None)


def address_to_path(address: str) -> str:
    """Take the path off an address, or what follows ``?d=`` in that of a local file."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    local = parse_qs(parts.query).get("d")
    return local[0] if local else unquote(parts.path)


def path_to_names(path: str) -> Iterator[str]:
    """List how an image may be called here that Label Studio knows by a path, the surest first."""
    parts = path.replace("\\", "/").split("/")
    yield from ("/".join(parts[at:]) for at in range(len(parts)))
    yield UPLOADED.sub("", parts[-1], count=1)


def task_to_text(task: object) -> str | None:
    """Return what was typed for a task's image, regions from left to right; None if nothing was."""
    if not isinstance(task, Mapping):
        return None
    if isinstance(task.get("data"), Mapping):
        return annotations_to_text(task.get("annotations"))
    return next((text for key in TEXT_KEYS if (text := to_text(task.get(key)))), None)


def annotations_to_text(annotations: object) -> str | None:
    """Return the text of the first annotation that was not cancelled and has one."""
    kept = (a for a in to_objects(annotations) if not a.get("was_cancelled"))
    return next((text for one in kept if (text := results_to_text(one.get("result")))), None)


def results_to_text(results: object) -> str:
    """Join the texts of an annotation, from left to right where they are of regions."""
    values = [r["value"] for r in to_objects(results) if r.get("type") == "textarea" and "value" in r]
    regions = [value for value in values if isinstance(value, Mapping)]
    return "".join(to_text(region.get("text")) for region in sorted(regions, key=to_left))


def to_left(region: Mapping[str, object]) -> float:
    """Return where a region begins, in per cent of the image's width; one without a place is all of it."""
    left = region.get("x")
    return float(left) if isinstance(left, int | float) else 0.0


def to_objects(found: object) -> Iterator[Mapping[str, object]]:
    """Yield the objects of a list; none of what is no list."""
    return (one for one in found if isinstance(one, Mapping)) if isinstance(found, list) else iter(())


def to_text(value: object) -> str:
    """Return a text, or the texts of a list one after another; empty for anything else."""
    if isinstance(value, str):
        return value
    return "".join(chain(one for one in value if isinstance(one, str))) if isinstance(value, list) else ""
