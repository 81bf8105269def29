"""How large the machine of a picture is."""

import dataclasses
from collections.abc import Sequence

from overtone.kernels.latent_shape import Spec, Trunk

# A grid more from so many pixels on.
_MORE_GRIDS_PX = (1_000_000, 3_000_000)
_NUM_GRIDS = 7
_FIRST_HYPER_GRID = 4
_NUM_FEATURE_GRIDS = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Sizes of the networks, whatever the size of the picture.

    Attributes:
        num_neighbours: Symbols of the same grid in a context.
        num_features: Numbers from coarser grids in a context.
        parent_side: Side of the window on the next coarser grid that they are made of.
        trunk: Functions of a pixel's features that its colours are sums of.
        num_mixed: Units of a rectified trunk, or factors of the products of others.
        num_residual_layers: Layers of 3x3 pixels after the trunk.
    """

    num_neighbours: int
    num_features: int
    num_mixed: int
    parent_side: int = 1
    trunk: Trunk = "rectified"
    num_residual_layers: int = 2


# The sizes of Cool-Chic 5 of these names.
PRESETS = {
    "lop": Sizes(num_neighbours=6, num_features=2, num_mixed=8, num_residual_layers=1),
    "mop": Sizes(num_neighbours=10, num_features=4, num_mixed=16),
    "hop": Sizes(num_neighbours=14, num_features=6, num_mixed=48),
}


def machine_spec(shape: Sequence[int], sizes: Sizes) -> Spec:
    """The machine of a picture.

    Args:
        shape: Height, width and channels of the picture.
        sizes: Sizes of the networks.
    """
    height, width, channels = shape
    num_pixels = height * width
    return Spec(
        height=height,
        width=width,
        channels=channels,
        num_grids=_NUM_GRIDS + sum(num_pixels >= limit for limit in _MORE_GRIDS_PX),
        first_hyper_grid=_FIRST_HYPER_GRID,
        num_feature_grids=_NUM_FEATURE_GRIDS if sizes.num_features else 0,
        **dataclasses.asdict(sizes),
    )
