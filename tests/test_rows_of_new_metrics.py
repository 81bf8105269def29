"""Rows of before a metric was added stay rows; its column appears where it was measured."""

import json
import math

import pytest
from tests.test_evaluate import row

from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.curves import average_curve, other_metrics
from overtone.evaluate.rate_distortion.rows import Row
from overtone.evaluate.rate_distortion.table import markdown_table, summaries


def rows_with(codec, factor, scores):
    """Three qualities whose new score grows with the rate; None where it was not measured."""
    return [
        row(
            codec=codec,
            quality=20.0 + 20 * i,
            rate_bpp=factor * 0.2 * 2**i,
            psnr_db=28.0 + 3 * i,
            other_scores={} if score is None else {"sharpness": score},
        )
        for i, score in enumerate(scores)
    ]


def test_a_stored_row_without_the_column_is_read_and_written_back_as_it_was():
    old = row().to_json()
    assert Row.from_json(old).other_scores == {}
    assert Row.from_json(old).to_json() == old
    new = json.loads(old) | {"sharpness": 3.25, "vif": None}
    read = Row.from_json(json.dumps(new))
    assert read.other_scores == {"sharpness": 3.25, "vif": math.inf}
    assert json.loads(read.to_json()) == new


@pytest.mark.parametrize("value", ["much", [1], True])
def test_a_column_that_is_no_score_is_refused(value):
    record = json.loads(row().to_json()) | {"colour": value}
    with pytest.raises(ConfigError, match="colour is no column"):
        Row.from_json(json.dumps(record))


def test_the_new_metric_has_a_curve_and_a_column():
    rows = [*rows_with("jpeg", 1.0, (1.0, 2.0, 3.0)), *rows_with("webp", 0.5, (1.0, 2.0, 3.0))]
    assert other_metrics(rows) == {"sharpness": "sharpness"}
    curve = average_curve(rows[:3], "sharpness")
    assert curve is not None
    assert curve.quality_db == (1.0, 2.0, 3.0)
    table = markdown_table(summaries(rows)).splitlines()
    cells = dict(zip(table[0].split(" | "), table[3].split(" | "), strict=True))
    assert cells["BD-rate, sharpness"] == "−50.0 %"


def test_where_it_was_not_measured_there_is_a_dash():
    rows = [*rows_with("jpeg", 1.0, (None,) * 3), *rows_with("webp", 0.5, (1.0, 2.0, 3.0))]
    assert average_curve(rows[:3], "sharpness") is None
    table = markdown_table(summaries(rows)).splitlines()
    cells = dict(zip(table[0].split(" | "), table[3].split(" | "), strict=True))
    assert cells["BD-rate, sharpness"] == "–"
    assert "sharpness" not in markdown_table(summaries(rows[:3]))
