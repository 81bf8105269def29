"""Bands of frequencies, by name or in cycles per image, and gains on them with soft edges."""

import dataclasses
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from overtone.errors import ConfigError, unknown_name
from overtone.shapes import Float64
from overtone.transform.soft_edge import step_at

# Narrower edges ring visibly beside the edges of things.
EDGE_OCTAVES = 1.0
_NAMES = ("low", "mid", "high")
_RANGE = re.compile(r"(\d+\.?\d*|\.\d+)\s*-\s*(\d+\.?\d*|\.\d+)?")


@dataclasses.dataclass(frozen=True, slots=True)
class Band:
    """Frequencies from `low` to `high`, cycles per image; `high` may be infinite."""

    name: str
    low: float
    high: float

    def weights(
        self, cycles: Float64[np.ndarray, "*shape"], edge_octaves: float = EDGE_OCTAVES
    ) -> Float64[np.ndarray, "*shape"]:
        """How much of each frequency is in the band, 0..1; those of adjacent bands sum to 1."""
        return step_at(cycles, self.low, edge_octaves) - step_at(cycles, self.high, edge_octaves)


def named_edges(length_px: int) -> tuple[float, float]:
    """The frequencies where "low" ends and "high" begins, cycles per image.

    They part the octaves between 1 cycle per image and the Nyquist frequency, half the longer
    side, into three equal shares. Photographs have about equal power in each octave.
    """
    nyquist = max(1.0, length_px / 2)
    return nyquist ** (1 / 3), nyquist ** (2 / 3)


def middle_cycles(length_px: int) -> float:
    """The frequency with as many octaves below it, from 1 cycle per image, as above it."""
    return math.sqrt(max(1.0, length_px / 2))


def find_band(name: str, length_px: int) -> Band:
    """The band of a name ("low", "mid", "high") or range ("8-40", "40-").

    Args:
        name: What to find.
        length_px: Longer side of the picture.

    Raises:
        ConfigError: The name is unknown, or the range is empty or above every frequency.
    """
    text = name.strip()
    first, second = named_edges(length_px)
    edges = dict(zip(_NAMES, ((0.0, first), (first, second), (second, math.inf)), strict=True))
    if text in edges:
        return Band(text, *edges[text])
    found = _RANGE.fullmatch(text)
    if found is None:
        if text[:1].isalpha():
            raise unknown_name("band", text, _NAMES)
        raise ConfigError(
            f"a band is low, mid, high or a range of cycles per image such as 8-40 or 40-, "
            f"from 0 up; got {name!r}"
        )
    low, high = float(found[1]), float(found[2] or math.inf)
    if not low < high:
        raise ConfigError(f"band {text} is empty: it must end above where it begins")
    highest = length_px * math.sqrt(0.5)
    if low >= highest:
        raise ConfigError(
            f"band {text} lies above every frequency of this picture, "
            f"which end at {highest:g} cycles per image"
        )
    return Band(text, low, high)


def find_bands(names: Iterable[str], length_px: int) -> list[Band]:
    """The bands of several names, from low to high.

    Raises:
        ConfigError: A name or range makes no sense, two bands overlap, or there is none.
    """
    bands = sorted((find_band(name, length_px) for name in names), key=lambda band: band.low)
    if not bands:
        raise ConfigError("at least one band is needed, such as low or 8-40")
    for below, above in itertools.pairwise(bands):
        if below.high > above.low:
            raise ConfigError(f"bands {below.name} and {above.name} overlap; give them apart")
    return bands


def check_gains(gains: Mapping[str, float]) -> None:
    """Raises `ConfigError` unless there are gains, each of them finite and 0 or more."""
    if not gains:
        raise ConfigError("at least one gain is needed, such as high=0.5")
    for name, gain in gains.items():
        if not (math.isfinite(gain) and gain >= 0):
            raise ConfigError(f"the gain of band {name} must be a number from 0 up, got {gain:g}")


def gains_at(
    cycles: Float64[np.ndarray, "*shape"],
    gains: Mapping[str, float],
    length_px: int,
    edge_octaves: float = EDGE_OCTAVES,
) -> Float64[np.ndarray, "*shape"]:
    """The gain of each frequency; 1 outside every band.

    Raises:
        ConfigError: A band or gain makes no sense.
    """
    check_gains(gains)
    by_band = {name.strip(): gain for name, gain in gains.items()}
    total = np.ones(cycles.shape)
    for band in find_bands(by_band, length_px):
        total += (by_band[band.name] - 1) * band.weights(cycles, edge_octaves)
    return total


def kept_at(
    cycles: Float64[np.ndarray, "*shape"],
    names: Sequence[str],
    length_px: int,
    edge_octaves: float = EDGE_OCTAVES,
) -> Float64[np.ndarray, "*shape"]:
    """1 inside the bands, 0 outside, with soft edges.

    Raises:
        ConfigError: A band makes no sense.
    """
    bands = find_bands(names, length_px)
    return np.sum([band.weights(cycles, edge_octaves) for band in bands], axis=0)


@dataclasses.dataclass(frozen=True, slots=True)
class BandGains:
    """What becomes of each band.

    Attributes:
        keep: Names of bands; all other frequencies are removed, unless there are none here.
        gain: Factor of each band; what is in no band stays. None for no factors at all.
        edge_octaves: Width of the soft edges of bands, 0..4; 0 is a hard edge, which rings.

    Raises:
        ConfigError: The width is out of range.
    """

    keep: Sequence[str] = ()
    gain: Mapping[str, float] | None = None
    edge_octaves: float = EDGE_OCTAVES

    def __post_init__(self) -> None:
        if not 0 <= self.edge_octaves <= 4:
            raise ConfigError(f"edges must be 0..4 octaves wide, got {self.edge_octaves:g}")

    @property
    def change_nothing(self) -> bool:
        """Whether no band is named; bands with factors of 1 are."""
        return not self.keep and self.gain is None

    def at(
        self, cycles: Float64[np.ndarray, "*shape"], length_px: int
    ) -> Float64[np.ndarray, "*shape"]:
        """The factor of each frequency, cycles per image, of a picture of this longer side.

        Raises:
            ConfigError: A band or gain makes no sense.
        """
        factors = np.ones(cycles.shape)
        if self.keep:
            factors *= kept_at(cycles, self.keep, length_px, self.edge_octaves)
        if self.gain is not None:
            factors *= gains_at(cycles, self.gain, length_px, self.edge_octaves)
        return factors


def high_pass_at(
    cycles: Float64[np.ndarray, "*shape"], cutoff: float, edge_octaves: float = EDGE_OCTAVES
) -> Float64[np.ndarray, "*shape"]:
    """0 below the cutoff, cycles per image, 1 above it."""
    return step_at(cycles, cutoff, edge_octaves)
