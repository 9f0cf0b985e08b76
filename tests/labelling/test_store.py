from __future__ import annotations

import os
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.folders.texts import find_refused, to_label
from kerf.classifier.labelling import store as module
from kerf.classifier.labelling.session import can_be_written, name_images
from kerf.classifier.labelling.store import COLUMNS, Answer, ChangedError, LabelStore, Status
from kerf.segmenter.errors import NotFoundError, OutputError
from tests.folders.making import labels_of, touch

AB = Answer(Status.LABELLED, "ab", "aB", 0.25)
NAMES = (
    st.text(st.characters(blacklist_characters="/\0"), min_size=1, max_size=12)
    .map(lambda name: f"{name}.png")  # an image has no name of a label file
    .filter(lambda name: can_be_written(name) and len(name.encode()) < 200)
)
TEXTS = st.text(max_size=9).map(to_label).filter(lambda text: bool(text) and not find_refused(text))
ANSWERS = st.one_of(
    st.builds(Answer, st.just(Status.LABELLED), TEXTS, TEXTS, st.sampled_from([0.0, 0.125, 1.0])),
    st.builds(Answer, st.sampled_from([Status.SKIPPED, Status.UNREADABLE])),
)


@settings(max_examples=20, deadline=None)
@given(answers=st.dictionaries(NAMES, ANSWERS, min_size=1, max_size=5))
def test_what_was_answered_is_there_after_a_restart_and_is_what_training_reads(
    answers: dict[str, Answer], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("answers")
    for name in answers:
        (folder / name).write_bytes(name.encode())
    store = LabelStore(folder, [])
    for name, answer in answers.items():
        store.put(name, answer, "")
    again = LabelStore(folder, [])
    assert {name: again[name] for name in again.names()} == answers
    assert again.names() == list(answers)
    labels = {name: answer.label for name, answer in answers.items() if answer.label}
    assert again.labels() == labels
    if labels:
        assert {s.path.name: s.text for s in folder_to_samples(folder).samples} == labels


def test_training_says_how_many_were_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png", "c.png")
    store = LabelStore(tmp_path, [])
    store.put("a.png", AB, "")
    store.put("b.png", Answer(Status.SKIPPED), "")
    store.put("c.png", Answer(Status.UNREADABLE), "")
    found = folder_to_samples(tmp_path)
    assert (found.problems, found.remarks) == ((), ("rows without a text, left out: 2",))


def test_an_answer_counts_only_if_what_it_saw_is_still_there(tmp_path: Path) -> None:
    store = LabelStore(tmp_path, [])
    store.put("a.png", AB, "")
    for seen in ("", "labelled:a", "skipped:"):
        with pytest.raises(ChangedError):
            store.put("a.png", Answer(Status.SKIPPED), seen)
    with pytest.raises(ChangedError):
        store.put("b.png", AB, "labelled:ab")
    assert (store["a.png"], store["b.png"], len(store)) == (AB, None, 1)
    store.put("b.png", Answer(Status.UNREADABLE), "")
    store.put("a.png", Answer(Status.SKIPPED), "labelled:ab")
    store.put("a.png", Answer(Status.LABELLED, "x"), "skipped:")
    assert store.path.read_text() == "file,label,status,reading,confidence\na.png,x,labelled,,0.0000\n" + (
        "b.png,,unreadable,,0.0000\n"
    )


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_or_is_killed_leaves_the_answers_as_they_were(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LabelStore(tmp_path, [])
    store.put("a.png", AB, "")
    before = store.path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(broken, fail)
        with pytest.raises(OutputError, match=r"labels.csv: cannot be written: No space left on device"):
            store.put("b.png", AB, "")
    assert store.path.read_bytes() == before
    assert store["b.png"] is None
    store.put("b.png", AB, "")
    assert LabelStore(tmp_path, []).names() == ["a.png", "b.png"]


def test_an_answer_is_on_the_disk_before_it_takes_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def tell(what: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            done.append(what)
            return real(*arguments)

        return call

    monkeypatch.setattr(os, "fsync", tell("fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", tell("replace", Path.replace))
    LabelStore(tmp_path, []).put("a.png", AB, "")
    assert done == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("first", [True, False])
def test_of_two_programs_neither_overwrites_the_other(first: bool, tmp_path: Path) -> None:
    stores = LabelStore(tmp_path, []), LabelStore(tmp_path, [])
    if not first:
        stores[0].put("a.png", AB, "")
        stores = stores[0], LabelStore(tmp_path, [])
    stores[0].put("b.png", AB, "")
    written = stores[0].path.read_text()
    with pytest.raises(OutputError, match="was changed by another program; end this one, and start it again"):
        stores[1].put("c.png", AB, "")
    assert stores[0].path.read_text() == written
    stores[0].path.unlink()
    with pytest.raises(OutputError, match="another program"):
        stores[0].put("c.png", AB, "")


def test_labels_that_were_there_are_taken_over_and_their_file_is_kept(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "below/b.png", "c.png")
    table = "path;source;text\na.png;site;ab\nbelow/b.png;site; cd \nnone.png;site;ef\nc.png;site;\n"
    for index in range(2):
        (tmp_path / "labels.csv").write_text(table)
        store = LabelStore(tmp_path, [])
        assert store.labels() == {"a.png": "ab", "below/b.png": "cd"}
        assert [type(problem) for problem in store.problems] == [NotFoundError]
        assert not (tmp_path / f"labels.csv.before{index or ''}").exists()
        store.put("c.png", AB, "")
        assert labels_of(tmp_path) == {"a.png": "ab", "below/b.png": "cd", "c.png": "ab"}
        store.put("c.png", Answer(Status.SKIPPED), "labelled:ab")
    assert {path.name: path.read_text() for path in tmp_path.glob("*.before*")} == {
        "labels.csv.before": table,
        "labels.csv.before2": table,
    }


def test_labels_are_taken_over_from_files_of_other_forms_but_never_from_names(tmp_path: Path) -> None:
    touch(tmp_path, "AB12.png", "CD34.png")
    images = sorted(tmp_path.glob("*.png"))
    assert LabelStore(tmp_path, images).names() == []
    (tmp_path / "AB12.gt.txt").write_text("side\n")
    assert LabelStore(tmp_path, images).labels() == {"AB12.png": "side"}
    (tmp_path / "labels.txt").write_text("CD34.png\tline\n")
    store = LabelStore(tmp_path, images)
    assert store.labels() == {"CD34.png": "line"}
    store.put("AB12.png", AB, "")
    assert labels_of(tmp_path) == {"CD34.png": "line", "AB12.png": "ab"}
    assert (tmp_path / "labels.txt").read_text() == "CD34.png\tline\n"


def test_a_file_in_capitals_is_the_one_that_is_written(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    (tmp_path / "Labels.CSV").write_text("file,label\na.png,x\n")
    LabelStore(tmp_path, []).put("b.png", AB, "")
    assert labels_of(tmp_path) == {"a.png": "x", "b.png": "ab"}


def test_a_file_that_was_changed_by_hand_is_read_as_far_as_it_makes_sense(tmp_path: Path) -> None:
    rows = ["a.png,ab,labelled,aB,0.25", "b.png,,skipped,,", "c.png,cd,skipped,,high", "d.png,,,,", "e.png", ",x,,,"]
    (tmp_path / "labels.csv").write_text("\r\n".join([",".join(COLUMNS), *rows, "f.png,ef,labelled,,7"]))
    store = LabelStore(tmp_path, [])
    assert {name: store[name] for name in store.names()} == {
        "a.png": AB,
        "b.png": Answer(Status.SKIPPED),
        "c.png": Answer(Status.LABELLED, "cd"),
        "f.png": Answer(Status.LABELLED, "ef", "", 1.0),
    }


def test_names_that_a_table_cannot_hold_are_told(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.png", " b.png", "c\r.png", "\udcff.png", 'd\n,".png')]
    good, problems = name_images(tmp_path, paths)
    assert list(good.values()) == [paths[0], paths[4]]
    assert [str(problem).count("has a name that labels.csv cannot hold; rename it") for problem in problems] == [1] * 3
    assert set(string.printable) - {"\r"} >= set("".join(good))
    assert module.COLUMNS[:2] == ("file", "label")
