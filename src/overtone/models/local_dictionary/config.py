"""Settings of the local dictionary."""

import dataclasses
from typing import Literal

from overtone.models.priors.grid_flow import GridFlowConfig


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocalDictionaryConfig:
    """Atoms, tiles and the prior of the weights: table [network] of a preset.

    Attributes:
        cell_px: Distance of tiles, pixels; a tile is twice as wide, so that 4 has tiles of 8.
        num_atoms: Atoms of a tile for all colours together, which is the length of a token.
        form: "waves" are products of a sine along each axis under a bell, fitted to the training
            images; "components" are the principal components of their tiles, which know nothing
            between pixels: the control.
        fit_steps: Steps of the fit of waves, before the training.
        ridge: Added to the inner products of atoms, relative to their mean, when weights are found:
            larger keeps weights small where atoms of neighbours are alike, and costs precision.
        flips: Whether training pictures are mirrored left to right at random.
        flow: The prior.
    """

    cell_px: int = 4
    num_atoms: int = 16
    form: Literal["waves", "components"] = "waves"
    fit_steps: int = 300
    ridge: float = 1e-3
    flips: bool = False
    flow: GridFlowConfig = dataclasses.field(default_factory=GridFlowConfig)

    def __post_init__(self) -> None:
        if not 2 <= self.cell_px <= 16:
            raise ValueError(f"cell_px must be in 2..16, got {self.cell_px}")
        if self.num_atoms < 1:
            raise ValueError(f"num_atoms must be at least 1, got {self.num_atoms}")
        if self.fit_steps < 0:
            raise ValueError(f"fit_steps must not be below 0, got {self.fit_steps}")
        if not 0 < self.ridge < 1:
            raise ValueError(f"ridge must be in (0, 1), got {self.ridge:g}")
