"""Bjøntegaard's average rate difference of two rate-distortion curves."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from overtone.shapes import Float64


@dataclass(frozen=True, slots=True)
class Curve:
    """A rate-distortion curve: at least two points, both coordinates strictly increasing.

    Attributes:
        rate_bpp: Rates, positive.
        quality_db: Quality at each rate, in decibels (PSNR, or another measure on a log scale).
    """

    rate_bpp: tuple[float, ...]
    quality_db: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.rate_bpp) != len(self.quality_db) or len(self.rate_bpp) < 2:
            raise ValueError(
                f"a curve needs two or more points, got {len(self.rate_bpp)} rates "
                f"and {len(self.quality_db)} qualities"
            )
        if self.rate_bpp[0] <= 0:
            raise ValueError(f"rates must be positive, got {self.rate_bpp[0]}")
        for name, values in (("rate_bpp", self.rate_bpp), ("quality_db", self.quality_db)):
            if not all(low < high < math.inf for low, high in itertools.pairwise(values)):
                raise ValueError(f"{name} must be finite and strictly increasing, got {values}")


def bd_rate_percent(
    *,
    reference: Curve,
    candidate: Curve,
    quality_db: tuple[float, float] = (-math.inf, math.inf),
) -> float:
    """How much more rate `candidate` needs than `reference` for equal quality; negative is better.

    The logarithm of the rate is a monotone cubic (PCHIP) of the quality; the difference of the two
    is averaged over the qualities both curves reach and turned back into a percentage.

    Args:
        reference: The curve that stands for 0 %.
        candidate: The other one.
        quality_db: Only qualities from the first to the second count.

    Raises:
        ValueError: The curves share no range of qualities there.

    Source: Bjøntegaard, VCEG-M33 (2001), with the piecewise monotone interpolation of JCTVC-K0279
        instead of one cubic through all points, which overshoots.
    """
    low = max(reference.quality_db[0], candidate.quality_db[0], quality_db[0])
    high = min(reference.quality_db[-1], candidate.quality_db[-1], quality_db[1])
    if low >= high:
        within = "" if math.isinf(quality_db[1]) else " from {:g} to {:g} dB".format(*quality_db)
        raise ValueError(
            f"the curves share no quality{within}: {reference.quality_db[0]:.2f} to "
            f"{reference.quality_db[-1]:.2f} dB against {candidate.quality_db[0]:.2f} to "
            f"{candidate.quality_db[-1]:.2f} dB"
        )
    mean_log_ratio = (
        _log_rate_integral(candidate, low, high) - _log_rate_integral(reference, low, high)
    ) / (high - low)
    return 100 * math.expm1(mean_log_ratio)


def quality_at_rate(curve: Curve, rate_bpp: float) -> float | None:
    """Quality at a rate on the curve, by PCHIP in log-rate; None outside the curve's range."""
    if not curve.rate_bpp[0] <= rate_bpp <= curve.rate_bpp[-1]:
        return None
    log_rate = np.log(curve.rate_bpp)
    return _pchip_value(log_rate, np.array(curve.quality_db), math.log(rate_bpp))


def pchip_slopes(
    x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """Slopes at the knots that make the piecewise cubic Hermite interpolant monotone.

    Source: Fritsch & Butland, "A method for constructing local monotone piecewise cubic
        interpolants", 1984, with the three-point end slopes of Moler, "Numerical computing with
        MATLAB", section 3.6.
    """
    step = np.diff(x)
    secant = np.diff(y) / step
    if len(x) == 2:
        return np.repeat(secant, 2)
    slopes = np.zeros(len(x))
    left, right = secant[:-1], secant[1:]
    weight_left = 2 * step[1:] + step[:-1]
    weight_right = step[1:] + 2 * step[:-1]
    same_sign = left * right > 0
    inner = slopes[1:-1]
    inner[same_sign] = ((weight_left + weight_right)[same_sign]) / (
        weight_left[same_sign] / left[same_sign] + weight_right[same_sign] / right[same_sign]
    )
    slopes[0] = _end_slope(step[0], step[1], secant[0], secant[1])
    slopes[-1] = _end_slope(step[-1], step[-2], secant[-1], secant[-2])
    return slopes


def _end_slope(near_step: float, far_step: float, near: float, far: float) -> float:
    """One-sided three-point slope, limited so that the first piece stays monotone."""
    slope = ((2 * near_step + far_step) * near - near_step * far) / (near_step + far_step)
    if slope * near <= 0:
        return 0.0
    if near * far <= 0 and abs(slope) > 3 * abs(near):
        return 3 * near
    return slope


def _pchip_value(x: np.ndarray, y: np.ndarray, at: float) -> float:
    index = min(int(np.searchsorted(x, at, side="right")) - 1, len(x) - 2)
    coefficients = _piece(x, y, pchip_slopes(x, y), index)
    return float(np.polynomial.polynomial.polyval(at - x[index], coefficients))


def _piece(x: np.ndarray, y: np.ndarray, slopes: np.ndarray, index: int) -> np.ndarray:
    """Coefficients, lowest power first, of the cubic that starts at knot `index`."""
    step = x[index + 1] - x[index]
    secant = (y[index + 1] - y[index]) / step
    start, end = slopes[index], slopes[index + 1]
    return np.array(
        [
            y[index],
            start,
            (3 * secant - 2 * start - end) / step,
            (start + end - 2 * secant) / step**2,
        ]
    )


def _log_rate_integral(curve: Curve, low: float, high: float) -> float:
    """Exact integral of the log-rate over the qualities from `low` to `high`."""
    x, y = np.array(curve.quality_db), np.log(curve.rate_bpp)
    slopes = pchip_slopes(x, y)
    total = 0.0
    for index in range(len(x) - 1):
        start, end = max(low, x[index]), min(high, x[index + 1])
        if start < end:
            primitive = np.polynomial.polynomial.polyint(_piece(x, y, slopes, index))
            ends = np.polynomial.polynomial.polyval(np.array([start, end]) - x[index], primitive)
            total += float(ends[1] - ends[0])
    return total
