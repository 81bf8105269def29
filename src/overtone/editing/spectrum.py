"""`overtone.spectrum`: what frequencies a picture is made of."""

import dataclasses
import math

import numpy as np

from overtone.editing.bands import named_edges
from overtone.editing.notch import MIN_AMPLITUDE, THRESHOLD_DB
from overtone.editing.peaks import Peak, Surroundings, find_peaks, overtones, windowed_power
from overtone.editing.planes import split
from overtone.editing.radial import RadialProfile, radial_profile
from overtone.shapes import Float64, UInt
from overtone.transform.blocks import to_blocks
from overtone.transform.dct import dct2

BLOCK_SIZE = 8
# The slope is fitted between here, cycles per image, and half the Nyquist frequency.
_SLOPE_FROM = 4.0


@dataclasses.dataclass(frozen=True, slots=True)
class Spectrum:
    """Measured on levels of 0 to 255 whatever the depth, mean over gray or the three colours.

    Attributes:
        height: Height of the picture, pixels.
        width: Width of the picture, pixels.
        mean: Level.
        deviation: Standard deviation of the levels.
        low_edge: Frequency where the band "low" ends, cycles per image.
        high_edge: Frequency where the band "high" begins, cycles per image.
        shares: Parts of the variance in "low", "mid", "high", with hard edges; sum to 1 unless
            flat.
        slope: s of a density that falls as frequency^-s; about 2 in many photographs; None where
            there is nothing to fit.
        profile: Power against frequency, of the DCT.
        block_energy: Mean square of each coefficient of 8x8 blocks, v u, orthonormal.
        amplitude: Amplitudes of sinusoids, levels, at every frequency of the Hann-windowed DFT; 0
            is in the middle, fy downwards, fx to the right.
        patterns: Peaks that `edit(notch=True)` would take out first, the most prominent first.
    """

    height: int
    width: int
    mean: float
    deviation: float
    low_edge: float
    high_edge: float
    shares: tuple[float, float, float]
    slope: float | None
    profile: RadialProfile
    block_energy: Float64[np.ndarray, "8 8"]
    amplitude: Float64[np.ndarray, "h w"]
    patterns: list[Peak]

    def to_json(self) -> dict[str, object]:
        """The numbers, without the amplitudes of single frequencies."""
        return {
            "height": self.height,
            "width": self.width,
            "mean": self.mean,
            "deviation": self.deviation,
            "low_edge": self.low_edge,
            "high_edge": self.high_edge,
            "shares": dict(zip(("low", "mid", "high"), self.shares, strict=True)),
            "slope": self.slope,
            "profile": {
                "cycles": self.profile.cycles.tolist(),
                "density": self.profile.density.tolist(),
                "counts": self.profile.counts.tolist(),
            },
            "block_energy": self.block_energy.tolist(),
            "patterns": [dataclasses.asdict(peak) for peak in self.patterns],
        }


def spectrum(image: UInt[np.ndarray, "h w c"]) -> Spectrum:
    """Measures the frequencies of a picture, without its alpha.

    Frequencies are in cycles per image, periods along the longer side.

    Args:
        image: 8 or 16 bits a sample; gray, gray and alpha, RGB or RGBA.

    Raises:
        ImageError: The image is none of these kinds.
    """
    planes, _ = split(image)
    height, width = planes.shape[1:]
    longest = max(height, width)
    profile = radial_profile(planes)
    blocks = dct2(to_blocks(planes, BLOCK_SIZE))
    power = windowed_power(planes)
    surroundings = Surroundings.of(power)
    patterns = []
    if surroundings is not None:
        patterns = find_peaks(
            power,
            surroundings,
            threshold_db=THRESHOLD_DB,
            min_amplitude=MIN_AMPLITUDE * 255,
            expected=overtones([], longest),
        )
    low_edge, high_edge = named_edges(longest)
    return Spectrum(
        height=height,
        width=width,
        mean=float(planes.mean()),
        deviation=math.sqrt(float(planes.var((1, 2)).mean())),
        low_edge=low_edge,
        high_edge=high_edge,
        shares=_shares(profile, low_edge, high_edge),
        slope=_slope(profile, longest / 4),
        profile=profile,
        block_energy=np.square(blocks).mean((0, 1, 2)),
        amplitude=np.sqrt(np.fft.fftshift(power)),
        patterns=patterns,
    )


def _shares(
    profile: RadialProfile, low_edge: float, high_edge: float
) -> tuple[float, float, float]:
    power = profile.density * profile.counts
    total = power.sum()
    if total == 0:
        return 0.0, 0.0, 0.0
    low = power[profile.cycles < low_edge].sum() / total
    high = power[profile.cycles >= high_edge].sum() / total
    return float(low), float(1 - low - high), float(high)


def _slope(profile: RadialProfile, highest: float) -> float | None:
    used = (profile.cycles >= _SLOPE_FROM) & (profile.cycles <= highest) & (profile.density > 0)
    if used.sum() < 2:
        return None
    line = np.polynomial.Polynomial.fit(
        np.log(profile.cycles[used]), np.log(profile.density[used]), 1
    )
    return -float(line.convert().coef[1])
