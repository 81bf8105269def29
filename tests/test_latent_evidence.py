"""The evidence for the codec `dfm-latent`: what rows say, and the page."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
from experiments.latent import judge, page, page_ablation
from experiments.latent.rows import (
    CODEC,
    PUBLISHED,
    QUALITIES,
    STANDARD,
    points_of,
    read_published,
)
from experiments.latent.variants import CONTROL, VARIANTS, multiplications, variants_named
from toy_latent_files import DIAL, curve_rows, file_row, stored
from toy_rows import store

from overtone.codecs.base import EncodeOptions
from overtone.codecs.dfm_latent.config import rd_weight
from overtone.codecs.registry import get_codec
from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.curves import bits_by_picture

ROOT = pathlib.Path(__file__).parent.parent


def page_of(root):
    return page.build(root)[page.PAGE]


def test_qualities_are_those_of_the_published_weights_of_the_rate():
    published = {row["rd_weight"] for row in read_published_lines()}
    assert sorted(map(rd_weight, QUALITIES)) == pytest.approx(sorted(published), rel=0.01)


def test_the_codec_knows_what_variants_change():
    for variant in VARIANTS.values():
        options = EncodeOptions(preset=variant.preset, settings=variant.settings)
        get_codec(CODEC).check(options)


def test_published_tables_are_whole():
    found = read_published(ROOT)
    assert [*found] == ["Cool-Chic 5.0.1", "Cool-Chic 4.2"]
    for rows in found.values():
        assert len(rows) == 12 * 5
        assert len({(row["image"], row["rd_weight"]) for row in rows}) == 60
    row = found["Cool-Chic 5.0.1"][2]
    assert (row["image"], row["rate_bpp"], row["psnr_db"]) == ("kodim01", 0.771859, 32.34837)
    # The loss beside it in the published table, 1.354181, which is 1000 (D + λR).
    assert 10 ** (-row["psnr_db"] / 10) + row["rd_weight"] * row["rate_bpp"] == pytest.approx(
        1.354181e-3, rel=1e-5
    )


def test_bits_are_those_of_the_shared_function_picture_by_picture():
    half = points_of(curve_rows(bits=0.5))
    whole = points_of(curve_rows())
    assert judge.bits(whole, half) == pytest.approx({"a": -50.0, "b": -50.0})
    assert judge.bits(whole, half) == bits_by_picture(whole, half)
    only_a = [point for point in whole if point.image == "a"]
    assert judge.bits(only_a, half) == pytest.approx({"a": -50.0})
    assert judge.bits([], half) == {}


def test_what_was_asked_for_is_judged():
    rows = curve_rows(bits=0.9) + curve_rows(effort="fast", encode_s=16.0)
    against = {judge.TILED_DCT: points_of(curve_rows()), judge.COOL_CHIC: []}
    found = {target.text: target for target in judge.targets(rows, against)}
    bits = found["bits against `tiled-dct` at effort `default`"]
    assert bits.measured == pytest.approx(-10)
    assert (bits.verdict, bits.num_pictures) == ("not met", 2)
    assert bits._replace(measured=-15.0).verdict == "met"
    other = found["bits against Cool-Chic 5.0.1 at effort `default`"]
    assert other.verdict == "not measured yet"
    assert other._replace(measured=-0.1).verdict == "met, the aim too"
    assert found["slowest encoding at effort `fast`"].verdict == "not met"
    assert found["slowest encoding at effort `default`"].verdict == "met"
    assert found["slowest decoding"].verdict == "met"
    assert found["slowest decoding"].measured == pytest.approx(60)


def test_a_variant_is_compared_on_shared_files_only():
    rows = curve_rows(variant=CONTROL) + [
        file_row("a", q, variant="fourier 5", bits=0.8, encode_s=160.0) for q in DIAL[:2]
    ]
    control, fourier = judge.changes(rows, "trunks", "default")
    assert (control.variant, fourier.variant) == (CONTROL, "fourier 5")
    assert (fourier.num_files, fourier.num_pictures) == (2, 1)
    assert fourier.bits_percent == pytest.approx({"a": -20.0})
    assert fourier.encode_ratio == pytest.approx(2)
    costs = [file_row("a", q, bits=0.8)["cost"] / file_row("a", q)["cost"] for q in DIAL[:2]]
    assert fourier.costs_percent["a"] == pytest.approx(100 * (np.prod(costs) ** 0.5 - 1))
    assert judge.changes(rows, "trunks", "fast") == []


def test_sinusoids_are_judged_against_equal_arithmetic_and_equal_weights(tmp_path):
    rows = curve_rows(variant="fourier 5") + curve_rows(variant="rectified 39")
    rows = [row | {"cost": 1.0} for row in rows]
    rows += [row | {"cost": 1.02} for row in curve_rows(variant="rectified 21")]
    (line,) = page_ablation.control_lines(rows, "default")
    assert line.startswith("| `default` | `fourier 5` | `rectified 39` | +0.0 % ± 0.0 |")
    assert line.endswith("| `rectified 21` | −2.0 % ± 0.0 | worth having |")
    (line,) = page_ablation.control_lines(rows[:12], "default")
    assert line.endswith("| `rectified 21` | – | a draw |")
    worse = [row | {"cost": 1.5 if row["variant"] == "fourier 5" else 1.0} for row in rows]
    assert page_ablation.control_lines(worse, "default")[0].endswith("| worse |")
    assert "The rule, stated before" in page_of(stored(tmp_path, rows))


def test_seeds_spread():
    rows = [file_row(seed=seed, cost=1.0 + 0.02 * seed) for seed in (0, 1)] + [file_row("b")]
    found = judge.seed_spread_percent(rows, "default")
    assert found == (pytest.approx(1.40, abs=0.01), 1)
    assert judge.seed_spread_percent(rows[:1], "default") is None


def test_prefixes_are_averaged_where_all_pictures_show_something():
    rows = [file_row("a"), file_row("b", prefixes=[[0.1, 20.0], [0.5, 24.0], [1.0, 32.0]])]
    assert judge.prefix_curve(rows) == [(0.1, None), (0.5, 25.0), (1.0, 31.0)]


def test_arithmetic_of_trunks():
    assert multiplications("fourier", 4) == 28 + 48 + 44 + 90
    assert multiplications("fourier", 5) == 35 + 60 + 104 + 186
    assert multiplications("rectified", 48) == 480
    assert multiplications("products", 5) == 35 + 26 + 93
    assert multiplications("linear", 0) == 0


def test_names_of_variants():
    assert variants_named(["all"]) == [*VARIANTS]
    assert variants_named(["sizes", STANDARD]) == [STANDARD, "lop", "mop", "hop"]
    assert all(variant.against in VARIANTS for variant in VARIANTS.values())
    with pytest.raises(ConfigError, match="unknown variant fouri 5; did you mean fourier 5"):
        variants_named(["fouri 5"])


def shifted(rows):
    """Into the range in which bits are compared."""
    return [row | {"psnr_db": row["psnr_db"] + 1, "image": f"kodim0{row['image']}"} for row in rows]


def test_the_page_tells_what_is_measured_and_what_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "drawings", lambda *_: {})
    store(tmp_path, PUBLISHED.relative_to("experiments"), read_published_lines())
    rows = shifted([file_row(image, q, bits=0.4) for image in "13" for q in DIAL])
    stored(tmp_path, [*rows, *(row | {"variant": "lop", "preset": "lop"} for row in rows)])
    text = page_of(tmp_path)
    for effort, start in (("fast", ""), ("best", ""), ("default", " 2 | 6 | – |")):
        line = next(line for line in text.splitlines() if line.startswith(f"| effort `{effort}` |"))
        assert line.endswith("| not measured yet |") == (not start)
        assert line.startswith(f"| effort `{effort}` |{start}")
    assert "| `default` | 42 | 0.001 | 0.4000 | 31.00 |" in text
    assert "| kodim03 | 3 | 25.00 | 37.00 |" in text
    assert "| `lop` | always the small sizes | 6 | +0.0 % | 0.0 % | 0 of 2 | +0.0 % |" in text
    assert "| Cool-Chic 4.2 | 12 | 60 |" in text
    assert "against Cool-Chic 5.0.1 at effort `default` | +15.0 % | 0 % | +" in text
    assert "(../images/latent/rates.svg)" in text


def read_published_lines():
    return [json.loads(line) for line in (ROOT / PUBLISHED).read_text().splitlines()]


def test_drawings_are_of_what_is_measured():
    rows = curve_rows()
    against = {judge.COOL_CHIC: points_of(curve_rows(bits=1.1)), judge.HELD_OUT: points_of(rows)}
    drawn = page.drawings(rows, against)
    assert set(drawn) == {page.RATES, page.PREFIXES}
    assert "dfm-latent, default" in drawn[page.RATES]
    assert judge.COOL_CHIC in drawn[page.RATES]
    assert "dfm-latent, best" not in drawn[page.RATES]
    assert "cross-validated" not in drawn[page.RATES]
    assert "λ 0.001" in drawn[page.PREFIXES]
    assert "λ 0.004" not in drawn[page.PREFIXES]
    assert page.drawings([], against) == {}


def test_without_matplotlib_drawings_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(page.importlib.util, "find_spec", lambda _: None)
    assert [*page.build(stored(tmp_path, curve_rows()))] == [page.PAGE]


def test_files_of_other_codecs_are_not_on_the_page(tmp_path):
    stored(tmp_path, [row | {"codec": "tiled-dct"} for row in curve_rows()])
    assert "c0ffee1" not in page_of(tmp_path)
