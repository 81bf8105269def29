"""Settings of the flow over local cosine coefficients."""

import dataclasses

from overtone.models.priors.grid_flow import GridFlowConfig


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DctFlowConfig:
    """Blocks and their prior: table [network] of a preset.

    Attributes:
        block_px: Side of a block, pixels of the training images; a token is a block's coefficients.
        flips: Whether training pictures are mirrored left to right at random.
        flow: The prior.
    """

    block_px: int = 4
    flips: bool = False
    flow: GridFlowConfig = dataclasses.field(default_factory=GridFlowConfig)

    def __post_init__(self) -> None:
        if not 2 <= self.block_px <= 16:
            raise ValueError(f"block_px must be in 2..16, got {self.block_px}")
