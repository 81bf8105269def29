"""The page of the studio in a real browser, driven as a person would."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.helpers import scene
from tests.studio_hands import (
    canvas_pixels,
    choose,
    downloaded,
    drop,
    png_of,
    status_of,
    striped,
    wait_for_results,
)

import overtone

HOSTILE = "<img src=x onerror=window.hacked=1>.png"
MAX_PIXELS = 2_000_000


@pytest.fixture(scope="module")
def address(chromium):
    """Where a studio is that was started as a user would; it must end cleanly by Ctrl-C."""
    command = [sys.executable, "-m", "overtone.cli.start", "studio", "--port", "0", "--no-browser"]
    command += ["--max-pixels", str(MAX_PIXELS), "--max-upload", "2M"]
    studio = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert studio.stderr is not None
    first = studio.stderr.readline()
    found = re.fullmatch(r"Overtone Studio is at (http://127\.0\.0\.1:\d+/) until Ctrl-C\n", first)
    assert found, first
    yield found[1]
    studio.send_signal(signal.SIGINT)
    _, said = studio.communicate(timeout=60)
    assert (studio.returncode, said) == (0, "the studio is closed\n")


@pytest.fixture(autouse=True)
def quiet_page(page, faults):
    """Nothing on the page may be refused by its own policy; drawing imports a lot beforehand."""
    page.set_default_timeout(60_000)
    yield
    assert not [text for text in faults.console if "Security Policy" in text]


def test_a_picture_is_compared(page, address):
    pixels = scene(90, 150)
    page.goto(address)
    page.wait_for_selector("#limits:has-text('2 MB and 2 megapixels')")
    page.evaluate("document.getElementById('effort').value = 'fast'")
    drop(page, "#welcome .drop", HOSTILE, png_of(pixels))
    rows = wait_for_results(page)
    assert list(rows) == ["tiled-dct", "jpeg", "webp", "avif"]
    assert page.inner_text("#picture-name") == f"{HOSTILE}, 150×90"
    assert page.evaluate("window.hacked") is None
    assert page.locator("#picture-name img").count() == 0

    handle, stage = page.locator("#compare-viewer .handle"), page.locator("#compare-viewer .stage")
    box = stage.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 210, steps=3)
    page.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "25"
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "27"
    page.keyboard.press("PageUp")
    page.keyboard.press("End")
    assert handle.get_attribute("aria-valuenow") == "100"
    only_jpeg = canvas_pixels(page, "#compare-viewer")
    page.keyboard.press("Home")
    only_ours = canvas_pixels(page, "#compare-viewer")
    assert np.abs(only_jpeg.astype(int) - only_ours)[..., :3].mean() > 1

    name, data = downloaded(page, "#download-ovt")
    assert name.endswith(".ovt")
    assert len(data) == int(rows["tiled-dct"][0].replace(",", ""))
    page.mouse.move(box["x"] + 300, box["y"] + 150)
    page.mouse.wheel(0, -1200)
    page.wait_for_selector("#compare-viewer .stage[data-sharp]")
    part, size = stage.get_attribute("data-sharp").split("@")
    x, y, across, down = map(int, part.split(","))
    width, height = map(int, size.split("x"))
    assert width > 4 * across
    shown = canvas_pixels(page, "#compare-viewer")
    expected = overtone.decode(data, crop=(x, y, across, down), size=(width, height))
    close = min(
        np.abs(
            shown[100:-100, 100:-100, :3].astype(int)
            - expected[top + 100 :, left + 100 :][: len(shown) - 200, : shown.shape[1] - 200]
        ).mean()
        for top in range(max(1, height - len(shown) + 1))
        for left in range(max(1, width - shown.shape[1] + 1))
    )
    assert close < 1  # a level, and nothing that was enlarged

    page.locator("#bpp").fill("80")
    page.locator("#bpp").dispatch_event("change")
    page.wait_for_selector("#results[aria-busy]")
    more = wait_for_results(page)
    assert float(more["tiled-dct"][1]) > 2 * float(rows["tiled-dct"][1])
    page.select_option("#compare-viewer .pick.left", "original")
    handle.focus()
    page.keyboard.press("End")
    page.focus("#compare-viewer .stage")
    page.keyboard.press("1")  # a pixel of the picture for one of the screen
    shown = canvas_pixels(page, "#compare-viewer")
    rows_seen, columns_seen = np.nonzero(shown[..., 3])
    top, left = rows_seen.min(), columns_seen.min()
    np.testing.assert_array_equal(shown[top : top + 90, left : left + 150, :3], pixels)


def result_of(page):
    """The edited picture, as it is downloaded."""
    page.wait_for_selector("#edit-viewer[data-state=done]")
    _, data = downloaded(page, "#download-png")
    return np.asarray(Image.open(io.BytesIO(data)))


def test_frequencies_are_edited(page, address):
    pixels, other = striped(), scene(60, 80, seed=4)[:, ::-1].copy()
    page.goto(address)
    page.focus("#tab-compare")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-edit", "aria-selected") == "true"
    choose(page, "#open", "striped.png", png_of(pixels))
    page.wait_for_selector("#patterns li")
    first = page.locator("#patterns input").first
    assert not first.is_checked()
    page.locator("#spectrum .peak").first.click()  # the circle is a switch
    assert first.is_checked()
    cleaned = result_of(page)
    assert page.locator("#spectrum .peak").first.get_attribute("aria-pressed") == "true"
    stripes = [np.abs(np.fft.fft(each.mean((0, 2)))[50]) for each in (pixels, cleaned)]
    assert stripes[1] < 0.1 * stripes[0]
    first.uncheck()
    page.wait_for_selector("#edit-viewer[data-state=same]")
    assert not page.is_visible("#download-png")

    page.locator("#gain-high").fill("0.5")
    np.testing.assert_array_equal(result_of(page), overtone.edit(pixels, gain={"high": 0.5}))
    page.click("#edit-reset")
    page.wait_for_selector("#edit-viewer[data-state=same]")
    assert page.input_value("#gain-high") == "1"

    assert page.is_disabled("#match")
    choose(page, "#other", HOSTILE, png_of(other))
    page.wait_for_selector("#match:enabled")
    assert page.inner_text("#other-name") == f"{HOSTILE}, 80×60"
    page.check("#match")
    np.testing.assert_array_equal(result_of(page), overtone.edit(pixels, match=other))
    page.uncheck("#match")
    page.wait_for_selector("#edit-viewer[data-state=same]")
    page.check("#mix")
    page.locator("#cutoff").fill("50")
    expected = overtone.edit(pixels, mix=other, cutoff=75**0.5)
    np.testing.assert_array_equal(result_of(page), expected)
    assert page.evaluate("window.hacked") is None


def test_models_draw(page, address):
    page.goto(address)
    page.click("#tab-models")
    page.select_option("#model", "fashion-mnist-dictionary")
    page.fill("#sample-count", "4")
    page.select_option("#sample-scale", "1")
    page.click("#sample-form .main")
    first = page.wait_for_selector("#sample-result img").get_attribute("src")
    page.fill("#sample-seed", "2")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#sample-result img:not([src='{first}'])")
    _, data = downloaded(page, "#sample-result a")
    drawn = overtone.sample("fashion-mnist-dictionary", 4, seed=2)
    found = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(found[2:30, 2:30], drawn[0, ..., 0])
    page.fill("#steps", "5")
    page.click("#interpolate-form .main")
    page.wait_for_selector("#interpolate-result .frame")
    source = page.get_attribute("#interpolate-result .frame", "src")
    page.locator("#interpolate-result input").fill("4")
    assert page.inner_text("#interpolate-result output") == "5 of 5"
    assert page.get_attribute("#interpolate-result .frame", "src") != source
    page.click("#interpolate-result button")
    page.wait_for_selector("#interpolate-result output:has-text('2 of 5')")
    page.fill("#atoms-count", "6")
    page.click("#atoms-form .main")
    page.wait_for_selector("#atoms-result img")
    assert page.locator("#atoms-result tbody tr").count() == 6
    page.select_option("#model", "fashion-mnist-dct")
    assert not page.is_visible("#atoms-form")
    assert not page.is_visible("#interpolate-form")


def test_what_goes_wrong_is_told_and_long_work_is_stopped(page, address):
    page.goto(address)
    page.wait_for_selector("#limits:not(:empty)")
    choose(page, "#open", HOSTILE, b"no picture")
    page.wait_for_selector("#alert:has-text('this is no picture in a format that is read here')")
    assert HOSTILE in page.inner_text("#alert")
    choose(page, "#open", "long.png", bytes(2_000_001))
    page.wait_for_selector("#alert:has-text('2000000 are the most')")
    choose(page, "#open", "wide.png", png_of(np.zeros((1000, 2001, 3), np.uint8)))
    page.wait_for_selector(
        f"#alert:has-text('2001x1000 pixels, and this studio takes {MAX_PIXELS}')"
    )
    page.click("#alert button")
    assert not page.is_visible("#alert")
    assert page.is_visible("#welcome")
    assert page.evaluate("window.hacked") is None

    page.evaluate("document.getElementById('effort').value = 'best'")
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    with page.expect_response(re.compile("/api/pictures")) as uploaded:
        choose(page, "#open", "noise.png", png_of(noise))
    held = f"{address}api/pictures/{uploaded.value.json()['key']}"
    page.wait_for_selector("#jobs li:has-text('tiled-dct')")
    with page.expect_response(re.compile("/stop$")) as stopped:
        page.click("#jobs button")
    assert stopped.value.status == 200
    page.wait_for_selector("#jobs li", state="detached")
    assert not page.is_visible("#alert")
    assert page.locator("#results tbody tr").count() == 0
    page.click("#tab-edit")  # the queue goes on
    page.wait_for_selector("#patterns-about:not(:empty)")
    assert status_of(held) == 200
    page.goto("about:blank")
    for _ in range(100):
        if status_of(held) == 404:
            break
        page.wait_for_timeout(50)
    else:
        raise AssertionError("the picture is still held")


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1280, "dark"), (3840, "dark")])
def test_the_page_fits_every_screen(page, address, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    page.evaluate("document.getElementById('effort').value = 'fast'")
    choose(page, "#open", "a name that is longer than its place " * 3, png_of(striped()))
    wait_for_results(page)
    table = page.locator("#results")
    assert table.evaluate(
        "(each) => each.parentElement.scrollWidth <= each.parentElement.clientWidth"
    )
    brightness = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (int(brightness) > 128) == (scheme == "light")
    for tab in ("compare", "edit", "models"):
        page.click(f"#tab-{tab}")
        page.wait_for_selector(f"#{tab}:visible")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        edges = page.evaluate(
            """(tab) => [
              ...document.querySelectorAll(`#${tab} button, #${tab} select, header label`)]
              .map((each) => each.getBoundingClientRect()).filter((box) => box.width)
              .flatMap((box) => [box.left, box.right])""",
            tab,
        )
        assert min(edges) >= 0, tab
        assert max(edges) <= width, tab
