"""The header of a model file: every value has a type and a range, and what two of them say agrees."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, is_dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from kerf.classifier.kind import Kind
from kerf.classifier.model_header import (
    FORMAT,
    FORMAT_VERSION,
    LIMITS,
    MAX_BYTES,
    Header,
    Provenance,
    check_size,
    hashes_to_learnt,
    header_to_metadata,
    json_to_header,
    metadata_to_header,
    to_value,
)
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter import CropSettings, CutSettings, InkSettings, SegmenterSettings
from kerf.segmenter.errors import ModelUnreadableError, ModelVersionError

HEADER = Header(
    "aB3",
    (2, 5),
    1.25,
    NetworkConfig(3, hidden=8),
    SegmenterSettings(cut=CutSettings(filler=0.2)),
    Provenance(10, 2, 7, "ff", 1, 0.1, 0.9, "2026-01-02", "0", "0123456789abcdef"),
    Kind((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0), (1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5)),
)


@pytest.fixture
def values() -> dict[str, Any]:
    """The header as it is parsed."""
    parsed: dict[str, Any] = json.loads(json.dumps(asdict(HEADER)))
    return parsed


def test_metadata_come_back_as_they_were() -> None:
    metadata = header_to_metadata(HEADER)
    assert metadata_to_header(metadata, Path("m")) == HEADER
    (written,) = metadata.values()
    assert written == json.dumps(json.loads(written), sort_keys=True)
    assert json.loads(metadata["kerf-model"])["version"] == FORMAT_VERSION


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, "x" * 21, None])
def test_other_format_version_is_refused(values: dict[str, Any], version: object) -> None:
    message = (
        f"m has model format {str(version)[:20]}, this program reads {FORMAT_VERSION}; "
        "train it again or use the version that wrote it"
    )
    with pytest.raises(ModelVersionError, match=f"^{re.escape(message)}$"):
        metadata_to_header({FORMAT: json.dumps({**values, "version": version})}, Path("m"))


@pytest.mark.parametrize("header", ["[]", "{}", "3"])
def test_a_header_without_a_version_is_refused(header: str) -> None:
    with pytest.raises(ModelVersionError, match="m has model format None"):
        metadata_to_header({FORMAT: header}, Path("m"))


def test_what_is_no_header_is_refused() -> None:
    with pytest.raises(ModelUnreadableError, match=r"^m is no model of this program; train one with train-char$"):
        metadata_to_header({"format": "pt"}, Path("m"))
    with pytest.raises(ValueError, match=r"^nested too deeply$"):
        metadata_to_header({FORMAT: "[" * 100_000}, Path("m"))


def test_no_model_has_more_bytes_than_the_largest() -> None:
    check_size(MAX_BYTES, "m")
    with pytest.raises(
        ModelUnreadableError, match=r"^m has more than 64000000 bytes, no model has; name a model file$"
    ):
        check_size(MAX_BYTES + 1, "m")


def test_a_header_comes_back_as_it_was(values: dict[str, Any]) -> None:
    assert json_to_header(values) == HEADER
    values["kind"] = values["segmenter"]["crop"]["text_height"] = None
    assert json_to_header(values) == replace(HEADER, kind=None)
    values["segmenter"]["crop"]["colours"], values["network"]["in_channels"] = True, 4
    values["segmenter"]["ink"]["colour"] = [30, 20, 10]
    segmenter = json_to_header(values).segmenter
    assert (segmenter.crop.colours, segmenter.ink.colour) == (True, (30, 20, 10))


BAD: dict[str, list[object]] = {
    "": [{"surprise": 1}, {"network": {}}, {"segmenter": 3}, {"lengths": [1]}, {"lengths": [1, 2, 3]}],
    "alphabet": ["ab", "aab", "", "a\n3", "aB\u2028", "a\u0301B", "aB\ud800", 3, ["a", "B3"]],
    "lengths": [[5, 2], [0, 2], [1, 17], [1.0, 2], ["1", 2], None],
    "temperature": [0, -1, float("nan"), float("inf"), 1e9, "1", None, True],
    "network.samples": [10**6, 7, 9, 8.0],
    "network.height": [40, 0, 10**9],
    "network.channels": [[32, 32], [32, 32, 10**6], [0, 1, 1]],
    "network.in_channels": [1, 3, 4, 5],
    "network.hidden": [0, 513, 10**7],
    "segmenter.crop.height": [40, 56],
    "segmenter.crop.samples": [5, 7],
    "segmenter.crop.max_aspect": [0, 10**6],
    "segmenter.crop.text_height": [0, "x", 40],
    "segmenter.crop.colours": [0, None, "true"],
    "segmenter.ink.colour": [[0, 0], [0, 0, 256], [0, 0, 1.0], 0],
    "segmenter.cut.max_width": [0, 0.1, float("nan")],
    "segmenter.cut.filler": [0, -1],
    "segmenter.load.frames": ["none", 1],
    "provenance.trained": [-1, 1.5],
    "provenance.date": [3, "x" * 10**5],
    "kind": [3, {"low": [1.0] * 7}, {"low": [1.0] * 7, "high": [1.0] * 6}, {"low": [1.0] * 7, "high": [1e9] * 7}],
}


@pytest.mark.parametrize(("where", "value"), [(where, value) for where, values in BAD.items() for value in values])
def test_a_value_that_does_not_fit_is_refused(values: dict[str, Any], where: str, value: Any) -> None:
    *parents, name = where.split(".")
    record = values
    for parent in parents:
        record = record[parent]
    record.update(value if not where else {name: value})
    with pytest.raises(ValueError, match=f"(?i){name}") as caught:
        json_to_header(values)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alphabet": "a\u0301B"}, "alphabet: not in Unicode's composed form"),
        ({"alphabet": "a\u0007B"}, "alphabet: control character U+0007"),
        ({"alphabet": "aB"}, "alphabet and network.classes"),
        ({"network.height": 56}, "segmenter.crop.height and network.height"),
        ({"network.height": 52, "segmenter.crop.height": 52}, "network.height: no multiple of 8"),
        ({"segmenter.crop.colours": True}, "segmenter.crop.colours and network.in_channels"),
        ({"network.samples": 9}, "segmenter.crop.samples and network.samples"),
        ({"lengths": [3, 2]}, "lengths: the fewest above the most"),
        ({"segmenter.cut.min_width": 0.5, "segmenter.cut.max_width": 0.4}, "segmenter.cut: min_width above max_width"),
        ({"temperature": 1e9}, "Header.temperature is 1000000000.0, not within 0.05 to 20.0"),
        ({"network.hidden": 10**60}, f"NetworkConfig.hidden is 1{'0' * 39}, not within 1 to 512"),
        ({"provenance.trained": "x" * 50}, f"Provenance.trained is '{'x' * 40}', which it cannot be"),
        ({"lengths": [1, 2, 3]}, "Header.lengths is '[1, 2, 3]', which it cannot be"),
        ({"provenance.date": "\ud800"}, "Provenance.date is '\\ud800', which it cannot be"),
        ({"provenance.date": "a\udfff"}, "Provenance.date is 'a\\udfff', which it cannot be"),
    ],
)
def test_it_is_said_what_does_not_fit(values: dict[str, Any], change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        json_to_header(changed(values, change))


def changed(values: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Put values in the places that dots lead to."""
    for where, value in change.items():
        *parents, name = where.split(".")
        record = values
        for parent in parents:
            record = record[parent]
        record[name] = value
    return values


def test_what_just_fits_is_taken(values: dict[str, Any]) -> None:
    equal = {"lengths": [4, 4], "segmenter.cut.min_width": 0.5, "segmenter.cut.max_width": 0.5}
    assert json_to_header(changed(values, equal)).lengths == (4, 4)
    odd = {"provenance.date": "\ud7ff\ue000\U0001f600", "network.samples": 3, "segmenter.crop.samples": 1}
    assert json_to_header(changed(values, odd)).network.samples == 3


@pytest.mark.parametrize("where", ["", "network", "segmenter", "segmenter.load", "segmenter.cut", "provenance"])
def test_keys_are_exactly_those_that_are_known(values: dict[str, Any], where: str) -> None:
    def with_keys(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        copied = record = deepcopy(values)
        for parent in filter(None, where.split(".")):
            record = record[parent]
        change(record)
        return copied

    for change in (lambda record: record.popitem(), lambda record: record.update(surprise=1)):
        with pytest.raises(ValueError, match="must have"):
            json_to_header(with_keys(change))
    others: tuple[object, ...] = (None, [], 3, "x")
    for other in others:
        with pytest.raises(ValueError, match=r"must have .*channels, classes"):
            json_to_header({**values, "network": other})


def parts(hint: Any) -> list[Any]:
    """A type and those inside it, however deep."""
    return [hint, *(inner for argument in get_args(hint) for inner in parts(argument))]


def test_every_number_has_limits_and_good_values_are_within() -> None:
    def numbers(kind: Any) -> set[str]:
        names = set()
        for name, hint in get_type_hints(kind).items():
            for part in parts(hint):
                if is_dataclass(part):
                    names |= numbers(part)
                elif part in (int, float):
                    names.add(f"{kind.__name__}.{name}")
        return names

    assert numbers(Header) == set(LIMITS)


KINDS = (Provenance, NetworkConfig, InkSettings, CropSettings, CutSettings, Kind, Header)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_allowed_and_what_is_beyond_is_not(name: str) -> None:
    kind, field = name.split(".")
    hint = get_type_hints({k.__name__: k for k in KINDS}[kind])[field]
    number = next(part for part in parts(hint) if part in (int, float))
    for limit, beyond in zip(LIMITS[name], (-1, 1), strict=True):
        assert to_value(number, number(limit), name) == limit
        assert type(to_value(number, int(limit), name)) is number if limit == int(limit) else True
        step = 1 if number is int else 1e-6 * max(1.0, abs(limit))
        with pytest.raises(ValueError, match=f"^{name} is .*, not within {LIMITS[name][0]} to {LIMITS[name][1]}$"):
            to_value(number, number(limit + beyond * step), name)
    odd_ones: tuple[object, ...] = (True, "1", None, [1], {}, 10**400, math.nan, -math.inf)
    for odd in odd_ones:
        with pytest.raises(ValueError, match=name):
            to_value(number, odd, name)


@pytest.mark.parametrize("character", [" ", "\u00a0", "\u3000", "\u00df", "\u4e2d"])
def test_what_labels_may_have_models_may_have(values: dict[str, Any], character: str) -> None:
    alphabet = "".join(sorted("aB" + character))
    assert json_to_header({**values, "alphabet": alphabet}).alphabet == alphabet


def test_images_learnt_are_known_by_the_beginning_of_their_hashes(values: dict[str, Any]) -> None:
    hashes = [sha256(bytes([number])).hexdigest() for number in range(4)]
    learnt = hashes_to_learnt([*hashes[:3], hashes[0]])
    assert learnt == "".join(sorted(digest[:16] for digest in hashes[:3]))
    provenance = replace(json_to_header(values).provenance, learnt=learnt)
    assert provenance.count_learnt(hashes) == 3
    assert provenance.count_learnt([hashes[3], hashes[2], hashes[2]]) == 2
    assert replace(provenance, learnt="").count_learnt(hashes) == 0
    assert provenance.count_learnt([learnt[1:17], learnt[31:47]]) == 0  # between two of them
    values["provenance"]["learnt"] = most = hashes_to_learnt(f"{number:016x}" for number in range(5000))
    assert len(most) == 80_000
    assert json_to_header(values).provenance.learnt == most
    assert hashes_to_learnt(f"{number:016x}" for number in range(5001)) == ""
    values["provenance"]["learnt"] = most + "0"
    with pytest.raises(ValueError, match="learnt"):
        json_to_header(values)
