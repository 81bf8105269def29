"""One line in a page, and its `<img src="a.ovt">` behave as images of any other kind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from web_pictures import (
    CODECS,
    PROGRESSIVE,
    array_of,
    file_of,
    golden_file,
    largest_difference,
    need_modules,
    progressive_file,
    rgba_of,
)
from web_server import Site, served

import overtone

SCRIPT = "<script type=module src=/js/polyfill.js></script>"
# What the browser has of an image, by drawing it; `null` where it is broken or not there yet.
DRAWN = """(selector) => {
  const image = document.querySelector(selector);
  if (!image.complete || image.naturalWidth === 0 || !/^blob:/.test(image.currentSrc)) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (const each of data) text += String.fromCharCode(each);
  return { data: btoa(text), width: canvas.width, height: canvas.height };
}"""
# The header of 8193x8193 pixels, more than a page shows, and nothing behind it.
VAST = b"OVTN" + bytes([1, 3, 0x81, 0x40, 0x81, 0x40, 3, 1]) + bytes(40)
INSERT = """async () => {
  await import("/js/polyfill.js");
  document.querySelector("div").innerHTML = "<img id=it src=/c.ovt alt=''>";
}"""
COUNTED = """<script>
  window.events = [];
  for (const type of ["load", "error"]) {
    const note = ({ target }) => target.id && events.push(`${type} ${target.id}`);
    document.documentElement.addEventListener(type, note, true);
  }
</script>"""


@pytest.fixture
def site() -> Iterator[Site]:
    need_modules()
    with served() as site:
        site.answers["/a.ovt"] = file_of("tiled-dct", 3)
        yield site


def shown(page, selector: str = "img") -> np.ndarray:
    """The pixels of an image once it is there."""
    page.wait_for_function(f"({DRAWN})({selector!r}) !== null")
    return array_of(page.evaluate(DRAWN, selector))


def pixels_of(data: bytes, **options) -> np.ndarray:
    return rgba_of(overtone.decode(data, num_threads=1, **options))


def is_broken(page, selector: str = "#it") -> bool:
    script = "(s) => (({complete, naturalWidth: w}) => complete && w === 0)($(s))"
    return page.evaluate(script.replace("$", "document.querySelector"), selector)


@pytest.mark.parametrize("codec", CODECS)
def test_an_image_of_the_page_is_shown(site, page, codec):
    site.answers["/b.ovt"] = golden_file(codec)
    page.goto(site.page(f"<img src=/b.ovt?version=2 alt='a scene'>{SCRIPT}"))
    assert largest_difference(shown(page), pixels_of(golden_file(codec))) <= 1


def test_layouts_with_and_without_alpha_are_shown(site, page):
    for channels in (1, 2, 4):
        site.answers["/b.ovt"] = file_of("tiled-dct", channels)
        page.goto(site.page(f"<img src=/b.ovt alt=''>{SCRIPT}"))
        expected = pixels_of(site.answers["/b.ovt"])
        found = shown(page)
        opaque = expected[:, :, 3] == 255
        # A canvas multiplies colours by alpha and back, so that clear pixels lose theirs.
        assert largest_difference(found[opaque], expected[opaque]) <= 1
        assert largest_difference(found[:, :, 3:], expected[:, :, 3:]) <= 1


def test_images_that_come_or_change_later_are_shown(site, page):
    site.answers["/b.ovt"] = golden_file("dfm")
    page.goto(site.page(f"<div></div>{SCRIPT}"))
    page.evaluate("""() => {
      document.querySelector("div").innerHTML = "<p><img id=one src=/a.ovt alt=''></p>";
      const image = document.createElement("img");
      image.id = "two";
      document.body.append(image);
      image.src = "/a.ovt";
    }""")
    expected = pixels_of(site.answers["/a.ovt"])
    assert largest_difference(shown(page, "#one"), expected) <= 1
    assert largest_difference(shown(page, "#two"), expected) <= 1
    page.evaluate("() => { document.querySelector('#two').src = '/b.ovt'; }")
    page.wait_for_function("document.querySelector('#two').naturalWidth === 23")
    assert largest_difference(shown(page, "#two"), pixels_of(golden_file("dfm"))) <= 1
    # One that is taken out and put back elsewhere is there again.
    page.evaluate("""async () => {
      const image = document.querySelector("#one");
      image.remove();
      await new Promise((resolve) => setTimeout(resolve, 50));
      document.body.append(image);
    }""")
    assert largest_difference(shown(page, "#one"), expected) <= 1


def test_a_page_is_told_of_one_load_and_no_error(site, page):
    body = f"<img id=it src=/a.ovt alt=''><img id=png src='' alt=''>{SCRIPT}"
    page.goto(site.page(COUNTED + body))
    page.evaluate("""async () => {
      await import("/js/polyfill.js");
      const image = Object.assign(new Image(), { id: "late", src: "/a.ovt" });
      document.body.append(image);
    }""")
    shown(page, "#late")
    page.wait_for_function("events.includes('load late')")
    assert page.evaluate("events.filter((each) => each.endsWith('late'))") == ["load late"]


def test_sizes_candidates_and_attributes_keep_their_meaning(site, page):
    site.answers["/small.ovt"] = golden_file("tiled-dct")
    page.goto(
        site.page(
            "<img id=dense srcset='/small.ovt 1x, /a.ovt 2x' src=/small.ovt alt=''>"
            "<img id=wide srcset='/small.ovt 10w, /a.ovt 70w' sizes=35px alt=''>"
            "<img id=packed srcset='http://[/a.ovt 4x,/a.ovt 2x,/small.ovt 3x' alt=''>"
            f"<img id=sized src=/a.ovt width=210 height=135 alt=''>{SCRIPT}"
        )
    )
    for name in ("dense", "wide", "packed", "sized"):
        shown(page, f"#{name}")
    box = "(id) => [document.getElementById(id).width, document.getElementById(id).height]"
    assert page.evaluate(box, "dense") == [23, 41]
    assert page.evaluate(box, "wide")[0] == 35  # twice as dense as the screen
    assert page.evaluate(box, "packed")[0] == 35
    assert page.evaluate(box, "sized") == [210, 135]
    assert "/a.ovt" in site.asked


def test_the_place_that_is_kept_has_the_size_of_the_picture(site, page):
    site.held["/a.ovt"] = len(site.answers["/a.ovt"]) // 2
    page.goto(site.page(f"<div></div>{SCRIPT}"), wait_until="commit")
    page.evaluate("""async () => {
      await import("/js/polyfill.js");
      document.querySelector("div").innerHTML = "<img srcset='/a.ovt 2x' alt=''>";
    }""")
    script = """(kind) => {
      const { naturalWidth, currentSrc } = document.querySelector("img");
      return naturalWidth === 35 && currentSrc.startsWith(kind);
    }"""
    page.wait_for_function(script, arg="data")
    site.release()
    page.wait_for_function(script, arg="blob")


def test_a_source_of_another_kind_is_passed_over_and_one_without_is_left_alone(site, page):
    body = (
        "<picture><source srcset=/a.ovt><img id=it src=/b.png alt=''></picture>"
        "<picture><source srcset=/c.ovt type=image/x-overtone><img id=two src=/a.ovt></picture>"
    )
    page.goto(site.page(body + SCRIPT))
    assert largest_difference(shown(page, "#two"), pixels_of(site.answers["/a.ovt"])) <= 1
    assert page.get_attribute("#it", "src") == "/b.png"
    assert page.get_attribute("#it", "data-ovt-src") is None
    assert "/c.ovt" not in site.asked


def test_a_lazy_image_is_fetched_when_it_comes_near(site, page):
    site.answers["/far.ovt"] = golden_file("tiled-dct")
    page.goto(
        site.page(
            "<img src=/a.ovt alt=''><div style='height: 20000px'></div>"
            f"<img id=far loading=lazy src=/far.ovt alt=''>{SCRIPT}"
        )
    )
    shown(page)
    assert "/far.ovt" not in site.asked
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert shown(page, "#far").shape == (41, 23, 4)


@pytest.mark.parametrize("codec", PROGRESSIVE)
def test_a_progressive_file_is_shown_as_it_arrives(site, page, codec):
    data = site.answers["/c.ovt"] = progressive_file(codec)
    half = site.held["/c.ovt"] = len(data) // 2
    page.goto(site.page(f"{COUNTED}<div></div>{SCRIPT}"), wait_until="commit")
    page.evaluate(INSERT)
    coarse = shown(page)
    assert largest_difference(coarse, pixels_of(data[:half], max_bytes=half)) <= 1
    assert page.evaluate("events") == []
    site.release()
    page.wait_for_function("events.length === 1")
    assert page.evaluate("events") == ["load it"]
    assert largest_difference(shown(page), pixels_of(data)) <= 1
    assert largest_difference(coarse, pixels_of(data)) > 8


@pytest.mark.parametrize("breaks_off", [False, True])
@pytest.mark.parametrize("codec", PROGRESSIVE)
def test_a_cut_progressive_file_shows_what_has_arrived(site, page, faults, codec, breaks_off):
    size = 2 * len(whole := progressive_file(codec)) // 3
    site.answers["/c.ovt"] = whole if breaks_off else whole[:size]
    if breaks_off:
        site.held["/c.ovt"] = size
        site.cut.add("/c.ovt")
    page.goto(site.page(f"{COUNTED}<div></div>{SCRIPT}"))
    page.evaluate(INSERT)
    shown(page)
    site.release()
    page.wait_for_function("events.length > 0")
    assert page.evaluate("events") == ["load it"]
    assert largest_difference(shown(page), pixels_of(whole[:size], max_bytes=size)) <= 1
    assert any("what has arrived is shown" in each for each in faults.console)


@pytest.mark.parametrize("kind", ["damaged", "cut", "foreign", "empty", "vast", "missing"])
def test_a_file_that_cannot_be_shown_is_a_broken_image(site, page, faults, kind):
    data = site.answers.pop("/a.ovt")
    answers = {
        "damaged": data[:60] + bytes([data[60] ^ 1]) + data[61:],
        "cut": data[: len(data) // 2],
        "foreign": b"GIF89a and so on",
        "empty": b"",
        "vast": VAST,
    }
    if kind in answers:
        site.answers["/a.ovt"] = answers[kind]
    page.goto(site.page(f"{COUNTED}<div></div>{SCRIPT}"))
    page.evaluate("""async () => {
      await import("/js/polyfill.js");
      document.querySelector("div").innerHTML =
        "<img id=it src=/a.ovt alt='the words' width=80 height=40>";
    }""")
    page.wait_for_function("events.length > 0")
    page.wait_for_timeout(100)
    assert page.evaluate("events") == ["error it"]
    assert is_broken(page)
    assert page.get_by_alt_text("the words").get_attribute("src") == "/a.ovt"
    told = [each for each in faults.console if each.startswith(site.url + "/a.ovt: ")]
    assert len(told) == 1
    assert kind != "vast" or "8193x8193 pixels, over the limit of 67108864" in told[0]
    if kind == "damaged":
        with pytest.raises(overtone.BitstreamError) as error:
            overtone.decode(answers["damaged"])
        assert told[0].endswith(str(error.value))


def test_one_damaged_image_does_not_hold_up_the_others(site, page):
    site.answers["/bad.ovt"] = site.answers["/a.ovt"][:-3]
    names = ["bad" if number % 3 == 1 else "a" for number in range(9)]
    body = "".join(f"<img id=n{i} src=/{name}.ovt?{i} alt=''>" for i, name in enumerate(names))
    page.goto(site.page(body + SCRIPT))
    for i, name in enumerate(names):
        if name == "a":
            assert shown(page, f"#n{i}").shape == (45, 70, 4)
    assert is_broken(page, "#n1")


def test_colour_profile_and_orientation_reach_the_browser(site, page):
    # EXIF of one entry: orientation 6, to be turned a quarter clockwise.
    exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    image = overtone.decode(golden_file("tiled-dct"), num_threads=1)
    site.answers["/t.ovt"] = overtone.encode(
        image, metadata=overtone.Metadata(exif=exif), num_threads=1
    )
    page.goto(site.page(f"<img src=/t.ovt alt=''>{SCRIPT}"))
    turned = np.rot90(pixels_of(site.answers["/t.ovt"]), -1)
    assert largest_difference(shown(page), turned) <= 1


def test_a_page_of_another_host_starts_the_worker_all_the_same(site, page, faults):
    with served() as other:
        site.allows_all = other.allows_all = True
        body = (
            f"<img src=/a.ovt alt=''><script type=module src={other.url}/js/polyfill.js></script>"
        )
        page.goto(site.page(body))
        assert largest_difference(shown(page), pixels_of(site.answers["/a.ovt"])) <= 1
        assert "/js/worker.js" in other.asked


def test_other_images_are_left_alone(site, page):
    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAAC"
    page.goto(site.page(f"<img id=it src='{pixel}' alt=''><img src=/a.ovt alt=''>{SCRIPT}"))
    shown(page, "img:not(#it)")
    assert page.get_attribute("#it", "src") == pixel
