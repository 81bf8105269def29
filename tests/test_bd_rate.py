"""BD-rate and PCHIP on curves whose answer is known."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overtone.metrics import Curve, bd_rate_percent
from overtone.metrics.bd_rate import pchip_slopes, quality_at_rate

PHOTO = Curve((0.11, 0.2, 0.43, 0.81, 1.3), (24.0, 26.5, 29.2, 31.9, 33.4))


def scaled(curve, factor):
    return Curve(tuple(factor * rate for rate in curve.rate_bpp), curve.quality_db)


@pytest.mark.parametrize("factor", [0.3, 0.65, 1.0, 1.5])
def test_a_curve_at_a_constant_fraction_of_the_rate_gives_that_fraction(factor):
    percent = bd_rate_percent(reference=PHOTO, candidate=scaled(PHOTO, factor))
    assert percent == pytest.approx(100 * (factor - 1), abs=1e-10)


def test_straight_lines_of_different_slope_give_the_integral_by_hand():
    # log-rate q against 2q + 1 over 0..2: the mean difference is the mean of q + 1, which is 2.
    reference = Curve((1.0, math.exp(1), math.exp(2)), (0.0, 1.0, 2.0))
    candidate = Curve((math.exp(1), math.exp(3), math.exp(5)), (0.0, 1.0, 2.0))
    percent = bd_rate_percent(reference=reference, candidate=candidate)
    assert percent == pytest.approx(100 * (math.exp(2) - 1))


def test_only_the_shared_range_counts():
    # Equal from 26.5 dB up; the candidate's curve below that does not reach the reference's start.
    candidate = Curve(PHOTO.rate_bpp[2:], PHOTO.quality_db[2:])
    both = Curve(PHOTO.rate_bpp[2:], PHOTO.quality_db[2:])
    assert bd_rate_percent(reference=both, candidate=candidate) == 0
    with pytest.raises(ValueError, match="share no quality"):
        bd_rate_percent(reference=PHOTO, candidate=Curve((2.0, 3.0), (40.0, 41.0)))


def test_a_range_of_qualities_is_all_that_counts():
    # log-rate q against 2q + 1 over 1..2 only: the mean of q + 1 there is 2.5.
    reference = Curve((1.0, math.exp(1), math.exp(2)), (0.0, 1.0, 2.0))
    candidate = Curve((math.exp(1), math.exp(3), math.exp(5)), (0.0, 1.0, 2.0))
    percent = bd_rate_percent(reference=reference, candidate=candidate, quality_db=(1.0, 9.0))
    assert percent == pytest.approx(100 * (math.exp(2.5) - 1))
    with pytest.raises(ValueError, match="share no quality from 3 to 9 dB"):
        bd_rate_percent(reference=reference, candidate=candidate, quality_db=(3.0, 9.0))


def test_swapping_the_curves_inverts_the_factor():
    other = Curve((0.1, 0.22, 0.5, 0.9), (24.8, 27.0, 30.5, 32.5))
    forward = 1 + bd_rate_percent(reference=PHOTO, candidate=other) / 100
    backward = 1 + bd_rate_percent(reference=other, candidate=PHOTO) / 100
    assert forward * backward == pytest.approx(1)


def test_slopes_are_those_of_scipy():
    # scipy.interpolate.PchipInterpolator(x, y).derivative()(x), SciPy 1.17.
    x = np.array([0.0, 1.0, 2.5, 3.0, 5.0])
    y = np.array([0.0, 2.0, 2.5, 4.0, 3.0])
    expected = [2.666666666666667, 0.6, 0.6923076923076923, 0.0, -1.5]
    np.testing.assert_allclose(pchip_slopes(x, y), expected, rtol=1e-12, atol=1e-12)


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=8), st.data())
def test_the_interpolant_passes_the_knots_and_is_monotone(steps, data):
    gains = data.draw(st.lists(st.floats(0.01, 9), min_size=len(steps), max_size=len(steps)))
    rates = np.exp(np.cumsum([-2.0, *steps]))
    qualities = np.cumsum([20.0, *gains])
    curve = Curve(tuple(rates.tolist()), tuple(qualities.tolist()))
    for rate, quality in zip(curve.rate_bpp, curve.quality_db, strict=True):
        assert quality_at_rate(curve, rate) == pytest.approx(quality)
    between = [
        quality_at_rate(curve, rate)
        for rate in np.geomspace(curve.rate_bpp[0], curve.rate_bpp[-1], 40)[1:-1]
    ]
    values = [value for value in between if value is not None]
    assert all(low <= high + 1e-9 for low, high in itertools.pairwise(values))


def test_outside_the_curve_is_none():
    assert quality_at_rate(PHOTO, 0.1) is None
    assert quality_at_rate(PHOTO, 100.0) is None


@pytest.mark.parametrize(
    ("rates", "qualities", "message"),
    [
        ((0.1,), (20.0,), "two or more"),
        ((0.1, 0.2), (20.0,), "two or more"),
        ((0.0, 0.2), (20.0, 21.0), "positive"),
        ((0.2, 0.1), (20.0, 21.0), "rate_bpp must be"),
        ((0.1, 0.2), (21.0, 20.0), "quality_db must be"),
        ((0.1, 0.2), (21.0, math.inf), "quality_db must be"),
    ],
)
def test_bad_curves_are_refused(rates, qualities, message):
    with pytest.raises(ValueError, match=message):
        Curve(rates, qualities)
