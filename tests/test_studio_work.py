"""Work in the studio: its results are those of the library, and it can be stopped."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from tests.helpers import scene
from tests.studio_page import (
    SESSION,
    done,
    file_of,
    pixels_at,
    refused,
    start,
    studio,
    upload,
    wait,
)

import overtone
from overtone.metrics.psnr import psnr_db
from overtone.studio import app
from overtone.studio.pictures import read_upload


@pytest.fixture(scope="module")
def client():
    with studio() as client:
        yield client


def test_codecs_are_compared_at_equal_bytes(client):
    pixels = scene(48, 80)
    key = upload(client, pixels)["key"]
    parts = done(client, "compare", picture=key, bpp=1.2, effort="fast")
    assert [part["codec"] for part in parts] == ["tiled-dct", "jpeg", "webp", "avif"]
    for part in parts:
        data = client.get(f"/api/files/{part['files']['file']}").content
        assert len(data) == part["size_bytes"]
        assert part["rate_bpp"] == pytest.approx(8 * len(data) / (48 * 80))
        decoded = overtone.decode(data) if part["codec"] == "tiled-dct" else None
        if decoded is not None:
            found = psnr_db(reference=pixels, reconstruction=decoded)
            assert part["psnr_db"] == pytest.approx(found)
    assert parts[0]["size_bytes"] == pytest.approx(1.2 * 48 * 80 / 8, rel=0.05)
    assert parts[2]["size_bytes"] == pytest.approx(parts[0]["size_bytes"], rel=0.15)


def test_a_part_is_decoded_anew_at_the_size_of_the_screen(client):
    key = upload(client, scene(48, 80))["key"]
    (part,) = done(client, "compare", picture=key, bpp=2.0, effort="fast", codecs=[])
    address = f"/api/files/{part['files']['file']}"
    data = client.get(address).content
    seen = pixels_at(client, f"{address}/view", crop="10,20,30,12", size="210x84")
    expected = overtone.decode(data, crop=(10, 20, 30, 12), size=(210, 84))
    np.testing.assert_array_equal(seen, expected)
    np.testing.assert_array_equal(pixels_at(client, f"{address}/view"), overtone.decode(data))
    for query in (
        {"crop": "60,0,30,12", "size": "10x10"},
        {"crop": "nan,0,30,12"},
        {"crop": "1,2"},
        {"size": "20000x20000"},
        {"size": "0x5"},
    ):
        answer = client.get(f"{address}/view", params=query)
        assert answer.status_code == 400, query
        assert "\n" not in answer.json()["error"]


def test_a_codec_that_cannot_hold_the_picture_says_so_alone(client):
    key = upload(client, scene(24, 40, 4))["key"]
    parts = done(client, "compare", picture=key, bpp=2.0, effort="fast", codecs=["jpeg", "webp"])
    assert [("error" in part) for part in parts] == [False, True, False]
    assert "alpha" in parts[1]["error"]


def test_patterns_are_found_and_drawn_where_they_are(client):
    pixels = scene(60, 96).astype(float)
    pixels += 20 * np.cos(2 * np.pi * np.arange(96) / 4)[None, :, None]
    key = upload(client, np.clip(pixels, 0, 255).astype(np.uint8))["key"]
    (facts,) = done(client, "analyse", picture=key)
    strongest = max(facts["patterns"], key=lambda each: each["amplitude"])
    assert abs(strongest["x"]) == pytest.approx(24, abs=0.5)
    assert strongest["y"] == pytest.approx(0, abs=0.5)
    assert strongest["period_px"] == pytest.approx(4, abs=0.1)
    (at_once,) = done(client, "analyse", picture=key, closely=False)
    near = at_once["patterns"][0]
    assert (abs(near["x"]), near["y"]) == pytest.approx((24, 0), abs=0.5)
    assert near["amplitude"] is None
    drawn = pixels_at(client, f"/api/files/{facts['files']['spectrum']}")
    assert drawn.shape == (60, 96, 1)
    column = round(96 * (0.5 + strongest["x"] / 96))
    assert drawn[30, column] > drawn[30, column + 8] + 60
    assert sum(facts["shares"]) == pytest.approx(1)


def test_an_edit_is_that_of_the_library(client):
    pixels, other = scene(48, 80), scene(30, 50, seed=3)[:, ::-1].copy()
    key, second = upload(client, pixels)["key"], upload(client, other)["key"]
    (facts,) = done(
        client,
        "edit",
        picture=key,
        gains=[{"band": "high", "factor": 1.5}, {"band": "2-5", "factor": 0.5}],
        patterns=[{"x": 20, "y": 5}],
        other=second,
        match=True,
        mix=True,
        cutoff=9.0,
        luma_only=True,
    )
    expected = overtone.edit(
        pixels,
        gain={"high": 1.5, "2-5": 0.5},
        notch_frequencies=[(20, 5)],
        match=other,
        mix=other,
        cutoff=9.0,
        luma_only=True,
    )
    assert not np.array_equal(expected, pixels)
    np.testing.assert_array_equal(
        pixels_at(client, f"/api/files/{facts['files']['result']}"), expected
    )


def test_a_quick_edit_of_a_large_picture_shows_the_same_smaller(client, monkeypatch):
    from overtone.studio import edit
    from overtone.studio.tasks import BandGain, EditRequest

    monkeypatch.setattr(edit, "QUICK_PIXELS", 60 * 100)
    pixels = scene(120, 200)
    gains = (BandGain(band="mid", factor=2.0), BandGain(band="high", factor=0.5))
    request = EditRequest(picture="", gains=gains, quick=True)
    (part,) = edit.edit(request, {"picture": pixels}, lambda *_: None)
    assert part.facts == {"width": 100, "height": 60, "is_reduced": True}
    quick = np.asarray(Image.open(io.BytesIO(part.files["result"].data)), float)
    whole = overtone.edit(pixels, gain={"mid": 2.0, "high": 0.5})
    small = np.asarray(Image.fromarray(whole).resize((100, 60), Image.Resampling.LANCZOS), float)
    unchanged = np.asarray(Image.fromarray(pixels).resize((100, 60), Image.Resampling.LANCZOS))
    inner = np.s_[4:-4, 4:-4]
    error = np.abs(quick - small)[inner].mean()
    assert error < 0.2 * np.abs(unchanged.astype(float) - small)[inner].mean()


def test_a_large_picture_is_looked_at_smaller_until_closely(monkeypatch):
    from overtone.studio import edit
    from overtone.studio.tasks import AnalyseRequest

    monkeypatch.setattr(edit, "ANALYSED_PIXELS", 60 * 96)
    pixels = scene(120, 192).astype(float) + 20 * np.cos(np.arange(192) * np.pi / 8)[None, :, None]
    pictures = {"picture": np.clip(pixels, 0, 255).astype(np.uint8)}
    ((at_once,), (closely,)) = (
        edit.analyse(AnalyseRequest(picture="", closely=each), pictures, lambda *_: None)
        for each in (False, True)
    )
    assert (at_once.facts["extent_cycles"], closely.facts["extent_cycles"]) == (96, 192)
    assert (at_once.facts["is_reduced"], closely.facts["is_reduced"]) == (True, False)
    assert at_once.facts["low_edge"] == closely.facts["low_edge"]
    for part in (at_once, closely):  # the same wave, in cycles per image and in pixels
        first = part.facts["patterns"][0]
        assert abs(first["x"]) == pytest.approx(12, abs=0.5)
        assert first["period_px"] == pytest.approx(16, abs=0.5)


def test_requests_that_make_no_sense_are_one_line(client):
    key = upload(client, scene(24, 40))["key"]
    asked = [
        ("dance", {}, "unknown kind of work dance"),
        ("compare", {}, "picture"),
        ("compare", {"picture": key, "bpp": "much"}, "bpp must be of type float"),
        ("compare", {"picture": key, "bpp": 1000.0}, "0.01..8"),
        ("compare", {"picture": key, "colour": 1}, "unknown setting colour"),
        ("compare", {"picture": key, "codecs": ["coin"]}, "jpeg, webp, avif"),
        ("edit", {"picture": key, "match": True}, "second picture"),
        ("edit", {"picture": key, "gains": [{"band": "loud", "factor": 1}]}, "unknown band"),
        ("analyse", {"picture": key, "threshold_db": -1.0}, "above 0 dB"),
        ("sample", {"model": "../../model.safetensors"}, "unknown model"),
        ("sample", {"model": "/etc/passwd"}, "unknown model"),
        ("sample", {"model": "mnist", "num_images": 100_000}, "256"),
        ("sample", {"model": "mnist", "width": 30}, "both"),
        ("interpolate", {"model": "fashion-mnist-dct"}, "latents"),
        ("atoms", {"model": "mnist"}, "no atoms"),
    ]
    for kind, request, words in asked:
        said = refused(client, kind, **request)
        assert words in said
        assert "\n" not in said
        assert "fault of this program" not in said
    for body in (b"{", b"[]", b"[" * 60_000, b'{"kind": 1}'):
        answer = client.post(f"/api/jobs?{SESSION}", content=body)
        assert answer.status_code == 400
        assert "\n" not in answer.json()["error"]
    assert client.post("/api/jobs", json={"kind": "models"}).status_code == 400  # no session
    answer = client.post(
        f"/api/jobs?{SESSION}", json={"kind": "analyse", "request": {"picture": "none"}}
    )
    assert answer.status_code == 404


def test_models_draw_what_the_library_draws(client):
    (listed,) = done(client, "models")
    by_name = {each["name"]: each for each in listed["models"]}
    assert by_name["cifar10"]["classes"][3] == "cat"
    assert by_name["fashion-mnist-dictionary"]["has_atoms"]
    assert not by_name["fashion-mnist-dct"]["has_latents"]
    request = {"model": "fashion-mnist", "seed": 5, "temperature": 0.8}
    (part,) = done(client, "sample", num_images=3, width=42, height=56, **request)
    from overtone.imaging.image import to_grid

    drawn = overtone.sample("fashion-mnist", 3, seed=5, temperature=0.8, size=(56, 42))
    np.testing.assert_array_equal(
        pixels_at(client, f"/api/files/{part['files']['grid']}"), to_grid(drawn)
    )
    (part,) = done(client, "interpolate", model="fashion-mnist", start=3, end=4, num_steps=3)
    way = overtone.interpolate("fashion-mnist", 3, 4, 3)
    for number, picture in enumerate(way):
        seen = pixels_at(client, f"/api/files/{part['files'][str(number)]}")
        np.testing.assert_array_equal(seen, picture)
    (part,) = done(client, "atoms", model="fashion-mnist-dictionary", num_atoms=4)
    found = overtone.atoms("fashion-mnist-dictionary", 4)
    assert [each["number"] for each in part["atoms"]] == [each.number for each in found]


def test_work_is_stopped_at_once_and_the_next_goes_on(client):
    noise = np.random.default_rng(1).integers(0, 256, (300, 320, 3), dtype=np.uint8)
    answer = client.post(f"/api/pictures?{SESSION}", content=file_of(noise, "jpeg", quality=90))
    key = answer.json()["key"]
    long = start(client, "compare", picture=key, bpp=4.0, effort="best")
    waiting = start(client, "analyse", picture=key)
    wait(client, long, until=("running",))
    assert wait(client, waiting, until=("waiting",))["parts"] == []
    assert client.post(f"/api/jobs/{waiting}/stop").status_code == 200
    assert client.post(f"/api/jobs/{long}/stop").status_code == 200
    for each in (long, waiting):
        assert wait(client, each)["state"] == "stopped"
    assert client.post(f"/api/jobs/{long}/stop").status_code == 200  # once more does no harm
    (facts,) = done(client, "analyse", picture=upload(client, scene(24, 40))["key"])
    assert facts["longest_px"] == 40


def test_closing_the_page_lets_go_of_its_pictures_and_work(client, monkeypatch):
    mine = "session=aaaaaaaaaaaaaaaa"
    kept = upload(client, scene(24, 40))["key"]
    answer = client.post(f"/api/pictures?{mine}", content=file_of(scene(300, 320), "jpeg"))
    key = answer.json()["key"]
    job = start(client, "compare", mine, picture=key, effort="best")
    wait(client, job, until=("running",))
    assert client.post(f"/api/close?{mine}").status_code == 200
    assert client.get(f"/api/jobs/{job}").status_code == 404
    gone = client.get(f"/api/pictures/{key}")
    assert gone.status_code == 404
    assert "drop it once more" in gone.json()["error"]
    assert client.get(f"/api/pictures/{kept}").status_code == 200

    def closing(*arguments):
        client.post(f"/api/close?{mine}")
        return read_upload(*arguments)

    monkeypatch.setattr(app, "read_upload", closing)
    late = client.post(f"/api/pictures?{mine}", content=file_of(scene(24, 40)))
    assert late.status_code == 404
    assert "closed before" in late.json()["error"]
