"""Periodic patterns laid over a picture (scan lines, halftones, moiré): found and taken out.

Found as narrow peaks of the spectrum. Taken out by least squares: a wave over the whole picture
whose amplitude and phase vary slowly and with the brightness under it.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from overtone.editing.bands import high_pass_at
from overtone.editing.basis import filtered
from overtone.editing.peaks import Peak, Surroundings, find_peaks, overtones, windowed_power
from overtone.errors import ConfigError
from overtone.shapes import Complex128, Float64

THRESHOLD_DB = 18.0
# How fast a pattern may vary over the picture, cycles per image.
WIDTH_CYCLES = 3.0
# Amplitude of the weakest pattern that is looked for, of white: 8-bit levels hide less.
MIN_AMPLITUDE = 0.5 / 255
_DEGREE = 3  # of the polynomial of brightness
_MAX_ROUNDS = 8
_MAX_PATTERNS = 64
_ROWS_TOGETHER = 256


@dataclasses.dataclass(frozen=True, slots=True)
class Pattern:
    """A periodic pattern: a wave over the whole picture.

    Attributes:
        cycles_x: Frequency to the right, periods along the picture's longer side.
        cycles_y: Downwards, likewise.
        amplitude: Amplitude of a steady sinusoid with as much power, in units of the samples.
        prominence_db: How far the peak stands out, decibels; infinite for a frequency that was
            given.
    """

    cycles_x: float
    cycles_y: float
    amplitude: float
    prominence_db: float

    @property
    def cycles(self) -> float:
        """Periods along the picture's longer side, in the pattern's own direction."""
        return math.hypot(self.cycles_x, self.cycles_y)


def remove_patterns(
    planes: Float64[np.ndarray, "c h w"],
    *,
    threshold_db: float = THRESHOLD_DB,
    white: float = 255.0,
) -> tuple[Float64[np.ndarray, "c h w"], list[Pattern]]:
    """The planes without the periodic patterns that are found in them, and what those were.

    A pattern is found where the Hann-windowed power spectrum has a peak that is so far above the
    mean logarithm around it and above that along each of eight lines through it: the streaks of
    edges and the broad bumps of textures are not. Overtones of what is found need less.

    Args:
        planes: Planes of any size; none is found in pictures under 21 pixels high or wide.
        threshold_db: How far a peak must stand out; a smaller one finds more, also of the picture.
        white: Value of white; patterns fainter than `MIN_AMPLITUDE` of it are left alone.

    Raises:
        ConfigError: The threshold is out of range.
    """
    check_threshold(threshold_db)
    patterns: list[Pattern] = []
    spectrum = windowed_power(planes)
    # Those of the picture as it came: what is taken out leaves holes.
    surroundings = Surroundings.of(spectrum)
    for _ in range(_MAX_ROUNDS if surroundings else 0):
        assert surroundings is not None
        strongest = sorted(patterns, key=lambda pattern: -pattern.amplitude)
        roots = [(pattern.cycles_x, pattern.cycles_y) for pattern in strongest]
        found = find_peaks(
            spectrum,
            surroundings,
            threshold_db=threshold_db,
            min_amplitude=MIN_AMPLITUDE * white,
            expected=overtones(roots, max(planes.shape[1:])),
        )
        apart = _apart(found)[: _MAX_PATTERNS - len(patterns)]
        if not apart:
            break
        for peak in apart:
            planes, amplitude = _without(planes, peak)
            patterns.append(Pattern(peak.cycles_x, peak.cycles_y, amplitude, peak.prominence_db))
        spectrum = windowed_power(planes)
    return planes, patterns


def notch_at(
    planes: Float64[np.ndarray, "c h w"], frequencies: Sequence[tuple[float, float]]
) -> tuple[Float64[np.ndarray, "c h w"], list[Pattern]]:
    """The planes without the patterns of these frequencies.

    Args:
        planes: Planes of any size.
        frequencies: Cycles to the right and downwards along the picture's longer side, a pair each.

    Raises:
        ConfigError: A frequency is not one of the picture's.
    """
    nyquist = max(planes.shape[1:]) / 2
    patterns = []
    for x, y in frequencies:
        if not (abs(x) <= nyquist and abs(y) <= nyquist and math.hypot(x, y) >= 1):
            raise ConfigError(
                f"a pattern's frequencies are within -{nyquist:g}..{nyquist:g} cycles per image "
                f"here, together at least 1, got {x:g},{y:g}"
            )
        planes, amplitude = _without(planes, Peak(x, y, math.inf))
        patterns.append(Pattern(x, y, amplitude, math.inf))
    return planes, patterns


def check_threshold(threshold_db: float) -> None:
    """Raises `ConfigError` for a threshold that makes no sense."""
    if not (math.isfinite(threshold_db) and threshold_db > 0):
        raise ConfigError(f"the threshold of a notch must be above 0 dB, got {threshold_db:g}")


def _apart(peaks: Sequence[Peak]) -> list[Peak]:
    """Those that are no part of a more prominent one."""
    kept: list[Peak] = []
    for peak in peaks:
        if all(peak.distance(other) > 2 * WIDTH_CYCLES for other in kept):
            kept.append(peak)
    return kept


def _without(
    planes: Float64[np.ndarray, "c h w"], peak: Peak
) -> tuple[Float64[np.ndarray, "c h w"], float]:
    """The planes less the least squares fit of a wave of varying amplitude and phase; its size.

    Both may depend on the brightness of the picture there, by a polynomial, as those of scan lines
    and of halftone dots do, and on the place, by cosines of up to `WIDTH_CYCLES`. Waves fit any
    number of periods, so that, unlike with a filter of the DFT, nothing is left at the borders.
    """
    height, width = planes.shape[1:]
    longest = max(height, width)
    cutoff = math.hypot(peak.cycles_x, peak.cycles_y) / 2
    down, across = peak.cycles_y / longest, peak.cycles_x / longest
    waves = _waves(height, down, 0.0)[0, :, None] * _waves(width, across, 0.0)[0]
    spread = WIDTH_CYCLES / longest
    vertical, horizontal = _waves(height, down, spread), _waves(width, across, spread)
    result = filtered(planes, lambda cycles: 1 - high_pass_at(cycles, cutoff, 1.0), "dct")
    energy = 0.0
    for plane, rest in zip(planes, result, strict=True):
        fine = plane - rest
        fine -= _by_brightness(fine, rest, waves)
        weights = _fitted(vertical.conj() @ fine @ horizontal.conj().T, vertical, horizontal)
        fine -= 2 * np.real(vertical.T @ weights @ horizontal)
        rest += fine
        rest += plane.mean() - rest.mean()
        energy += float(np.square(plane - rest).mean())
    return result, math.sqrt(2 * energy / len(planes))


def _waves(length: int, frequency: float, spread: float) -> Complex128[np.ndarray, "k n"]:
    """Orthonormal rows: slow cosines up to `spread` times a wave; both in cycles per pixel."""
    num_rows = min(length, 1 + math.floor(2 * spread * length))
    x = np.arange(length) + 0.5
    slow = np.cos(math.pi * np.arange(num_rows)[:, None] * x / length) * math.sqrt(2 / length)
    slow[0] /= math.sqrt(2)
    return slow * np.exp(2j * math.pi * frequency * x)


def _by_brightness(
    fine: Float64[np.ndarray, "h w"],
    coarse: Float64[np.ndarray, "h w"],
    waves: Complex128[np.ndarray, "h w"],
) -> Float64[np.ndarray, "h w"]:
    """The part of `fine` that is a wave whose complex amplitude is a polynomial of `coarse`."""
    middle, half = (coarse.max() + coarse.min()) / 2, max(np.ptp(coarse) / 2, 1e-12)
    chunks = [slice(i, i + _ROWS_TOGETHER) for i in range(0, len(fine), _ROWS_TOGETHER)]

    def regressors(rows: slice) -> np.ndarray:
        powers = np.polynomial.legendre.legvander((coarse[rows] - middle) / half, _DEGREE)
        waved = powers * waves[rows, :, None]
        return np.concatenate([waved.real, waved.imag], -1).reshape(-1, 2 * _DEGREE + 2)

    gram, sides = 0.0, 0.0
    for rows in chunks:
        columns = regressors(rows)
        gram = gram + columns.T @ columns
        sides = sides + columns.T @ fine[rows].ravel()
    # At the Nyquist frequency the imaginary parts are none, hence no plain solution.
    weights = np.linalg.lstsq(gram, sides, rcond=1e-9)[0]
    return np.concatenate(
        [(regressors(rows) @ weights).reshape(fine[rows].shape) for rows in chunks]
    )


def _fitted(
    sides: Complex128[np.ndarray, "k l"],
    vertical: Complex128[np.ndarray, "k h"],
    horizontal: Complex128[np.ndarray, "l w"],
) -> Complex128[np.ndarray, "k l"]:
    """Weights w of the least squares fit of 2 Re(w · waves), by conjugate gradients.

    The waves are orthonormal, but f and -f overlap where they are near each other, at both ends of
    the axis of frequencies. So the equations are w + M conj(w) = sides.
    """
    down, across = (each.conj() @ each.conj().T for each in (vertical, horizontal))
    weights, rest = np.zeros_like(sides), sides
    direction, error = rest, float(np.vdot(rest, rest).real)
    enough = 1e-20 * error
    for _ in range(200):
        if error <= enough:
            break
        image = direction + down @ direction.conj() @ across.T
        step = error / float(np.vdot(direction, image).real)
        weights = weights + step * direction
        rest = rest - step * image
        before, error = error, float(np.vdot(rest, rest).real)
        direction = rest + error / before * direction
    return weights
