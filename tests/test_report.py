"""The page and its curves: complete, self-contained, the same for the same rows."""

import re
import xml.etree.ElementTree as ET

import numpy as np
from helpers import scene

from overtone.evaluate.rate_distortion.plot import curves_svg
from overtone.evaluate.rate_distortion.report import Section, report_html
from overtone.evaluate.rate_distortion.run import Sample, Setting, measure_picture
from overtone.evaluate.rate_distortion.side_by_side import (
    DETAIL_PX,
    SideBySide,
    detail_box,
    equal_bytes,
)

SAMPLE = Sample("a <scene>", scene(96, 150))


def rows():
    return [
        measure_picture(SAMPLE, Setting(codec=codec, quality=quality), suite="s").row
        for codec in ("jpeg", "webp")
        for quality in (10.0, 40.0, 80.0)
    ]


def test_curves_are_valid_and_reproducible_svg():
    measured = rows()
    svg = curves_svg(measured)
    assert ET.fromstring(svg).tag.endswith("svg")
    assert curves_svg(measured) == svg
    assert {"jpeg", "webp"} <= set(re.findall(r">([a-z]+)</text>", svg))


def test_the_page_holds_everything_and_names_what_it_cannot_match():
    first = measure_picture(SAMPLE, Setting(codec="webp", quality=20.0), suite="s")
    settings = [Setting(codec=codec, quality=50.0) for codec in ("jpeg", "jpeg2000")]
    others = tuple(equal_bytes(SAMPLE, first, settings, suite="s"))
    page = report_html(
        title="A & B",
        rows=rows(),
        side_by_sides=[SideBySide(SAMPLE, (first, *others))],
        sections=[Section("Seams", "<p>none</p>")],
    )
    assert "A &amp; B" in page
    assert "a &lt;scene&gt;" in page
    assert "<h2>Seams</h2><p>none</p>" in page
    # Four pictures and four details, inline; nothing comes from elsewhere.
    assert len(re.findall(r'<img alt="[^"]+" src="data:image/webp;base64,', page)) == 8
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    for each in others:
        ratio = each.row.size_bytes / first.row.size_bytes
        assert (f"{ratio:.2f} times the bytes" in page) == (not 0.97 <= ratio <= 1.03)


def test_the_detail_is_where_the_edges_are():
    image = np.full((300, 400, 3), 128, np.uint8)
    image[180:240, 250:330] = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    left, top, width, height = detail_box(image)
    assert (width, height) == (DETAIL_PX, DETAIL_PX)
    assert left <= 250 and left + width >= 330  # noqa: PT018
    assert top <= 180 and top + height >= 240  # noqa: PT018


def test_a_small_picture_is_its_own_detail():
    assert detail_box(scene(9, 14)) == (0, 0, 14, 9)
