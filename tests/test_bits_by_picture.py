"""Bits at equal PSNR picture by picture, on curves with a known answer; lines of held-out rows."""

from __future__ import annotations

import dataclasses
import json

import pytest
from toy_coded import row

from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.curves import bits_by_picture
from overtone.evaluate.rate_distortion.held_out import HeldOutRow
from overtone.evaluate.rate_distortion.rows import append_row
from overtone.evaluate.rate_distortion.table import refreshed, summaries


def ladder(image, factor, *, codec="jpeg", lowest_db=25.0):
    """A picture at five qualities, with log rates that are straight lines of the PSNR."""
    return [
        row(
            codec=codec,
            image=image,
            quality=quality,
            rate_bpp=0.1 * factor * 2 ** (quality / 2),
            psnr_db=lowest_db + 3 * quality,
        )
        for quality in (0.0, 1.0, 2.0, 3.0, 5.0)
    ]


def test_each_picture_counts_alike_in_bits_by_picture():
    anchor = ladder("a", 1.0) + ladder("b", 100.0)
    own = ladder("a", 0.5) + ladder("b", 110.0)
    found = bits_by_picture(anchor, own)
    assert found == {"a": pytest.approx(-50), "b": pytest.approx(10)}
    line = next(each for each in summaries([*anchor, *renamed(own)]) if each.label == "tiled-dct")
    assert line.bits_jpeg_percent == pytest.approx(-20)
    assert line.bits_avif_percent is None
    # The mean curve is nearly that of the picture with the most bits.
    assert line.bd_psnr_percent == pytest.approx(10, abs=1)


def renamed(rows):
    return [dataclasses.replace(each, codec="tiled-dct") for each in rows]


def test_only_the_range_counts_in_bits_by_picture():
    anchor = ladder("a", 1.0)
    # A fifth fewer bits from 31 dB up, and as many below.
    own = [
        dataclasses.replace(each, rate_bpp=each.rate_bpp * (0.8 if each.psnr_db >= 31 else 1.0))
        for each in anchor
    ]
    found = bits_by_picture(anchor, own, (34.0, 99.0))
    assert found == {"a": pytest.approx(-20)}
    found = bits_by_picture(anchor, own, (25.0, 28.0))
    assert found is not None
    assert found["a"] > -3
    assert bits_by_picture(anchor, own, (50.0, 60.0)) is None
    assert bits_by_picture(anchor, [*own, *ladder("b", 1.0)]) is None, "b has no anchor"


def held_out(rows, **changes):
    names = ("image", "effort", "quality", "size_bytes", "rate_bpp", "psnr_db")
    names += ("commit", "machine", "date")
    own = [{name: getattr(each, name) for name in names} for each in rows]
    return [{**each, "learned_on": ["other"], **changes} for each in own]


def test_cross_validated_lines_come_before_their_codec(tmp_path):
    anchor, own = ladder("a", 1.0), ladder("a", 0.5, codec="tiled-dct")
    for each in anchor + own:
        append_row(tmp_path / "s" / f"{each.codec}.jsonl", each)
    path = tmp_path / "clean.jsonl"
    path.write_text("\n".join(map(json.dumps, held_out(ladder("a", 0.6)))))
    marker = "<!-- results: s held-out tiled-dct=clean.jsonl -->"
    made = refreshed(f"{marker}\n<!-- /results -->", tmp_path)
    assert made.startswith(f"{marker}\n| codec |")
    jpeg, clean, flattered = made.splitlines()[3:6]
    assert jpeg.startswith("| jpeg | 1 |")
    assert clean.startswith("| tiled-dct, cross-validated | 1 | – | −40.0 % |")
    assert clean.endswith("| −40.0 % | −40.0 % | – | – | – |")
    assert flattered.startswith("| tiled-dct | 1 | – | −50.0 % |")
    assert "table s --held-out tiled-dct=clean.jsonl`" in made
    path.write_text("")
    with pytest.raises(ConfigError, match="no held-out rows of tiled-dct in clean"):
        refreshed(made, tmp_path)


def test_a_picture_learned_from_is_not_held_out():
    (record,) = held_out([row(image="other")])
    with pytest.raises(ConfigError, match="other is among the pictures learned from"):
        HeldOutRow.from_json(json.dumps(record))
    with pytest.raises(ConfigError, match="not a row of held-out results"):
        HeldOutRow.from_json("{}")
