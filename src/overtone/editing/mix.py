"""The high frequencies of one picture put in the place of another's."""

import dataclasses
import math

import numpy as np

from overtone.editing.bands import EDGE_OCTAVES, high_pass_at, middle_cycles
from overtone.editing.basis import Domain, filtered
from overtone.editing.planes import fitted_planes, with_channels
from overtone.errors import ConfigError
from overtone.shapes import Float64, UInt


@dataclasses.dataclass(frozen=True, slots=True)
class Mix:
    """What is mixed in.

    Attributes:
        picture: Its frequencies above the cutoff are taken.
        cutoff: Cycles per image; None for half of the octaves.
        edge_octaves: Width of the soft edge at the cutoff.
    """

    picture: UInt[np.ndarray, "h w c"]
    cutoff: float | None = None
    edge_octaves: float = EDGE_OCTAVES

    def share_at(
        self, cycles: Float64[np.ndarray, "*shape"], length_px: int
    ) -> Float64[np.ndarray, "*shape"]:
        """How much of each frequency is taken from the picture, 0..1.

        Raises:
            ConfigError: The cutoff is not above 0 and finite.
        """
        cutoff = middle_cycles(length_px) if self.cutoff is None else self.cutoff
        if not 0 < cutoff < math.inf:
            raise ConfigError(f"the cutoff must be above 0 cycles per image, got {cutoff:g}")
        return high_pass_at(cycles, cutoff, self.edge_octaves)


def mixed(
    planes: Float64[np.ndarray, "c h w"], mix: Mix, domain: Domain
) -> Float64[np.ndarray, "c h w"]:
    """The planes below the cutoff with the picture above it, resized and cropped to their size.

    Raises:
        ConfigError: The cutoff is not above 0 and finite.
        ImageError: The picture is not one of `split`.
    """
    size = planes.shape[-2], planes.shape[-1]
    other = with_channels(fitted_planes(mix.picture, size), len(planes))
    change = other - planes
    change -= change.mean((1, 2), keepdims=True)
    return planes + filtered(change, lambda cycles: mix.share_at(cycles, max(size)), domain)
