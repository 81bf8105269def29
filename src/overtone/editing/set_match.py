"""Colours and spectrum of a whole set of pictures, given to the pictures of another set.

A set is taken for stationary Gaussian noise: a mean colour, the spread of the pictures' means
around it, and at each frequency a covariance of the three colours. The map from one such noise to
another that changes pictures least is linear: a 3x3 matrix for each frequency. One map for a whole
set keeps the differences between its pictures; one for each picture takes most of them away.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np

from overtone.editing.basis import Domain, analyse, multiplicity, radial_cycles, synthesise
from overtone.editing.planes import LUMA, split, with_channels
from overtone.editing.radial import ring_edges
from overtone.errors import ImageError
from overtone.shapes import Float64, UInt

# No colour of any frequency is made stronger than this: what a blur has left is mostly rounding.
LARGEST_GAIN = 4.0
# The means of fewer pictures say little about their spread, which then stays as it is.
FEWEST_FOR_SPREAD = 10
_ROUNDING = 1 / 12  # variance of rounding to 8 bits, squared levels


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SetSpectrum:
    """What a set of pictures has in common; levels have white 255 whatever the depth.

    Attributes:
        num_pictures: How many there are.
        mean: Mean colour, of the pictures' means.
        spread: Covariance of the pictures' means, squared levels.
        cycles: Mean frequency of each ring of frequencies, cycles per image, rising.
        density: Covariance of the colours in each ring: squared levels per squared cycle per image,
            mean over the pictures that reach so far, plus that of rounding to 8 bits.
    """

    num_pictures: int
    mean: Float64[np.ndarray, " c"]
    spread: Float64[np.ndarray, "c c"]
    cycles: Float64[np.ndarray, " rings"]
    density: Float64[np.ndarray, "rings c c"]

    def luma(self) -> "SetSpectrum":
        """The same of the pictures' brightness alone."""
        return dataclasses.replace(
            self,
            mean=LUMA @ self.mean[:, None],
            spread=(LUMA @ self.spread @ LUMA).reshape(1, 1),
            density=(LUMA @ self.density @ LUMA)[:, None, None],
        )


def set_spectrum(
    pictures: Iterable[UInt[np.ndarray, "h w c"]], domain: Domain = "dct"
) -> SetSpectrum:
    """What pictures of any sizes have in common; gray ones count as three equal colours.

    Raises:
        ImageError: There is no picture, or one is not of the kinds that `overtone.edit` takes.
    """
    return _spectrum_of((with_channels(split(picture)[0], 3) for picture in pictures), domain)


@dataclasses.dataclass(frozen=True, slots=True)
class SetMatch:
    """Pictures of one set given the mean colour, spread of means and spectrum of another.

    Attributes:
        reference: The set whose statistics are taken over.
        source: The set that the pictures are from; None to take each picture for a set of its own.
    """

    reference: SetSpectrum
    source: SetSpectrum | None = None

    def applied(
        self, planes: Float64[np.ndarray, "c h w"], domain: Domain = "dct"
    ) -> Float64[np.ndarray, "c h w"]:
        """A picture's planes, gray or RGB, as the reference has them."""
        reference, source = self.reference, self.source
        if len(planes) == 1:
            reference = reference.luma()
            source = None if source is None else source.luma()
        source = source or _spectrum_of([planes], domain)
        own = planes.mean((1, 2))
        means = reference.mean + _spread_map(source, reference) @ (own - source.mean)
        size = planes.shape[1], planes.shape[2]
        coeffs = analyse(planes - own[:, None, None], domain)
        result = np.empty(planes.shape)
        cycles, maps = _maps(source, reference)
        places = np.log(np.maximum(radial_cycles(size, domain), 0.5))
        for number in range(len(planes)):
            changed = np.zeros_like(coeffs[0])
            for other, coeff in enumerate(coeffs):
                changed += np.interp(places, np.log(cycles), maps[:, number, other]) * coeff
            changed[0, 0] = 0
            result[number] = synthesise(changed[None], size, domain)[0] + means[number]
        return result


def _spectrum_of(pictures: Iterable[Float64[np.ndarray, "c h w"]], domain: Domain) -> SetSpectrum:
    means: list[np.ndarray] = []
    reached: list[int] = []  # by how many pictures, for each ring
    cycles: list[float] = []
    density: list[np.ndarray] = []
    for planes in pictures:
        means.append(planes.mean((1, 2)))
        for number, (middle, covariance) in enumerate(_rings(planes, domain)):
            if number == len(reached):
                reached.append(0)
                cycles.append(0.0)
                density.append(np.zeros_like(covariance))
            reached[number] += 1
            cycles[number] += middle
            density[number] += covariance
    if not means:
        raise ImageError("a set to match needs a picture that can be read, got none")
    centred = np.stack(means) - np.mean(means, axis=0)
    channels = len(means[0])
    counts = np.array(reached, dtype=np.float64)
    return SetSpectrum(
        num_pictures=len(means),
        mean=np.mean(means, axis=0),
        spread=centred.T @ centred / len(means),
        cycles=np.array(cycles) / counts,
        density=np.array(density).reshape(-1, channels, channels) / counts[:, None, None],
    )


def _rings(
    planes: Float64[np.ndarray, "c h w"], domain: Domain
) -> list[tuple[float, Float64[np.ndarray, "c c"]]]:
    """Mean frequency and covariance of the colours in each ring, from the lowest."""
    size = planes.shape[1], planes.shape[2]
    cycles = radial_cycles(size, domain).ravel()[1:]
    number = multiplicity(size, domain).ravel()[1:]
    if not cycles.size:
        return []
    coeffs = analyse(planes - planes.mean((1, 2), keepdims=True), domain).reshape(len(planes), -1)
    ring = np.digitize(cycles, ring_edges(cycles.max())) - 1
    counts = np.bincount(ring, number)
    cross = np.empty((len(counts), len(planes), len(planes)))
    for first in range(len(planes)):
        for second in range(first + 1):
            product = np.real(coeffs[first, 1:] * coeffs[second, 1:].conj()) * number
            cross[:, first, second] = cross[:, second, first] = np.bincount(ring, product)
    used = np.maximum(counts, 1)
    density = cross / used[:, None, None] / max(size) ** 2
    density += _ROUNDING / max(size) ** 2 * np.eye(len(planes))
    middle = np.bincount(ring, cycles * number) / used
    return [(float(middle[k]), density[k]) for k in range(len(counts)) if counts[k]]


def _maps(
    source: SetSpectrum, reference: SetSpectrum
) -> tuple[Float64[np.ndarray, " rings"], Float64[np.ndarray, "rings c c"]]:
    """The matrix of each ring that both sets have; with none, one that changes nothing."""
    both = min(len(source.cycles), len(reference.cycles))
    if both == 0:
        return np.ones(1), np.eye(len(source.mean))[None]
    pairs = zip(source.density[:both], reference.density[:both], strict=True)
    return source.cycles[:both], np.stack([_transport(own, wanted) for own, wanted in pairs])


def _spread_map(source: SetSpectrum, reference: SetSpectrum) -> Float64[np.ndarray, "c c"]:
    if min(source.num_pictures, reference.num_pictures) < FEWEST_FOR_SPREAD:
        return np.eye(len(source.mean))
    floor = _ROUNDING * np.eye(len(source.mean))
    return _transport(source.spread + floor, reference.spread + floor)


def _transport(
    own: Float64[np.ndarray, "c c"], wanted: Float64[np.ndarray, "c c"]
) -> Float64[np.ndarray, "c c"]:
    """The symmetric matrix that moves noise of one covariance to another with the least change.

    Source: Dowson and Landau, J. Multivariate Analysis 12, 1982, for the form; its gains are cut at
        `LARGEST_GAIN`.
    """
    root = _power(own, 0.5)
    inverse = _power(own, -0.5)
    matrix = inverse @ _power(root @ wanted @ root, 0.5) @ inverse
    gains, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    return axes @ np.diag(np.minimum(gains, LARGEST_GAIN)) @ axes.T


def _power(matrix: Float64[np.ndarray, "c c"], exponent: float) -> Float64[np.ndarray, "c c"]:
    values, axes = np.linalg.eigh(matrix)
    return axes @ np.diag(np.maximum(values, 1e-12) ** exponent) @ axes.T
