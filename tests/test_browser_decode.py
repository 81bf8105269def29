"""The decoder in a browser gives the pixels and the errors that Python gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from web_pictures import (
    CODECS,
    PROGRESSIVE,
    array_of,
    encoded,
    file_of,
    golden_file,
    largest_difference,
    need_modules,
    progressive_file,
    rgba_of,
)
from web_server import Site, served

import overtone
from overtone.bitstream.container import Container

# What pages of these tests know: bytes of a file, and a call that tells its outcome.
SETUP = """async () => {
  const { decode, decodeToPng, info, OvertoneError } = await import("/js/index.js");
  const text = (bytes) => {
    let all = "";
    for (let i = 0; i < bytes.length; i += 8192) {
      all += String.fromCharCode(...bytes.subarray(i, i + 8192));
    }
    return btoa(all);
  };
  window.bytes = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  window.answer = async (work) => {
    try {
      const { data, width, height } = await work();
      return { data: text(data), width, height };
    } catch (error) {
      const isOwn = error instanceof OvertoneError;
      return { isOwn, name: error.name, code: error.code, offset: error.offset,
               message: error.message };
    }
  };
  window.run = (base64, options) => answer(() => decode(bytes(base64), options));
  Object.assign(window, { decode, decodeToPng, info });
}"""
VIEWS: tuple[dict[str, Any], ...] = (
    {},
    {"scale": 0.37},
    {"scale": 2.5},
    {"size": [31, 52]},
    {"crop": [3, 5, 17, 11]},
    {"crop": [2.25, 1.5, 9.5, 30], "size": [40, 61]},
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    need_modules()
    with served() as site:
        yield site


@pytest.fixture
def tab(site, page):
    """A page that can decode."""
    page.goto(site.url)
    page.evaluate(SETUP)
    return page


def decoded(tab, data: bytes, **options) -> np.ndarray:
    result = tab.evaluate("([data, options]) => run(data, options)", [encoded(data), options])
    assert "data" in result, result
    return array_of(result)


def refused(tab, data: bytes, **options) -> dict:
    result = tab.evaluate("([data, options]) => run(data, options)", [encoded(data), options])
    assert "data" not in result
    return result


@pytest.mark.parametrize("codec", CODECS)
def test_golden_files_have_the_pixels_of_python_in_every_view(tab, codec):
    data = golden_file(codec)
    for view in VIEWS:
        expected = rgba_of(overtone.decode(data, num_threads=1, **as_python(view)))
        assert largest_difference(decoded(tab, data, **view), expected) <= 1, view


@pytest.mark.parametrize(
    ("codec", "channels"),
    [(codec, channels) for codec in ("tiled-dct", "dfm") for channels in (1, 2, 3, 4)]
    + [("sparse-dct", 1), ("sparse-dct", 3)],
)
def test_every_layout_has_the_pixels_of_python(tab, codec, channels):
    data = file_of(codec, channels, 24, 40)
    view = {"crop": [4, 2, 30, 20], "scale": 1.5}
    for options in ({}, view):
        expected = rgba_of(overtone.decode(data, num_threads=1, **as_python(options)))
        assert largest_difference(decoded(tab, data, **options), expected) <= 1, options


def as_python(view: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in view.items()
    }


@pytest.mark.parametrize("codec", CODECS)
def test_the_plain_module_decodes_as_the_one_with_vectors(tab, codec):
    options = {"scale": 1.3}
    script = """async ([name, data, options]) => {
      const { Jobs } = await import("/js/jobs.js");
      const { compile, dataUrl, fetched } = await import("/js/web.js");
      const module = await compile(new URL(`/js/wasm/ovt-${name}.wasm`, location.href));
      const jobs = new Jobs(module, async (each) =>
        new Uint8Array(await (await fetched(dataUrl(each))).arrayBuffer()));
      return answer(async () => {
        const { pixels, width, height } =
          await jobs.answer({ kind: "pixels", bytes: bytes(data), options });
        return { data: pixels, width, height };
      });
    }"""
    data = encoded(golden_file(codec))
    plain, simd = (
        array_of(tab.evaluate(script, [name, data, options])) for name in ("plain", "simd")
    )
    assert largest_difference(plain, simd) <= 1


def test_a_browser_without_vectors_takes_the_plain_module(site, page):
    site.asked.clear()
    page.add_init_script("WebAssembly.validate = () => false")
    page.goto(site.url)
    page.evaluate(SETUP)
    assert decoded(page, golden_file("tiled-dct")).shape == (41, 23, 4)
    assert "/js/wasm/ovt-plain.wasm" in site.asked
    assert "/js/wasm/ovt-simd.wasm" not in site.asked


def test_the_data_of_a_codec_are_fetched_when_a_file_of_it_is_met(site, page):
    site.asked.clear()
    page.goto(site.url)
    page.evaluate(SETUP)
    decoded(page, golden_file("tiled-dct"))
    assert "/js/data/sparse-dct/context_state.bin" not in site.asked
    decoded(page, golden_file("sparse-dct"))
    assert site.asked.count("/js/data/sparse-dct/context_state.bin") == 1


def test_info_needs_the_header_alone(tab):
    metadata = overtone.Metadata(icc=b"profile" * 9, exif=b"II*\0" + b"x" * 40, dpi=(300, 72.5))
    image = np.zeros((20, 33, 4), np.uint8)
    data = overtone.encode(image, metadata=metadata, num_threads=1)
    script = """async (data) => {
      const { icc, exif, ...rest } = await info(bytes(data));
      return { icc: [...icc], exif: [...exif], ...rest };
    }"""
    found = tab.evaluate(script, encoded(data[:120]))
    assert bytes(found.pop("icc")) == metadata.icc
    assert bytes(found.pop("exif")) == metadata.exif
    assert found == {
        "width": 33,
        "height": 20,
        "layout": "rgba",
        "codec": "tiled-dct",
        "codecId": 1,
        "isProgressive": False,
        "dpi": [300, 72.5],
    }


def test_zooming_into_a_crop_decodes_it_sharp(tab):
    data = file_of("tiled-dct", 3, 96, 130)
    crop = (52, 38, 26, 20)
    sharp = decoded(tab, data, crop=crop, scale=8)
    expected = rgba_of(overtone.decode(data, crop=crop, scale=8, num_threads=1))
    assert largest_difference(sharp, expected) <= 1
    # Enlarging pixels makes steps of 8x8 equal ones, evaluating the series does not.
    blocks = decoded(tab, data, crop=crop).repeat(8, axis=0).repeat(8, axis=1)
    assert largest_difference(sharp, blocks) > 8


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("codec", PROGRESSIVE)
def test_a_cut_file_decodes_to_what_has_arrived(tab, codec, share):
    whole = progressive_file(codec)
    data = whole[: int(share * len(whole))]
    expected = rgba_of(overtone.decode(data, max_bytes=len(data), num_threads=1))
    assert largest_difference(decoded(tab, data, maxBytes=len(data)), expected) <= 1


@dataclasses.dataclass(frozen=True)
class Wrong:
    """Options that both languages refuse, each in its spelling."""

    in_python: dict[str, Any]
    code: str = "BAD_ARGUMENT"
    codec: str = "tiled-dct"

    def in_javascript(self) -> dict[str, Any]:
        names = {"max_pixels": "maxPixels", "max_bytes": "maxBytes"}
        return {names.get(name, name): value for name, value in self.in_python.items()}


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong({"crop": (0, 0, 1e6, 3.14159265)}),
        Wrong({"crop": (-1e-7, 0, 3, 3)}),
        Wrong({"scale": -1.5}),
        Wrong({"scale": 0}),
        Wrong({"scale": 1, "size": (3, 3)}),
        Wrong({"size": (0, 3)}),
        Wrong({"scale": 1e9}),
        Wrong({"max_pixels": 900}, code="LIMIT_EXCEEDED"),
        Wrong({"max_bytes": 100}),
        Wrong({"max_bytes": 0}, codec="sparse-dct"),
        Wrong({"max_bytes": 5}, codec="sparse-dct", code="TRUNCATED"),
    ],
    ids=lambda wrong: str(wrong.in_python),
)
def test_options_are_refused_with_the_words_of_python(tab, wrong):
    data = golden_file(wrong.codec)
    with pytest.raises(overtone.OvertoneError) as told:
        overtone.decode(data, num_threads=1, **wrong.in_python)
    found = refused(tab, data, **wrong.in_javascript())
    assert (found["isOwn"], found["code"]) == (True, wrong.code)
    assert found["message"] == str(told.value)
    assert found["offset"] == getattr(told.value, "offset", None)


def test_damage_is_told_with_the_words_of_python(tab):
    data = golden_file("tiled-dct")
    flipped = data[:100] + bytes([data[100] ^ 8]) + data[101:]
    for bad in (b"", b"GIF89a......", data[:200], flipped, data + b"x", b"OVTN\x02" + data[5:]):
        with pytest.raises(overtone.BitstreamError) as told:
            overtone.decode(bad, num_threads=1)
        found = refused(tab, bad)
        assert (found["message"], found["offset"]) == (str(told.value), told.value.offset)


def test_a_picture_that_no_address_reaches_is_refused(tab):
    golden = Container.from_bytes(golden_file("sparse-dct"))
    large = dataclasses.replace(golden, width=65535, height=65535)
    found = refused(tab, large.to_bytes(), maxPixels=2**33, crop=[0, 0, 2, 3])
    assert (found["code"], found["message"]) == ("NO_MEMORY", "there is not enough memory")


def test_unknown_options_and_other_things_than_bytes_are_refused(tab):
    found = refused(tab, golden_file("dfm"), zoom=2)
    assert found["message"].startswith("unknown option zoom; known are scale, size, crop")
    told = tab.evaluate("() => answer(() => decode('a.ovt'))")
    assert told["code"] == "BAD_ARGUMENT"


def test_a_stopped_decode_rejects_and_the_next_one_works(tab):
    data = encoded(file_of("sparse-dct", 3, 96, 130))
    script = """async (data) => {
      await info(bytes(data)); // the worker is there
      const stopped = new AbortController();
      const waiting = new AbortController();
      const first = answer(() => decode(bytes(data), { scale: 60, signal: stopped.signal }));
      const second = answer(() => decode(bytes(data), { signal: waiting.signal }));
      const third = answer(() => decode(bytes(data)));
      setTimeout(() => (waiting.abort(), stopped.abort()), 20);
      return Promise.all([first, second, third]);
    }"""
    first, second, third = tab.evaluate(script, data)
    assert first["name"] == second["name"] == "AbortError"
    assert (third["width"], third["height"]) == (130, 96)


def test_a_worker_without_a_decoder_says_why(tab):
    script = """async () => {
      const worker = new Worker("/js/worker.js", { type: "module" });
      const answer = new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
      const head = [0, 97, 115, 109, 1, 0, 0, 0]; // a module with nothing in it
      worker.postMessage({ module: await WebAssembly.compile(Uint8Array.from(head)) });
      worker.postMessage({ kind: "info", bytes: new Uint8Array(3), options: {} });
      return await answer;
    }"""
    told = tab.evaluate(script)
    assert (told["fault"]["code"], told["isSpent"]) == ("INTERNAL", True)
    assert "_initialize" in told["fault"]["message"]


def test_an_aborted_signal_is_refused_at_once(tab):
    script = "(data) => answer(() => decode(bytes(data), { signal: AbortSignal.abort() }))"
    assert tab.evaluate(script, encoded(golden_file("dfm")))["name"] == "AbortError"
