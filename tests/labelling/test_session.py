from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import cv2
import pytest

from kerf.classifier.alphabet import Constraint
from kerf.classifier.labelling import session as module
from kerf.classifier.labelling.queue import Draw
from kerf.classifier.labelling.session import Session
from kerf.classifier.labelling.store import ChangedError, Status
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import NoLabelsError
from tests.labelling.making import Pupil, Reader, draw_images, to_session

LABELLED, SKIPPED, UNREADABLE = Status.LABELLED, Status.SKIPPED, Status.UNREADABLE


def names(count: int) -> list[str]:
    return [f"{index:02}.png" for index in range(count)]


def reader(count: int, learnt: list[Path] | None = None) -> Reader:
    """Reads every image as its own name; the later the surer."""
    return Reader({name: (name[:2], 0.5 + index / 1000) for index, name in enumerate(names(count))}, learnt or [])


def wait_until_read(session: Session, count: int) -> None:
    session.start()
    end = time.monotonic() + 10
    while len(session.readings.texts()) < count or not session.readings._searched:
        assert time.monotonic() < end
        time.sleep(0.01)


def answer_next(session: Session, text: str | None = None) -> int:
    """Answer the next image with what it says, or with a text."""
    (item,) = session.items((), 1)
    session.answer(item.image, LABELLED, item.name[:2] if text is None else text, item.seen)
    return item.image


def test_nothing_is_asked_twice_nor_lost_over_restarts_at_every_answer(tmp_path: Path) -> None:
    draw_images(tmp_path, 12)
    asked = []
    for status in [LABELLED, SKIPPED, UNREADABLE] * 4:
        session = to_session(tmp_path, reader(12))
        (item,) = session.items((), 1)
        asked.append(item.image)
        session.answer(item.image, status, "ab", item.seen)
    session = to_session(tmp_path, reader(12))
    assert session.items((), 1) == []
    assert sorted(asked) == list(range(12))
    progress = session.progress()
    assert (progress.labelled, progress.skipped, progress.unreadable, progress.images) == (4, 4, 4, 12)


def test_every_second_image_is_the_least_sure_and_a_page_can_hold_some_ahead(tmp_path: Path) -> None:
    draw_images(tmp_path, 30)
    session = to_session(tmp_path, reader(30))
    wait_until_read(session, 30)
    ahead = session.items((), 6)
    expected: list[int] = []
    for turn in range(6):
        least_sure = [i for i in range(30) if i not in session.queue.hidden]
        expected.append(next(i for i in (least_sure if turn % 2 else session.queue.order) if i not in expected))
    assert [item.image for item in ahead] == expected
    assert [item.hidden for item in ahead] == [i.image in session.queue.hidden for i in ahead]
    assert session.items([item.image for item in ahead[:4]], 2) == ahead[4:]
    session.stop()


def test_a_hidden_reading_is_not_told_before_the_answer(tmp_path: Path) -> None:
    draw_images(tmp_path, 30)
    session = to_session(tmp_path, reader(30))
    items = session.items((), 30)
    assert {item.image for item in items if item.hidden} == session.queue.hidden
    for item in items:
        said = (item.text, len(item.characters), len(item.alternatives))
        assert said == (("", 0, 0) if item.hidden else (item.name[:2], 2, 3))
        after = session.answer(item.image, LABELLED, "ab", item.seen)
        assert (after.text, after.label, after.hidden) == (item.name[:2], "ab", False)


def test_copies_and_broken_images_are_left_out(tmp_path: Path) -> None:
    paths = draw_images(tmp_path, 20)
    session = to_session(tmp_path, reader(20))
    first, second = (session.queue.order[place] for place in (2, 9))
    image = cv2.imread(str(paths[first]))
    assert image is not None
    cv2.imwrite(str(paths[second]), image // 2 + 60)  # less contrast
    texts = dict(reader(20).texts)
    del texts["04.png"]
    session = to_session(tmp_path, Reader(texts))
    wait_until_read(session, 18)
    assert session.readings.copies == {second}
    items = session.items((), 20)
    assert {item.image for item in items} == set(range(20)) - {second, 4}
    assert (session.progress().copies, session.progress().problems) == (1, 1)
    session.stop()


def test_going_back_shows_each_earlier_answer_and_the_last_one_first(tmp_path: Path) -> None:
    draw_images(tmp_path, 5)
    session = to_session(tmp_path, reader(5))
    assert session.previous(None) is None
    asked = [answer_next(session, text) for text in ("a", "b", "c")]
    session = to_session(tmp_path, reader(5))
    seen, image = [], None
    while item := session.previous(image):
        image = item.image
        seen.append((item.image, item.label, item.hidden))
    assert seen == [(asked[2], "c", False), (asked[1], "b", False), (asked[0], "a", False)]
    item = session.previous(asked[2])
    assert item
    session.answer(item.image, LABELLED, "x", item.seen)
    assert session.store.labels() == {session.names[i]: text for i, text in zip(asked, "axc", strict=True)}
    with pytest.raises(ChangedError):
        session.answer(item.image, LABELLED, "y", item.seen)


def test_a_corrected_answer_keeps_what_was_read_before_the_first(tmp_path: Path) -> None:
    draw_images(tmp_path, 3)
    session = to_session(tmp_path, reader(3))
    image = answer_next(session, "x")
    session.readings.recognizer = Reader(dict.fromkeys(names(3), ("x", 0.99)))  # type: ignore[assignment]
    item = session.previous(None)
    assert item
    session.answer(image, LABELLED, "y", item.seen)
    answer = session.store[session.names[image]]
    assert answer
    assert (answer.label, answer.reading) == ("y", session.names[image][:2])


@pytest.mark.parametrize("text", ["", " \u200b", "a\nb", "a\x07", "a" * 17])
def test_what_can_be_no_label_is_refused(text: str, tmp_path: Path) -> None:
    draw_images(tmp_path, 1)
    session = to_session(tmp_path, reader(1))
    with pytest.raises(NoLabelsError, match="type"):
        session.answer(0, LABELLED, text, "")
    assert len(session.store) == 0
    session.answer(0, LABELLED, " e\u0301" + "a" * 15, "")
    assert session.store.labels() == {"00.png": "\u00e9" + "a" * 15}


def test_models_are_learnt_at_steps_one_at_a_time_and_come_into_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = draw_images(tmp_path, 60)
    pupil = Pupil()
    session = to_session(tmp_path, Reader(dict.fromkeys(names(60), ("no", 0.5))), pupil)
    for done in range(55):
        assert (len(pupil.lessons), pupil.busy) == (int(done >= 20), done >= 20)
        answer_next(session)
    assert [len(lesson.samples) for lesson in pupil.lessons] == [20]
    lesson = pupil.lessons[0]
    assert all(sample.text == sample.path.name[:2] for sample in lesson.samples)
    learnt = [sample.path for sample in lesson.samples]
    assert sorted([*learnt, *lesson.unlabelled]) == paths
    assert lesson.unlabelled == [paths[i] for i in session.queue.order[::-1] if paths[i] not in learnt]
    assert (lesson.constraint, lesson.start, lesson.seconds) == (Constraint("0-9"), None, 60.0)
    monkeypatch.setattr(Recognizer, "load", lambda *_: reader(60, learnt))
    wait_until_read(session, 30)
    before = session.progress()
    assert (before.points[0]["labels"], before.points[0]["value"]) == (0, 0.0)
    pupil.end(to_candidate(tmp_path))
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["model.safetensors"]
    assert [len(lesson.samples) for lesson in pupil.lessons] == [20, 55]
    wait = time.monotonic() + 10
    while len(session.readings.texts()) < 60 and time.monotonic() < wait:
        time.sleep(0.01)
    after = session.progress()
    assert after.points[0] == before.points[0]
    assert after.points[1]["labels"] == 20
    sample = list(session.queue.sample(set(session._answered), session.left_out()))
    unlearnt = [image for image in sample if paths[image] not in learnt]
    assert after.points[1]["n"] == len(unlearnt) > 10
    assert after.points[1]["low"] == proportion(len(unlearnt), len(unlearnt)).low_95
    assert after.measured == 1
    pupil.end("it did not work")
    assert session.progress().problem == "it did not work"
    assert len(pupil.lessons) == 2
    session.stop()


@pytest.mark.parametrize(("right", "kept"), [(24, True), (25, True), (26, False), (30, False)])
def test_a_model_that_reads_surely_less_than_the_one_before_is_not_used(
    right: int, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 30 new labels the model in force reads so many, the new one 20; chance is taken to be the root of 30."""
    draw_images(tmp_path, 60)
    pupil = Pupil()
    session = to_session(tmp_path, reader(60), pupil)
    session.queue.choose = lambda taken, *_, **__: Draw(  # type: ignore[method-assign]
        next(i for i in session.queue.order if i not in taken), random=True, hidden=False
    )
    for _ in range(20):
        answer_next(session)
    fresh = [image for image in session.queue.order if image not in session._answered][:30]
    texts = {image: f"{image:02}" for image in range(60)}
    for _ in fresh:
        answer_next(session)
    session.readings.texts = lambda: texts | dict.fromkeys(fresh[right:], "no")  # type: ignore[method-assign]
    new = reader(60, [sample.path for sample in pupil.lessons[0].samples])
    new.texts = {**new.texts, **{f"{image:02}.png": ("no", 0.9) for image in fresh[:10]}}
    monkeypatch.setattr(Recognizer, "load", lambda *_: new)
    pupil.end(to_candidate(tmp_path))
    fault = f"of 30 new labels it reads 20, the one in force {right}; that one is kept"
    assert session.problem == ("" if kept else fault)
    assert (session.readings.recognizer is cast(Recognizer, new)) == kept
    assert [path.name for path in tmp_path.glob("*.safetensors")] == (["model.safetensors"] if kept else [])
    assert len(session.progress().points) == 1 + kept


def to_candidate(folder: Path) -> Path:
    """A model file as a worker leaves it."""
    path = folder / "model.new.safetensors"
    path.touch()
    return path


def test_a_model_of_an_earlier_run_is_not_learnt_again_and_not_measured_on_what_it_knows(tmp_path: Path) -> None:
    paths = draw_images(tmp_path, 30)
    session = to_session(tmp_path, reader(30))
    for _ in range(24):
        answer_next(session)
    learnt = [path for path in paths if path.name in session.store.names()[:21]]
    pupil = Pupil()
    session = to_session(tmp_path, reader(30, learnt), pupil)
    wait_until_read(session, 30)
    assert pupil.lessons == []
    assert session.progress().next_step == 50
    (point,) = session.progress().points
    assert (point["labels"], point["n"]) == (21, 3)
    session.stop()


def test_the_pace_and_the_readings_that_were_right_lately(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_images(tmp_path, 60)
    session = to_session(tmp_path, reader(60))
    now = 0.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    assert session.progress().pace is None
    for done in range(26):
        now += 3.0 if done != 20 else 900.0  # a pause does not count
        answer_next(session, None if done % 5 else "wrong")
    progress = session.progress()
    assert progress.pace == 20
    assert (progress.recent_right, progress.recent) == (16, 20)
