"""What a page asks of the studio, for tests: pictures in, work done, pixels back."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from overtone.studio.app import StudioSettings, create_app

ADDRESS = "http://127.0.0.1:8765"
SESSION = "session=0123456789abcdef"
MAX_BYTES, MAX_PIXELS = 300_000, 400_000


def studio():
    """A studio with small limits; to be entered."""
    settings = StudioSettings(max_upload_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
    return TestClient(create_app(settings), ADDRESS, headers={"Origin": ADDRESS})


def file_of(pixels, suffix="png", **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(
        buffer, suffix, **options
    )
    return buffer.getvalue()


def upload(client, pixels, name="a.png"):
    query = urlencode({"name": name})
    answer = client.post(f"/api/pictures?{SESSION}&{query}", content=file_of(pixels))
    assert answer.status_code == 201, answer.text
    return answer.json()


def pixels_at(client, address, **query):
    answer = client.get(address, params=query)
    assert answer.status_code == 200, answer.text
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    return pixels if pixels.ndim == 3 else pixels[..., None]


def start(client, kind, session=SESSION, **request):
    answer = client.post(f"/api/jobs?{session}", json={"kind": kind, "request": request})
    assert answer.status_code == 201, answer.text
    return answer.json()["key"]


def wait(client, key, until=("done", "failed", "stopped")):
    seen = ""
    for _ in range(1000):
        job = client.get(f"/api/jobs/{key}", params={"seen": seen}).json()
        if job["state"] in until:
            return job
        seen = job["version"]
    raise AssertionError(f"work {key} does not end")


def done(client, kind, **request):
    job = wait(client, start(client, kind, **request))
    assert (job["state"], job["error"]) == ("done", None)
    return job["parts"]


def refused(client, kind, **request):
    """What is said of work that is refused at once or when it is tried."""
    answer = client.post(f"/api/jobs?{SESSION}", json={"kind": kind, "request": request})
    if answer.status_code != 201:
        assert answer.status_code == 400
        return answer.json()["error"]
    job = wait(client, answer.json()["key"])
    assert job["state"] == "failed"
    return job["error"]
