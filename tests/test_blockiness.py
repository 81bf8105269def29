"""The measure of visible borders: 1 without a grid, above it with one."""

import numpy as np
import pytest
from helpers import scene

from overtone.evaluate.rate_distortion.own_sections import blockiness_section, enlargement_section
from overtone.evaluate.rate_distortion.run import Sample, Setting, measure_picture
from overtone.metrics.blockiness import blockiness_ratio

NOISE = np.random.default_rng(0).integers(0, 256, (320, 448, 3), np.uint8)


def test_noise_has_no_blockiness():
    for period in (8, 16, 64):
        assert blockiness_ratio(NOISE, period_px=period) == pytest.approx(1, abs=0.05)


def test_a_step_at_each_border_is_counted_exactly():
    # Columns rise by 1 a pixel, and by 3 across each border of 16: squares 1 and 9. Rows are flat.
    columns = np.cumsum([3 if x % 16 == 0 else 1 for x in range(64)])
    image = np.repeat(columns[None, :, None], 40, axis=0).astype(np.uint8)
    # Borders: 3 of columns at 9 and 2 of rows at 0; inside: 8 of columns at 1 and 5 of rows at 0.
    assert blockiness_ratio(image, period_px=16) == pytest.approx((27 / 5) / (8 / 13))


def test_an_enlarged_picture_is_measured_at_its_borders():
    large = np.repeat(np.repeat(NOISE[:64, :96] // 8 * 8, 4, axis=0), 4, axis=1)
    assert blockiness_ratio(large, period_px=16, scale=4) == pytest.approx(1, abs=0.15)


def test_without_borders_or_contrast_there_is_no_ratio():
    assert blockiness_ratio(scene(7, 1), period_px=8) is None
    assert blockiness_ratio(np.zeros((40, 40, 1), np.uint8), period_px=8) is None
    with pytest.raises(ValueError, match="multiple of 8"):
        blockiness_ratio(NOISE, period_px=12)


def test_blocks_of_jpeg_show():
    image = scene(128, 192)
    coarse = measure_picture(Sample("s", image), Setting(codec="jpeg", quality=10.0), suite="s")
    ratio, original = (blockiness_ratio(x, period_px=8) for x in (coarse.decoded, image))
    assert ratio is not None
    assert original is not None
    assert ratio > 3 * original


@pytest.mark.parametrize("channels", [1, 3])
def test_sections_show_every_file(channels):
    sample = Sample("s", scene(90, 140, channels))
    files = [
        measure_picture(sample, Setting(codec=codec, quality=30.0), suite="s")
        for codec in ("tiled-dct", "jpeg")
    ]
    large = enlargement_section(sample, files)
    assert "56x45 pixels of s at 4 times" in large.title
    assert large.body.count("<img ") == 3
    assert "tiled-dct: this part of the file decoded at 4 times" in large.body
    blockiness = blockiness_section(sample, files)
    assert blockiness.body.count("<tr>") == 5
    assert "tiled-dct, decoded at 4 times" in blockiness.body
