from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from kerf.classifier.folders.dataset import Sample
from kerf.classifier.labelling import suspects as module
from kerf.classifier.labelling.learner import Lesson, Worker
from kerf.classifier.labelling.review import PAGE, Review
from kerf.classifier.labelling.server import to_app
from kerf.classifier.labelling.session import Session
from kerf.classifier.labelling.store import Answer, Status
from kerf.classifier.labelling.suspects import Suspect, find_suspects
from kerf.classifier.recognizer import Reading
from tests.labelling.making import Reader, draw_images, to_session

COUNT = 65


class Helper(Worker):
    """Keeps what it was to do."""

    def begin(self, work: object, arguments: tuple[Any, ...], on_end: object) -> None:
        self.asked = (work, arguments, on_end)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """65 images, read as ``t64`` down to ``t00``; three are labelled, one is skipped, one cannot be read."""
    draw_images(tmp_path, COUNT)
    texts = {f"{index:02}.png": (f"t{COUNT - 1 - index:02}", 0.5) for index in range(COUNT) if index != 7}
    session = to_session(tmp_path, Reader(texts))
    for _ in session.readings.read_all():
        pass
    for image, label in ((3, "aa"), (4, "T00x"), (5, "zz")):
        session.answer(image, Status.LABELLED, label, "")
    session.answer(6, Status.SKIPPED, "", "")
    return session


def test_images_are_sorted_by_their_labels_or_readings(session: Session) -> None:
    review = Review(session, Helper())
    cards = [*review.cards(0), *review.cards(1)]
    assert (PAGE, review.pages, len(review.cards(0)), len(review.cards(1)), review.cards(2)) == (60, 2, 60, 4, [])
    readings = [f"t{index:02}" for index in range(COUNT) if COUNT - 1 - index not in (3, 4, 5, 6, 7)]
    assert [card.text for card in cards] == ["aa", "t00", "T00x", *readings[1:], "zz", ""]
    assert {card.text for card in cards if card.labelled} == {"aa", "T00x", "zz"}
    assert [card.name for card in cards if card.seen == "skipped:"] == ["06.png"]
    session.answer(0, Status.LABELLED, "a", "")
    assert [card.image for card in [*review.cards(0), *review.cards(1)]] == [card.image for card in cards]


def test_labels_that_are_probably_wrong_come_first_until_they_are_corrected(session: Session) -> None:
    helper = Helper()
    review = Review(session, helper)
    review.start()
    labels = {3: "aa", 4: "T00x", 5: "zz"}
    samples = [Sample(session.images[image], label) for image, label in labels.items()]
    assert helper.asked == (find_suspects, (samples,), review.on_end)
    review.on_end([Suspect(samples[2], "zx", 0.99), Suspect(samples[1], "t00", 0.9)])
    assert review.suspects == 2
    first = review.cards(0)[:3]
    assert [(card.image, card.contradiction, card.confidence) for card in first] == [
        (5, "zx", 0.99),
        (4, "t00", 0.9),
        (3, "", 0.5),
    ]
    assert len([*review.cards(0), *review.cards(1)]) == 64
    session.answer(5, Status.LABELLED, "zx", first[0].seen)
    assert [(card.image, card.text, card.contradiction) for card in review.cards(0)[:1]] == [(5, "zx", "")]
    review.on_end("too few")
    assert (review.problem, review.suspects) == ("too few", 2)


def test_nothing_is_searched_without_labels(tmp_path: Path) -> None:
    draw_images(tmp_path, 2)
    helper = Helper()
    Review(to_session(tmp_path, Reader({})), helper).start()
    assert not hasattr(helper, "asked")


def test_a_click_corrects(session: Session) -> None:
    review = Review(session, Helper())
    client = TestClient(to_app(session, review, "t", "127.0.0.1", 8123), "http://127.0.0.1:8123")
    page = client.get("/t/?page=2").text
    assert page.count("<figure") == 4
    assert "page 2 of 2" in page
    assert [client.get(f"/t/?page={number}").status_code for number in ("0", "3", "x", "1")] == [404, 404, 404, 200]
    assert [client.get(f"/t/?page={number}").status_code for number in ("0000000012", "1" * 5000)] == [404, 404]
    assert client.get("/t/suspects").json() == {"busy": False, "count": 0, "problem": ""}
    assert client.get("/t/items").status_code == 404
    body = {"image": 0, "status": "labelled", "text": "<b>", "seen": ""}
    assert client.post("/t/answers", json=body, headers={"origin": "http://127.0.0.1:8123"}).status_code == 200
    assert session.store["00.png"] == Answer(Status.LABELLED, "<b>", "t64", 0.5)
    review = Review(session, Helper())
    client = TestClient(to_app(session, review, "t", "127.0.0.1", 8123), "http://127.0.0.1:8123")
    assert ">&lt;b&gt;</button>" in client.get("/t/").text


def test_labels_taken_over_are_written_with_the_first_answer(tmp_path: Path) -> None:
    draw_images(tmp_path, 3)
    session = to_session(tmp_path, Reader({}))
    session.store.put("00.png", Answer(Status.SKIPPED), "")
    session.store.take_over({"00.png": "x", "01.png": "y"})
    session.store.put("02.png", Answer(Status.LABELLED, "z"), "")
    assert to_session(tmp_path, Reader({})).store.labels() == {"01.png": "y", "02.png": "z"}


def test_each_half_is_judged_by_a_model_that_learnt_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = draw_images(tmp_path, 40)
    wrong = {3: ("ab", 0.85), 8: ("cd", 0.9), 11: ("ef", 0.49), 20: ("gh", 0.99)}
    labels = ["new" if index == 20 else f"{index:02}" for index in range(40)]
    samples = [Sample(path, label) for path, label in zip(paths, labels, strict=True)]
    lessons: list[Sequence[Sample]] = []

    def train(lesson: Lesson) -> Sequence[Sample]:
        assert (lesson.start, lesson.unlabelled, lesson.seconds) == (None, (), 60.0)
        lessons.append(lesson.samples)
        return lesson.samples

    class Judge:
        def __init__(self, learnt: Sequence[Sample]) -> None:
            self.learnt = {sample.path for sample in learnt}
            self.model = SimpleNamespace(alphabet=SimpleNamespace(characters="0123456789"))

        def read_many(self, images: Sequence[Path], best: int) -> Iterator[Reading]:
            assert best == 10
            assert self.learnt.isdisjoint(images)
            assert len(self.learnt) + len(images) == 40
            read = (wrong.get(int(path.stem), (path.stem, 0.99)) for path in images)
            return (Reading(text, share, (), (("", 0.001),)) for text, share in read)

    monkeypatch.setattr(module, "train_gently", train)
    monkeypatch.setattr(module, "Recognizer", Judge)
    assert find_suspects(samples) == [Suspect(samples[8], "cd", 0.9), Suspect(samples[3], "ab", 0.85)]
    assert [len(lesson) for lesson in lessons] == [20, 20]
