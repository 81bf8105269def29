"""Narrow peaks of a picture's spectrum that stand far above everything around them."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from overtone.shapes import Bool, Float64

# Slower variation than this is the picture itself. Cycles per image.
MIN_CYCLES = 12.0
# Where multiples of found frequencies are expected, less is enough.
OVERTONE_DB = 8.0
# The surroundings of a peak, bins of the DFT: further than the one, up to the other.
_NEAR, _FAR = 2, 10
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
_FAINTEST = 1e-12  # a flat picture has no power at all
# Overtones are looked for of so many frequencies and up to so many multiples together.
_MAX_ROOTS = 8
_MAX_ORDER = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Peak:
    """A frequency, to the right and downwards in cycles per image, and how far it stands out."""

    cycles_x: float
    cycles_y: float
    prominence_db: float

    def distance(self, other: "Peak") -> float:
        """Cycles per image from one to the other."""
        return math.hypot(self.cycles_x - other.cycles_x, self.cycles_y - other.cycles_y)


def windowed_power(planes: Float64[np.ndarray, "c h w"]) -> Float64[np.ndarray, "h w"]:
    """Squared amplitudes of sinusoids at every frequency of the DFT, mean over the planes.

    A Hann window keeps the jump from one border to the other out of it.
    """
    height, width = planes.shape[1:]
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[1:-1]
    window *= 2 / window.sum()
    total = np.zeros((height, width))
    for plane in planes:
        total += np.square(np.abs(np.fft.fft2((plane - plane.mean()) * window)))
    return total / len(planes)


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around each frequency of a spectrum.

    Attributes:
        logarithm: Logarithm of the power.
        mean: Mean of the logarithm in the square ring around each frequency.
    """

    logarithm: Float64[np.ndarray, "h w"]
    mean: Float64[np.ndarray, "h w"]

    @classmethod
    def of(cls, spectrum: Float64[np.ndarray, "h w"]) -> "Surroundings | None":
        """None for a picture too small to have any."""
        if min(spectrum.shape) < 2 * _FAR + 1:
            return None
        logarithm = np.log(np.maximum(spectrum, _FAINTEST))
        ring = _box_sum(logarithm, _FAR) - _box_sum(logarithm, _NEAR)
        return cls(logarithm, ring / ((2 * _FAR + 1) ** 2 - (2 * _NEAR + 1) ** 2))

    def highest(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The largest of the means in the ring and along lines through these frequencies."""
        height, width = self.mean.shape
        largest = self.mean[rows, columns]
        for down, across in _DIRECTIONS:
            stride = max(abs(down), abs(across))
            steps = np.arange(_NEAR // stride + 1, _FAR // stride + 1)
            steps = np.concatenate([-steps, steps])
            y, x = rows[:, None] + down * steps, columns[:, None] + across * steps
            largest = np.maximum(largest, self.logarithm[y % height, x % width].mean(1))
        return largest


def find_peaks(
    spectrum: Float64[np.ndarray, "h w"],
    surroundings: Surroundings,
    *,
    threshold_db: float,
    min_amplitude: float,
    expected: Float64[np.ndarray, "n 2"],
) -> list[Peak]:
    """The peaks of a spectrum, the most prominent first.

    Args:
        spectrum: Squared amplitudes, from `windowed_power`.
        surroundings: Surroundings in this or in an earlier spectrum of the picture.
        threshold_db: How far a peak must stand out of them.
        min_amplitude: Least amplitude of a sinusoid that counts.
        expected: Frequencies where `OVERTONE_DB` is enough.
    """
    height, width = spectrum.shape
    longest = max(height, width)
    across, down = np.fft.fftfreq(width), np.fft.fftfreq(height)
    logarithm = np.log(np.maximum(spectrum, _FAINTEST))
    decibels = 10 / math.log(10)
    thresholds = np.full(spectrum.shape, threshold_db)
    row_of, column_of = (
        np.rint(expected[:, axis] * length / longest).astype(int)
        for axis, length in ((1, height), (0, width))
    )
    for i, j in np.ndindex(3, 3):
        where = (row_of + i - 1) % height, (column_of + j - 1) % width
        thresholds[where] = min(threshold_db, OVERTONE_DB)
    candidates = _one_of_each_pair(height, width) & _local_maxima(spectrum)
    candidates &= longest * np.hypot(across, down[:, None]) >= MIN_CYCLES
    candidates &= spectrum >= min_amplitude**2
    candidates &= (logarithm - surroundings.mean) * decibels >= thresholds
    rows, columns = np.nonzero(candidates)
    prominence = (logarithm[rows, columns] - surroundings.highest(rows, columns)) * decibels
    peaks = []
    for place in np.argsort(-prominence):
        row, column = int(rows[place]), int(columns[place])
        if prominence[place] >= thresholds[row, column]:
            x = across[column] + _vertex(logarithm[row], column) / width
            y = down[row] + _vertex(logarithm[:, column], row) / height
            x, y = (longest * float(np.clip(each, -0.5, 0.5)) for each in (x, y))
            peaks.append(Peak(x, y, float(prominence[place])))
    return peaks


def overtones(roots: Sequence[tuple[float, float]], longest_px: int) -> Float64[np.ndarray, "n 2"]:
    """Sums of multiples of each two of the first frequencies, folded at the Nyquist frequency.

    The dots of a halftone have power at all of them.
    """
    if not roots:
        return np.empty((0, 2))
    own = np.array(roots[:_MAX_ROOTS])
    m, n = np.mgrid[-_MAX_ORDER : _MAX_ORDER + 1, 0 : _MAX_ORDER + 1].reshape(2, -1)
    few = np.abs(m) + n <= _MAX_ORDER
    m, n = (each[few][:, None, None, None] for each in (m, n))
    sums = (m * own[:, None] + n * own).reshape(-1, 2)
    return (sums + longest_px / 2) % longest_px - longest_px / 2


def _one_of_each_pair(height: int, width: int) -> Bool[np.ndarray, "h w"]:
    """One of f and -f, which have the same power; those at the ends of an axis are alone."""
    across, down = np.fft.fftfreq(width), np.fft.fftfreq(height)[:, None]
    return (across > 0) | ((across == 0) | (across == -0.5)) & ((down >= 0) | (down == -0.5))


def _local_maxima(spectrum: np.ndarray) -> Bool[np.ndarray, "h w"]:
    """Whether no neighbour, on the torus of frequencies, is larger."""
    largest = np.ones(spectrum.shape, np.bool)
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        for sign in (-1, 1):
            largest &= spectrum >= np.roll(spectrum, (sign * shift[0], sign * shift[1]), (0, 1))
    return largest


def _box_sum(values: np.ndarray, radius: int) -> np.ndarray:
    """Sums over squares around each element, on the torus of frequencies."""
    for axis in (0, 1):
        length = values.shape[axis]
        padded = np.take(values, np.arange(-radius - 1, length + radius), axis, mode="wrap")
        sums = np.cumsum(padded, axis)
        ends, starts = np.arange(length) + 2 * radius + 1, np.arange(length)
        values = np.take(sums, ends, axis) - np.take(sums, starts, axis)
    return values


def _vertex(logarithm: np.ndarray, place: int) -> float:
    """The highest point of a parabola through a peak and its neighbours, bins from the peak."""
    before, here, after = (float(logarithm[(place + i) % len(logarithm)]) for i in (-1, 0, 1))
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
