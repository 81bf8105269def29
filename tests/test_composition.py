"""What the fits of more and fewer layers are judged to mean, from made-up rows."""

from __future__ import annotations

import math

import pytest
from experiments.composition.judge import at_depth, psnr_at, read_ladder, seed_spread, steps_of
from experiments.composition.page import PAGE, build
from toy_rows import store

LADDER = "composition/rows/ladder.jsonl"


def fit(depth, psnr_db, *, image="a", seed=0, size_bytes=500, quality=50.0):
    return {
        "image": image,
        "hidden": [5] * depth,
        "octaves": 3,
        "quality": quality,
        "seed": seed,
        "depth": depth,
        "size_bytes": size_bytes,
        "psnr_db": psnr_db,
    }


def test_between_two_files_quality_is_linear_in_the_logarithm_of_the_bytes():
    rows = [fit(1, 20.0, size_bytes=100), fit(1, 24.0, size_bytes=400)]
    assert psnr_at(rows, 200) == pytest.approx(22.0)
    assert psnr_at(rows, 100) == 20.0
    assert psnr_at(rows, 99) is None
    assert psnr_at(rows, 4000) == 24.0
    assert psnr_at([], 100) is None


def test_a_file_that_a_smaller_one_beats_is_not_on_the_frontier():
    rows = [fit(1, 20.0, size_bytes=100), fit(1, 19.0, size_bytes=200)]
    assert psnr_at(rows, 200) == 20.0
    better = fit(1, 26.0, size_bytes=400)
    assert psnr_at([*rows, better], 200) == pytest.approx(23.0)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((1.0, 1.1, 0.9), "better"),
        ((-1.0, -1.1, -0.9), "worse"),
        ((1.0, -1.0, 0.1), "no clear difference"),
    ],
)
def test_a_layer_helps_where_it_helps_by_more_than_chance(gains, verdict):
    rows = []
    for image, gain in zip("abc", gains, strict=True):
        for seed in (0, 1):
            rows += [fit(1, 20.0 + seed, image=image, seed=seed)]
            rows += [fit(3, 20.0 + seed + gain, image=image, seed=seed)]
    (step,) = steps_of(rows, 500)
    assert (step.shallow, step.deep, step.num_pictures) == (1, 3, 3)
    assert step.gain_db == pytest.approx(sum(gains) / 3)
    assert step.verdict == verdict
    assert step.wins == sum(gain > 0 for gain in gains)


def test_the_spread_is_that_over_seeds_not_over_pictures_or_files():
    rows = [fit(1, 20.0, image="a"), fit(1, 30.0, image="b"), fit(1, 18.0, image="b")]
    assert seed_spread(at_depth(rows, 1, 500)) is None
    rows += [fit(1, 21.0, image="a", seed=1), fit(1, 31.0, image="b", seed=1)]
    assert seed_spread(at_depth(rows, 1, 500)) == pytest.approx(math.sqrt(0.5))


def test_the_page_says_up_to_which_depth(tmp_path):
    assert "Not measured yet." in build(tmp_path)[PAGE]
    rows = [
        fit(depth, 20.0 + min(depth, 2) + shift, image=image, seed=seed, size_bytes=600)
        for depth in (0, 1, 2, 3)
        for image, shift in (("a", 0.0), ("b", 3.0))
        for seed in (0, 1)
    ]
    store(tmp_path, LADDER, rows)
    assert len(read_ladder(tmp_path)) == 16
    page = build(tmp_path)[PAGE]
    assert "**Composing helps up to 2 hidden layers**" in page
    assert "+1.00 dB from 0 to 1, +1.00 dB from 1 to 2, +0.00 dB from 2 to 3" in page
    assert "| 2 → 3 | 700 | +0.00 | 0.00 | 0 of 2 | better |" not in page
