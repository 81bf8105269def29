"""Rows are complete, resumable and honest; tables average them both ways."""

import dataclasses
import json
import math

import numpy as np
import pytest
from helpers import scene
from toy_coded import row

from overtone.codecs.base import EncodeOptions
from overtone.codecs.registry import get_codec
from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.curves import average_curve
from overtone.evaluate.rate_distortion.match import encode_near
from overtone.evaluate.rate_distortion.rows import (
    Row,
    append_row,
    current_rows,
    image_hash,
    read_rows,
)
from overtone.evaluate.rate_distortion.run import (
    Sample,
    Setting,
    as_held_by,
    measure_picture,
    plan,
    run,
)
from overtone.evaluate.rate_distortion.table import (
    label_of,
    main,
    markdown_table,
    refreshed,
    summaries,
)
from overtone.metrics import psnr_db
from overtone.metrics.psnr import psnr_db_from_mse

SAMPLES = [Sample("wide", scene(40, 72)), Sample("tall", scene(61, 35, seed=1))]
SETTINGS = [Setting(codec="jpeg", quality=quality) for quality in (20.0, 50.0)]


def test_a_row_speaks_of_the_file_and_of_the_decoded_pixels():
    measured = measure_picture(SAMPLES[0], SETTINGS[0], suite="s")
    assert measured.row.size_bytes == len(measured.data)
    assert measured.row.rate_bpp == 8 * len(measured.data) / (40 * 72)
    assert measured.row.psnr_db == psnr_db(
        reference=SAMPLES[0].image, reconstruction=measured.decoded
    )
    assert (measured.row.height, measured.row.width) == (40, 72)


def test_a_row_survives_its_line():
    assert Row.from_json(row().to_json()) == row()


def test_equal_pictures_are_written_as_valid_json():
    line = row(psnr_db=math.inf).to_json()
    assert json.loads(line)["psnr_db"] is None
    assert Row.from_json(line).psnr_db == math.inf


@pytest.mark.parametrize("line", ["{}", "[]", "nonsense", '{"suite": "s", "more": 1}'])
def test_a_line_that_is_no_row_is_named(line):
    with pytest.raises(ConfigError, match="not a row"):
        Row.from_json(line)


def test_what_is_known_is_not_measured_again(tmp_path):
    assert len(plan(SAMPLES, SETTINGS, tmp_path)) == 4
    done = list(run(plan(SAMPLES, SETTINGS[:1], tmp_path), suite="s"))
    assert [measured.row.image for measured in done] == ["wide", "tall"]
    left = plan(SAMPLES, SETTINGS, tmp_path)
    assert [job.setting.quality for job in left] == [50.0, 50.0]
    assert len(plan(SAMPLES, SETTINGS, tmp_path, force=True)) == 4
    changed = Sample("wide", scene(40, 72, seed=9))
    assert len(plan([changed], SETTINGS[:1], tmp_path)) == 1


def test_an_interrupted_run_keeps_whole_rows(tmp_path):
    rows = run(plan(SAMPLES, SETTINGS, tmp_path), suite="s")
    next(rows)
    rows.close()
    assert len(read_rows(tmp_path)) == 1
    assert len(plan(SAMPLES, SETTINGS, tmp_path)) == 3


def test_a_new_commit_hides_the_rows_of_the_old_one(tmp_path):
    old = [row(quality=20.0), row(quality=50.0)]
    new = [row(quality=50.0, commit="bbbbbbb", date="2026-01-02T00:00:00Z")]
    for each in old + new:
        append_row(tmp_path / "jpeg.jsonl", each)
    assert current_rows(read_rows(tmp_path)) == new


def test_a_new_commit_does_not_age_foreign_codecs():
    rows = [
        row(version="Pillow 13", quality=20.0),
        row(version="Pillow 13", quality=50.0, commit="bbbbbbb", date="2026-01-02T00:00:00Z"),
    ]
    assert current_rows(rows) == rows


def test_both_averages_are_those_computed_by_hand():
    rows = [
        row(image="a", quality=1.0, rate_bpp=0.2, psnr_db=20.0),
        row(image="b", quality=1.0, rate_bpp=0.4, psnr_db=40.0),
        row(image="a", quality=2.0, rate_bpp=0.5, psnr_db=30.0),
        row(image="b", quality=2.0, rate_bpp=0.7, psnr_db=41.0),
    ]
    by_psnr = average_curve(rows, "psnr")
    assert by_psnr is not None
    assert by_psnr.rate_bpp == pytest.approx((0.3, 0.6))
    assert by_psnr.quality_db == pytest.approx((30.0, 35.5))
    by_mse = average_curve(rows, "mse")
    assert by_mse is not None
    first_mse = (255**2 / 10**2 + 255**2 / 10**4) / 2
    assert by_mse.quality_db[0] == pytest.approx(psnr_db_from_mse(first_mse))


def test_a_setting_that_a_picture_lacks_is_not_averaged():
    rows = [row(image=name, quality=q, rate_bpp=q, psnr_db=q) for q in (1.0, 2.0) for name in "ab"]
    rows.append(row(image="a", quality=3.0, rate_bpp=3.0, psnr_db=3.0))
    curve = average_curve(rows, "psnr")
    assert curve is not None
    assert curve.rate_bpp == (1.0, 2.0)


def test_a_point_that_a_cheaper_one_beats_is_left_out():
    points = [(0.1, 20.0), (0.2, 25.0), (0.3, 24.0), (0.4, 28.0)]
    rows = [row(quality=rate, rate_bpp=rate, psnr_db=quality) for rate, quality in points]
    curve = average_curve(rows, "psnr")
    assert curve is not None
    assert 0.2 not in curve.rate_bpp or 0.3 not in curve.rate_bpp
    assert curve.rate_bpp[-1] == 0.4


def test_half_the_rate_is_minus_fifty_percent_in_the_table():
    rows = [row(quality=q, rate_bpp=q / 100, psnr_db=20 + q / 10) for q in (10.0, 30.0, 60.0, 90.0)]
    halved = [
        dataclasses.replace(each, codec="tiled-dct", rate_bpp=each.rate_bpp / 2, effort="fast")
        for each in rows
    ]
    found = summaries(halved + rows)
    assert [summary.label for summary in found] == ["jpeg", "tiled-dct (effort fast)"]
    assert found[1].bd_psnr_percent == pytest.approx(-50)
    assert found[1].bd_mse_percent == pytest.approx(-50)
    assert "| −50.0 % |" in markdown_table(found)


def test_other_pictures_than_the_anchors_give_no_bd_rate():
    rows = [row(quality=q, rate_bpp=q, psnr_db=q) for q in (1.0, 2.0)]
    others = [dataclasses.replace(each, codec="tiled-dct", image="b") for each in rows]
    assert summaries(rows + others)[1].bd_psnr_percent is None


def test_labels_name_what_is_unusual():
    assert label_of(row(preset="thesis", effort="best")) == "jpeg (thesis, effort best)"


def test_markers_are_refreshed_and_nothing_else(tmp_path):
    for quality in (1.0, 2.0):
        append_row(
            tmp_path / "results" / "s" / "jpeg.jsonl",
            row(quality=quality, rate_bpp=quality / 10, psnr_db=quality),
        )
    for name in "bc":  # on more pictures than the other codec
        append_row(tmp_path / "results" / "s" / "jpeg.jsonl", row(image=name))
    append_row(tmp_path / "results" / "s" / "coin.jsonl", row(codec="coin"))
    text = "before\n<!-- results: results/s -->\nold\n<!-- /results -->\nafter\n"
    made = refreshed(text, tmp_path)
    assert made.startswith("before\n<!-- results: results/s -->\n| codec |")
    assert made.endswith("<!-- /results -->\nafter\n")
    assert "coin" not in made
    assert refreshed(made, tmp_path) == made
    with pytest.raises(ConfigError, match="not closed"):
        refreshed("<!-- results: results/s -->", tmp_path)
    with pytest.raises(ConfigError, match="no rows in nowhere"):
        refreshed("<!-- results: nowhere -->\n<!-- /results -->", tmp_path)


@pytest.mark.parametrize("name", ["jpeg", "webp", "jpeg2000"])
def test_a_search_finds_a_file_of_nearly_the_size(name):
    image = scene(160, 200)
    attempt = encode_near(get_codec(name), image, EncodeOptions(), 3000)
    assert 0.85 < len(attempt.data) / 3000 < 1.15
    again = get_codec(name).encode(image, EncodeOptions(quality=attempt.quality))
    assert again == attempt.data


def test_a_size_out_of_reach_gives_the_nearest_end():
    image = scene(160, 200)
    smallest = get_codec("jpeg").encode(image, EncodeOptions(quality=1.0))
    assert encode_near(get_codec("jpeg"), image, EncodeOptions(), 20).data == smallest


def test_gray_is_widened_for_a_codec_without_gray():
    gray = scene(9, 14, 1)
    widened = as_held_by(get_codec("webp"), gray)
    assert widened.shape == (9, 14, 3)
    assert np.array_equal(widened[..., [2]], gray)
    assert as_held_by(get_codec("webp"), scene(9, 14, 2)).shape == (9, 14, 4)
    assert as_held_by(get_codec("jpeg"), gray) is gray
    with pytest.raises(ConfigError, match="no alpha channel; leave jpeg out"):
        as_held_by(get_codec("jpeg"), scene(9, 14, 4))


def test_a_setting_needs_one_goal():
    with pytest.raises(ConfigError, match="a quality or a rate"):
        Setting(codec="jpeg")
    with pytest.raises(ConfigError, match="a quality or a rate"):
        Setting(codec="jpeg", quality=1.0, target_bpp=0.1)


def test_the_hash_knows_shape_and_pixels():
    image = scene(6, 4)
    assert image_hash(image) == image_hash(image.copy())
    assert image_hash(image) != image_hash(image.reshape(4, 6, 3))


def test_the_table_command_prints_and_refreshes(tmp_path, capsys):
    folder = tmp_path / "results" / "s"
    for quality in (1.0, 2.0):
        append_row(folder / "jpeg.jsonl", row(quality=quality, rate_bpp=quality, psnr_db=quality))
    readme = tmp_path / "README.md"
    readme.write_text("<!-- results: results/s -->\n<!-- /results -->\n", "utf-8")
    main([str(folder), "--readme", str(readme)])
    assert capsys.readouterr().out.startswith("| codec |")
    assert "| jpeg | 1 |" in readme.read_text("utf-8")
    with pytest.raises(SystemExit):
        main([])
