"""Settings of the weights-only codec."""

import dataclasses
from typing import Literal

from overtone.codecs.base import Effort
from overtone.codecs.dfm.fit.settings import FitSettings
from overtone.config import load_preset

DEFAULT_PRESET = "deep"
_EFFORT_STEPS: dict[Effort, float] = {"fast": 0.1, "default": 1.0, "best": 4.0}
_BEST_STARTS = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much network a picture gets.

    Attributes:
        tile_px: Side of a tile, about; 0 for one network for the whole picture.
        hidden: Widths of the hidden layers.
        input_scales: Powers of two, each twice the one before; see `NetSpec`.
    """

    tile_px: int = 256
    hidden: tuple[int, ...] = (5, 5, 5)
    input_scales: tuple[float, ...] = (0.5, 1.0, 2.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DfmConfig:
    """Settings of the weights-only codec; the file keeps only what decoding needs.

    Attributes:
        kind: "raw" stores float32 weights as they are, "quantised" codes integers.
        sizes: Candidates, from few to many weights a pixel; the encoder keeps the one of least
            distortion + rd_weight * rate on trial tiles.
        has_residual: See `NetSpec`.
        output: See `NetSpec`; tanh stands for values in [-1, 1].
        margin_px: Tiles reach this far over their common borders, and are blended there.
        trial_fraction: Share of the steps a trial of a size takes; 0 chooses by quality alone.
        fit: Of every tile.
        keeps_effort: Whether effort leaves the fit as it is, as a published recipe must.
    """

    kind: Literal["raw", "quantised"] = "quantised"
    sizes: tuple[Size, ...] = (Size(),)
    has_residual: bool = True
    output: Literal["linear", "tanh"] = "linear"
    margin_px: int = 4
    trial_fraction: float = 0.15
    fit: FitSettings = dataclasses.field(default_factory=FitSettings)
    keeps_effort: bool = False

    def __post_init__(self) -> None:
        if not self.sizes:
            raise ValueError("sizes must not be empty")
        if not 0 <= self.margin_px <= 255:
            raise ValueError(f"margin_px must be in 0..255, got {self.margin_px}")
        if (self.kind == "raw") == self.fit.is_quantised:
            raise ValueError("kind raw goes with fit.is_quantised = false, quantised with true")


def rd_weight(quality: float) -> float:
    """λ of mean squared error on [0, 1] + λ * bits per pixel: 0.18 at quality 1, 2e-5 at 100."""
    return 10 ** (-0.7 - 0.04 * quality)


def resolve(preset: str | None, effort: Effort) -> DfmConfig:
    """The settings of a preset at an effort: fast takes a tenth of the steps and no trials."""
    config = load_preset(DfmConfig, "dfm", preset or DEFAULT_PRESET)
    if config.keeps_effort or effort == "default":
        return config
    num_steps = max(1, round(config.fit.num_steps * _EFFORT_STEPS[effort]))
    num_starts = _BEST_STARTS if effort == "best" else 1
    fit = dataclasses.replace(config.fit, num_steps=num_steps, num_starts=num_starts)
    trial_fraction = config.trial_fraction if effort == "best" else 0.0
    return dataclasses.replace(config, fit=fit, trial_fraction=trial_fraction)
