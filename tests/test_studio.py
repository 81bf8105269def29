"""The studio at its door: pictures that come in, and requests that are refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image
from tests.helpers import scene
from tests.studio_page import SESSION, file_of, pixels_at, studio, upload

from overtone.cli.main import main

HOSTILE = "<img src=x onerror=alert(1)>.png"


@pytest.fixture(scope="module")
def client():
    with studio() as client:
        yield client


def test_a_picture_is_held_as_it_looks(client):
    pixels = scene(24, 40)
    held = upload(client, pixels)
    assert (held["width"], held["height"], held["channels"]) == (40, 24, 3)
    np.testing.assert_array_equal(pixels_at(client, f"/api/pictures/{held['key']}"), pixels)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter to the right
    turned = client.post(f"/api/pictures?{SESSION}", content=file_of(pixels, "png", exif=exif))
    key = turned.json()["key"]
    np.testing.assert_array_equal(
        pixels_at(client, f"/api/pictures/{key}"), np.rot90(pixels, -1, axes=(0, 1))
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (HOSTILE, HOSTILE),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\b.png", "b.png"),
        ("a\u202e\n\x1b[31m.png", "a[31m.png"),
        ("", "picture"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_is_text_and_no_path(client, name, shown):
    held = upload(client, scene(8, 8), name)
    assert held["name"] == shown


def test_files_that_are_too_large_or_none_are_refused(client):
    def answer_to(data):
        answer = client.post(f"/api/pictures?{SESSION}", content=data)
        return answer.status_code, answer.json()["error"]

    code, said = answer_to(b"no picture")
    assert (code, said) == (400, "this is no picture in a format that is read here")
    code, said = answer_to(b"x" * 300_001)
    assert code == 413
    assert "300000 bytes" in said
    assert "--max-upload" in said
    code, said = answer_to(file_of(np.zeros((500, 801, 3), np.uint8)))
    assert code == 413
    assert "801x500" in said
    assert "400000" in said
    assert "--max-pixels" in said
    code, said = answer_to(file_of(scene(40, 60))[:-900])
    assert code == 400
    assert "\n" not in said

    def in_pieces():  # a body that does not say its length beforehand
        for _ in range(4):
            yield b"x" * 100_000

    assert client.post(f"/api/pictures?{SESSION}", content=in_pieces()).status_code == 413


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 201),
        ({"Host": "localhost:8765", "Origin": "http://localhost:8765"}, 201),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8765"}, 403),
        ({"Host": "192.168.1.2:8765", "Origin": "http://192.168.1.2:8765"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
def test_only_the_page_itself_may_send(client, headers, code):
    answer = client.post(f"/api/pictures?{SESSION}", content=file_of(scene(8, 8)), headers=headers)
    assert answer.status_code == code
    assert ("error" in answer.json()) == (code != 201)


def test_other_names_of_the_machine_see_nothing(client):
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/").status_code == 200


def test_every_answer_forbids_scripts_of_others(client):
    for address in ("/", "/static/main.js", "/static/none.js", "/api/files/none", "/none"):
        headers = client.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["app.py", "../app.py", "..%2fapp.py", "%2fetc%2fpasswd", "..%5capp.py"]
)
def test_only_files_of_the_page_are_served(client, name):
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 404
    assert "error" in answer.json()


def test_what_the_page_loads_is_there_and_from_here(client):
    page = client.get("/").text
    for name in ("style.css", "view.css", "main.js", "icon.svg"):
        assert f"/static/{name}" in page
        assert client.get(f"/static/{name}").status_code == 200
    assert "http" not in page
    assert "style=" not in page
    assert "<script>" not in page


def test_without_the_extra_the_command_says_what_to_install(monkeypatch, capsys):
    for name in list(sys.modules):
        if name.startswith("overtone.studio"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    assert main(["studio", "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert said == (
        "error: this command needs starlette; "
        "install it with: pip install 'overtone-image[studio]'\n"
    )


def test_a_port_that_is_taken_is_one_line(capsys):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["studio", "--no-browser", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: cannot listen on 127.0.0.1 port {port}: ")
    assert said.count("\n") == 1
    assert main(["studio", "--port", "70000"]) == 2
    assert main(["studio", "--max-pixels", "0"]) == 2
