"""The viewer page: a file is opened, looked at from near, and faults are told."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from web_pictures import (
    array_of,
    file_of,
    golden_file,
    largest_difference,
    need_modules,
    rgba_of,
)
from web_server import Site, served

import overtone

WIDTH, HEIGHT = 130, 96
# What is on the canvas around its middle, device pixels.
MIDDLE = """([width, height]) => {
  const canvas = document.querySelector("canvas");
  const left = Math.round(canvas.width / 2 - width / 2);
  const top = Math.round(canvas.height / 2 - height / 2);
  const { data } = canvas.getContext("2d").getImageData(left, top, width, height);
  let text = "";
  for (const each of data) text += String.fromCharCode(each);
  return { data: btoa(text), width, height };
}"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    need_modules()
    with served() as site:
        yield site


@pytest.fixture
def viewer(site, page):
    """The viewer with a picture in it, small so that decoding takes little."""
    page.set_viewport_size({"width": 640, "height": 420})
    page.goto(site.url + "/js/viewer/index.html")
    give(page, "scene.ovt", file_of("tiled-dct", 3, HEIGHT, WIDTH))
    wait_for(page, "sharp")
    return page


def give(page, name: str, data: bytes) -> None:
    page.set_input_files("input", {"name": name, "mimeType": "", "buffer": data})


def wait_for(page, state: str) -> None:
    page.wait_for_selector(f"canvas[data-state={state}]")


def test_a_part_is_decoded_again_at_the_resolution_of_the_screen(viewer):
    viewer.keyboard.press("1")
    wait_for(viewer, "sharp")
    data = file_of("tiled-dct", 3, HEIGHT, WIDTH)
    box = [WIDTH, HEIGHT]
    assert largest_difference(array_of(viewer.evaluate(MIDDLE, box)), decoded(data)) <= 1
    for _ in range(13):
        viewer.keyboard.press("+")
    wait_for(viewer, "sharp")
    zoom = 1.25**13
    sides = "(({ width, height }) => [width, height])(document.querySelector('canvas'))"
    seen = viewer.evaluate(sides)
    width, height = (each / zoom for each in seen)
    # The picture begins at a whole pixel of the canvas.
    left, top = (
        -round(room / 2 - zoom * side / 2) / zoom
        for room, side in zip(seen, (WIDTH, HEIGHT), strict=True)
    )
    crop = (left, top, width, height)
    sharp = decoded(data, crop=crop, size=tuple(seen))
    found = array_of(viewer.evaluate(MIDDLE, seen))
    assert largest_difference(found, sharp) <= 1
    # It is not the pixels of before, enlarged.
    soft = Image.fromarray(decoded(data)).resize(seen, Image.Resampling.BICUBIC, box_of(crop))
    assert largest_difference(found, np.asarray(soft)) > 2


def box_of(crop: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, width, height = crop
    return left, top, left + width, top + height


def decoded(data: bytes, **options) -> np.ndarray:
    return rgba_of(overtone.decode(data, num_threads=1, **options))


def test_keys_buttons_and_the_wheel_move_the_view(viewer):
    def told() -> str:
        return viewer.inner_text("output")

    assert told().startswith("scene.ovt: 130×96, tiled-dct, ")
    fitted = told()
    viewer.get_by_role("button", name="Zoom in").click()
    assert told() != fitted
    viewer.get_by_role("button", name="Fit").click()
    assert told() == fitted
    viewer.get_by_role("button", name="1:1").click()
    assert told().endswith(" 100 %")
    viewer.mouse.move(350, 200)
    viewer.mouse.wheel(0, -300)
    viewer.wait_for_function("!document.querySelector('output').innerText.endsWith(' 100 %')")
    wait_for(viewer, "sharp")
    before = viewer.evaluate(MIDDLE, [60, 60])
    for _ in range(8):
        viewer.keyboard.press("+")
    viewer.keyboard.press("ArrowRight")
    wait_for(viewer, "sharp")
    assert viewer.evaluate(MIDDLE, [60, 60]) != before


def test_a_damaged_file_is_told_and_the_next_one_shown(viewer):
    data = file_of("tiled-dct", 3, HEIGHT, WIDTH)
    give(viewer, "<b>bad</b>.ovt", data[:-1])
    alert = viewer.locator("[role=alert]")
    viewer.wait_for_function("document.querySelector('[role=alert]').innerText !== ''")
    assert "<b>bad</b>.ovt cannot be shown: " in alert.inner_text()
    assert viewer.get_by_role("button", name="Fit").is_disabled()
    give(viewer, "good.ovt", file_of("sparse-dct", 3))
    wait_for(viewer, "sharp")
    assert alert.inner_text() == ""
    assert "good.ovt: 70×45, sparse-dct" in viewer.inner_text("output")


def test_a_file_of_grids_is_shown_pixel_for_pixel(viewer):
    data = golden_file("dfm-latent")
    give(viewer, "grids.ovt", data)
    viewer.wait_for_function("document.querySelector('output').innerText.startsWith('grids')")
    assert "grids.ovt: 23×41, dfm-latent" in viewer.inner_text("output")
    viewer.keyboard.press("1")
    wait_for(viewer, "sharp")
    found = array_of(viewer.evaluate(MIDDLE, [23, 41]))
    assert largest_difference(found, decoded(data)) <= 1


def test_a_file_can_be_dropped(site, page):
    page.goto(site.url + "/js/viewer/index.html")
    site.answers["/drop.ovt"] = file_of("tiled-dct", 3)
    page.evaluate("""async () => {
      const bytes = await (await fetch("/drop.ovt")).arrayBuffer();
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], "drop.ovt"));
      document.querySelector("main").dispatchEvent(
        new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }""")
    wait_for(page, "sharp")
    assert page.get_by_role("img", name="drop.ovt, 70 by 45 pixels").is_visible()
