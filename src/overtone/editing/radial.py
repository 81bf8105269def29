"""The radial spectrum of a picture, and giving one picture that of another."""

import dataclasses

import numpy as np

from overtone.editing.basis import Domain, multiplicity, power, radial_cycles, weighted
from overtone.shapes import Float64, Int64

# Rings are this wide in octaves, but at least a cycle per image.
RING_OCTAVES = 1 / 6
# A ring with less than this share of the power is as good as empty.
_EMPTY = 1e-18
_CORRECTIONS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class RadialProfile:
    """Power against frequency, without frequency 0.

    Attributes:
        cycles: Mean frequency of each ring, cycles per image, rising.
        density: Variance of the samples in a unit of the plane of frequencies: squared levels per
            squared cycle per image. Its scale is the same for pictures of every resolution.
        counts: Frequencies in each ring.
    """

    cycles: Float64[np.ndarray, " rings"]
    density: Float64[np.ndarray, " rings"]
    counts: Int64[np.ndarray, " rings"]


def radial_profile(planes: Float64[np.ndarray, "c h w"], domain: Domain = "dct") -> RadialProfile:
    """The mean power of the planes in rings of frequencies; no rings for a single pixel."""
    # Without the mean, which would leave a trace of rounding everywhere.
    varying = planes - planes.mean((-2, -1), keepdims=True)
    return _profile(power(varying, domain), (planes.shape[-2], planes.shape[-1]), domain)


def matched(
    planes: Float64[np.ndarray, "c h w"], reference: RadialProfile, domain: Domain = "dct"
) -> Float64[np.ndarray, "c h w"]:
    """The planes with the densities of the reference at each frequency; their means are kept.

    One gain for all planes, a smooth function of the frequency. It is corrected a few times, as
    the power of a ring is not all at its mean frequency. Beyond the highest frequency of the
    reference its last density goes on. A ring without power stays so.
    """
    size = planes.shape[-2], planes.shape[-1]
    cycles, squares = radial_cycles(size, domain), power(planes, domain)
    gains = np.ones(cycles.shape)
    for _ in range(_CORRECTIONS):
        gains = gains * _matching_gains(
            cycles, _profile(squares * gains**2, size, domain), reference
        )
    gains[0, 0] = 1
    return weighted(planes, gains, domain)


def _profile(
    squares: Float64[np.ndarray, "v u"], size: tuple[int, int], domain: Domain
) -> RadialProfile:
    cycles = radial_cycles(size, domain).ravel()[1:]
    number = multiplicity(size, domain).ravel()[1:]
    ring = np.digitize(cycles, ring_edges(cycles.max(initial=0.0)))
    counts = np.bincount(ring, number)
    used = counts > 0
    counts = counts[used]
    # Frequencies are this far apart in the plane, in squared cycles per image.
    num_pixels = size[0] * size[1]
    cell = max(size) ** 2 / num_pixels
    return RadialProfile(
        cycles=np.bincount(ring, cycles * number)[used] / counts,
        density=np.bincount(ring, squares.ravel()[1:])[used] / (num_pixels * counts * cell),
        counts=counts.astype(np.int64),
    )


def ring_edges(highest: float) -> Float64[np.ndarray, " edges"]:
    """The edges of rings of `RING_OCTAVES`, but of at least one cycle per image."""
    edges = [0.5]
    while edges[-1] <= highest:
        edges.append(max(edges[-1] + 1, edges[-1] * 2**RING_OCTAVES))
    return np.array(edges)


def _matching_gains(cycles: np.ndarray, own: RadialProfile, reference: RadialProfile) -> np.ndarray:
    if not (own.cycles.size and reference.cycles.size):
        return np.ones(cycles.shape)
    log_own, log_reference = np.log(own.cycles), np.log(reference.cycles)
    wanted = np.log(np.maximum(reference.density, _tiny(reference)))
    has_power = own.density > _tiny(own)
    log_gains = np.zeros(own.cycles.size)
    log_gains[has_power] = 0.5 * (
        np.interp(log_own, log_reference, wanted)[has_power] - np.log(own.density[has_power])
    )
    return np.exp(np.interp(np.log(np.maximum(cycles, 1e-12)), log_own, log_gains))


def _tiny(profile: RadialProfile) -> float:
    return max(_EMPTY * float(profile.density.max()), 1e-300)
