from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from kerf.classifier.labelling.guard import Guard
from kerf.classifier.labelling.server import open_socket, path_to_data, to_app
from kerf.classifier.labelling.session import Session
from kerf.segmenter.errors import OutputError
from tests.labelling.making import Reader, draw_images, to_session

PORT = 8123
HOME = f"http://127.0.0.1:{PORT}"
TOKEN = "t0ken"
OWN = {"origin": HOME}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    draw_images(tmp_path / "captchas", 9)
    return to_session(tmp_path / "captchas", Reader({f"{index:02}.png": (f"r{index}", 0.9) for index in range(9)}))


@pytest.fixture
def client(session: Session) -> TestClient:
    session.out = Path("it's.safetensors")
    app = to_app(session, None, TOKEN, "127.0.0.1", PORT)
    return TestClient(app, HOME, raise_server_exceptions=False)


def answer(client: TestClient, image: object, text: str = "ab", seen: str = "", **headers: str) -> Any:
    body = {"image": image, "status": "labelled", "text": text, "seen": seen}
    return client.post(f"/{TOKEN}/answers", json=body, headers=OWN | headers)


def test_a_page_labels_what_it_is_given(client: TestClient, session: Session) -> None:
    page = client.get(f"/{TOKEN}/")
    assert page.status_code == 200
    assert "captchas: labelling</title>" in page.text
    assert "--model &#39;it&#39;&#34;&#39;&#34;&#39;s.safetensors&#39;" in page.text
    first, second, third = client.get(f"/{TOKEN}/items").json()["items"]
    content = (session.store.folder / first["name"]).read_bytes()
    assert first["picture"] == f"data:image/png;base64,{base64.b64encode(content).decode()}"
    said = answer(client, first["image"], " ab ", first["seen"])
    assert (said.status_code, said.json()["item"]["label"]) == (200, "ab")
    assert said.json()["item"]["text"] == f"r{first['image']}"
    more = client.get(f"/{TOKEN}/items?having={second['image']},{third['image']}").json()["items"]
    assert len(more) == 1
    assert more[0]["image"] not in {first["image"], second["image"], third["image"]}
    back = client.get(f"/{TOKEN}/previous").json()["item"]
    assert (back["image"], back["label"], back["seen"]) == (first["image"], "ab", "labelled:ab")
    assert client.get(f"/{TOKEN}/previous?image={first['image']}").json() == {"item": None}
    assert client.get(f"/{TOKEN}/progress").json()["labelled"] == 1
    assert session.store.labels() == {first["name"]: "ab"}


@pytest.mark.parametrize(
    ("path", "headers", "method"),
    [
        ("/", {}, "GET"),
        ("/token/", {}, "GET"),
        (f"/{TOKEN}x/", {}, "GET"),
        (f"/{TOKEN[:-1]}/items", {}, "GET"),
        (f"//{TOKEN}/", {}, "GET"),
        ("/\u00e9/", {}, "GET"),
        (f"/{TOKEN}/", {"host": "kerf.example:8123"}, "GET"),
        (f"/{TOKEN}/", {"host": "127.0.0.1"}, "GET"),
        (f"/{TOKEN}/", {"host": "127.0.0.1:8124"}, "GET"),
        (f"/{TOKEN}/", {"host": "127.0.0.2:8123"}, "GET"),
        (f"/{TOKEN}/answers", {}, "POST"),
        (f"/{TOKEN}/answers", {"origin": "null"}, "POST"),
        (f"/{TOKEN}/answers", {"origin": "https://elsewhere.example"}, "POST"),
        (f"/{TOKEN}/answers", {"origin": "http://127.0.0.1:8124"}, "POST"),
        (f"/{TOKEN}/answers", {"origin": "https://127.0.0.1:8123"}, "POST"),
        (f"/{TOKEN}/answers", {"host": "evil.example:8123", "origin": "http://evil.example:8123"}, "POST"),
        (f"/{TOKEN}/answers", {"origin": "http://elsewhere.example"}, "OPTIONS"),
        ("/answers", OWN, "POST"),
    ],
)
def test_who_is_not_the_page_is_refused(
    path: str, headers: Mapping[str, str], method: str, client: TestClient, session: Session
) -> None:
    body = json.dumps({"image": 0, "status": "labelled", "text": "ab", "seen": ""})
    response = client.request(method, path, content=body, headers=dict(headers))
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers
    assert len(session.store) == 0


def test_the_page_may_be_asked_for_by_the_name_of_the_machine(client: TestClient) -> None:
    assert client.get(f"/{TOKEN}/progress", headers={"host": "localhost:8123"}).status_code == 200
    host = {"host": "localhost:8123", "origin": "http://localhost:8123"}
    assert answer(client, 0, **host).status_code == 200


@pytest.mark.parametrize(
    ("listening", "asked", "own"),
    [
        ("0.0.0.0", "192.168.0.7:8123", True),
        ("::", "[fe80::1]:8123", True),
        ("0.0.0.0", "localhost:8123", True),
        ("0.0.0.0", "evil.example:8123", False),
        ("0.0.0.0", "192.168.0.7:80", False),
        ("192.168.0.7", "192.168.0.7:8123", True),
        ("192.168.0.7", "127.0.0.1:8123", False),
        ("::1", "[::1]:8123", True),
        ("127.0.0.1", "", False),
    ],
)
def test_listening_elsewhere_takes_addresses_but_no_names(listening: str, asked: str, own: bool) -> None:
    async def nothing(*_: object) -> None:
        raise AssertionError

    assert Guard(nothing, TOKEN, listening, PORT).is_own_name(asked) == own


def test_no_other_page_may_show_keep_or_load_what_is_told(client: TestClient) -> None:
    for path in ("", "items", "nothing"):
        headers = client.get(f"/{TOKEN}/{path}").headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "frame-ancestors 'none'"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["../labels.csv", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "00.png", "."])
def test_no_path_leads_to_a_file(path: str, client: TestClient, session: Session) -> None:
    (session.store.folder / "labels.csv").write_text("file,label\n")
    response = client.get(f"/{TOKEN}/{path}")
    assert response.status_code in {403, 404, 200}
    assert response.status_code != 200 or "<title>captchas" in response.text
    assert client.get(f"/{TOKEN}/previous?image={path}").status_code == 404
    assert answer(client, path).status_code == 404


@pytest.mark.parametrize("image", [-1, 9, 10**10, "0x1", "\u0661", None, 1.0, True, "../00.png"])
def test_images_are_numbers_that_there_are(image: object, client: TestClient, session: Session) -> None:
    assert answer(client, image).status_code == 404
    assert len(session.store) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"image": 1}', 400),
        (b"\xff", 400),
        (b'{"image": 1, "status": "gone", "text": "", "seen": ""}', 400),
        (b"[" * 4096, 400),
        (b"[" * 4097, 413),
        (b'{"image": 1, "status": "labelled", "text": " ", "seen": ""}', 422),
        (b'{"image": 1, "status": "labelled", "text": "\\ud800", "seen": ""}', 422),
    ],
)
def test_what_makes_no_sense_is_refused(body: bytes, status: int, client: TestClient, session: Session) -> None:
    assert client.post(f"/{TOKEN}/answers", content=body, headers=OWN).status_code == status
    assert client.post(f"/{TOKEN}/answers", content=iter([body]), headers=OWN).status_code == 413
    assert len(session.store) == 0


def test_of_two_windows_the_second_is_told_what_the_first_said(client: TestClient, session: Session) -> None:
    assert answer(client, 3, "first").status_code == 200
    late = answer(client, 3, "second")
    assert late.status_code == 409
    assert late.json()["item"]["label"] == "first"
    assert "another window" in late.json()["problem"]
    assert answer(client, 3, "second", late.json()["item"]["seen"]).status_code == 200
    assert session.store.labels() == {"03.png": "second"}


def test_an_answer_that_cannot_be_written_is_told_and_can_be_given_again(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutputError("labels.csv: cannot be written: No space left on device; check its rights")

    with monkeypatch.context() as patch:
        patch.setattr(session.store, "_write", fail)
        response = answer(client, 2)
    assert (response.status_code, "No space left" in response.json()["problem"]) == (500, True)
    assert answer(client, 2).status_code == 200


def test_markup_in_names_and_labels_stays_text(tmp_path: Path) -> None:
    folder = tmp_path / "<script>alert(1)<!-- '\""
    draw_images(folder, 1)[0].rename(folder / "<img src=x onerror=alert(1)>.png")
    session = to_session(folder, Reader({"<img src=x onerror=alert(1)>.png": ("</script>", 0.9)}))
    client = TestClient(to_app(session, None, TOKEN, "127.0.0.1", PORT), HOME)
    page = client.get(f"/{TOKEN}/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;!-- &#39;&#34;</h1>" in page
    answer(client, 0, "<b>\"',x</b>")
    assert to_session(folder, Reader({})).store.labels() == {"<img src=x onerror=alert(1)>.png": "<b>\"',x</b>"}


def test_pictures_are_shown_by_what_they_are(tmp_path: Path) -> None:
    pixels = np.arange(600, dtype=np.uint8).reshape(20, 30)
    for suffix, kind in ((".jpg", "jpeg"), (".bmp", "bmp"), (".webp", "webp"), (".tiff", "png")):
        path = tmp_path / f"a{suffix}"
        cv2.imwrite(str(path), pixels)
        head, _, content = path_to_data(path).partition(",")
        assert head == f"data:image/{kind};base64"
        decoded = cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert decoded is not None
        assert np.abs(decoded.astype(int) - pixels).max() < 40
    (tmp_path / "page.png").write_text("<script>alert(1)</script>")
    assert path_to_data(tmp_path / "page.png") == path_to_data(tmp_path / "none.png") == ""


def test_a_port_that_is_taken_is_told() -> None:
    with open_socket("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(OutputError, match=rf"127.0.0.1:{port}: cannot be listened on: .*choose another --port"):
            open_socket("127.0.0.1", port)
