"""Which networks a file holds, and how many a picture may have."""

import dataclasses

from overtone.codecs.dfm.tiling import TileAxis
from overtone.errors import LimitExceededError
from overtone.kernels.fourier import NetSpec

RAW, QUANTISED = 0, 1  # kinds of weights
MAX_WEIGHTS = 1 << 24  # of all tiles together
FREE_WEIGHTS = 1 << 21  # that a picture of any size may have: 64 layers of width 10, and more
WEIGHTS_A_PIXEL = 4  # beyond those; as float32 they take more bytes than the pixels
TILE_PX = 8  # least side of a tile, about: counts are rounded
MAX_WORK = 1 << 41  # weights times pixels: two minutes of one thread
LAYER_WORK = 1 << 18  # what a layer of a tile takes besides: 15 microseconds


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which networks a file holds.

    Attributes:
        kind: RAW or QUANTISED.
        spec: Shape of every network.
        horizontal: Tile columns.
        vertical: Tile rows.
    """

    kind: int
    spec: NetSpec
    horizontal: TileAxis
    vertical: TileAxis

    @property
    def num_tiles(self) -> int:
        """Networks in the file."""
        return self.horizontal.count * self.vertical.count


def check_limits(plan: Plan) -> None:
    """Raises `LimitExceededError` where a file would take too much memory or time to decode."""
    num_weights = plan.spec.num_weights
    num_pixels = plan.horizontal.length * plan.vertical.length
    limit = min(MAX_WEIGHTS, max(FREE_WEIGHTS, WEIGHTS_A_PIXEL * num_pixels))
    if plan.num_tiles * num_weights > limit:
        raise LimitExceededError(
            f"{plan.num_tiles} networks of {num_weights} weights are over the limit of "
            f"{limit} weights for {num_pixels} pixels"
        )
    num_layers = plan.num_tiles * len(plan.spec.layers)
    if num_pixels * num_weights + num_layers * LAYER_WORK > MAX_WORK:
        raise LimitExceededError(
            f"{num_pixels} pixels of {plan.num_tiles} networks of {num_weights} weights and "
            f"{len(plan.spec.layers)} layers take too long to evaluate"
        )
