"""Settings of the weights-only codec."""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any, Literal

from overtone.bitstream.container import MAX_SIDE_PX
from overtone.codecs.base import Effort
from overtone.codecs.dfm.fit.settings import FitSettings
from overtone.config import from_mapping, read_preset, setting_names, with_values
from overtone.errors import ConfigError, unknown_name
from overtone.kernels.fourier import MAX_WIDTH

DEFAULT_PRESET = "deep"
_EFFORT_STEPS: dict[Effort, float] = {"fast": 0.1, "default": 1.0, "best": 4.0}
_BEST_STARTS = 3
_FULL = {"steps": "fit.num_steps"}  # short names of settings
MIN_TILE_PX = 8  # of a smaller tile the weights take more bytes than the pixels
MAX_DEPTH = 64  # hidden layers a file may have
_EXPONENTS = range(-8, 9)  # of the first input scale, as a power of two
_MAX_SCALES = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much network a picture gets.

    Attributes:
        tile_px: Side of a tile, about, at least 8; 0 for one network for the whole picture.
        hidden: Widths of the hidden layers, 1..10 each; their number is the depth.
        input_scales: Powers of two, each twice the one before; see `NetSpec`.
    """

    tile_px: int = 256
    hidden: tuple[int, ...] = (5, 5, 5)
    input_scales: tuple[float, ...] = (0.5, 1.0, 2.0)

    def __post_init__(self) -> None:
        if self.tile_px != 0 and not MIN_TILE_PX <= self.tile_px <= MAX_SIDE_PX:
            raise ValueError(
                f"tile_px must be 0 or in {MIN_TILE_PX}..{MAX_SIDE_PX}, got {self.tile_px}"
            )
        if len(self.hidden) > MAX_DEPTH or not all(1 <= w <= MAX_WIDTH for w in self.hidden):
            raise ValueError(
                f"hidden must be at most {MAX_DEPTH} widths of 1..{MAX_WIDTH}, got {self.hidden}"
            )
        scales = self.input_scales
        doubles = all(b == 2 * a for a, b in itertools.pairwise(scales))
        if not 1 <= len(scales) <= _MAX_SCALES or scales[0] <= 0 or not doubles:
            raise ValueError(f"input_scales must be 1..5 numbers that double, got {scales}")
        if math.log2(scales[0]) not in _EXPONENTS:
            raise ValueError(f"input_scales must begin with a power of 2 of 2**-8..2**8: {scales}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SizeChange:
    """Short names of settings that change every size of a preset.

    Attributes:
        width: Width of the hidden layers, 1..10.
        depth: Number of hidden layers, 1..64; all of them as wide as the preset's.
        tile_px: See `Size`.
    """

    width: int | None = None
    depth: int | None = None
    tile_px: int | None = None

    def __post_init__(self) -> None:
        if self.width is not None and not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"width must be in 1..{MAX_WIDTH}, got {self.width}")
        if self.depth is not None and not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"depth must be in 1..{MAX_DEPTH}, got {self.depth}")

    def of(self, size: Size) -> Size:
        """The size with these changes.

        Raises:
            ValueError: A depth alone, for hidden layers of several widths; or `Size` refuses.
        """
        hidden = size.hidden if self.width is None else (self.width,) * len(size.hidden)
        if self.depth is not None:
            widths = set(hidden if self.width is None else (self.width,))
            if len(widths) != 1:
                raise ValueError(f"depth needs width too where the preset has {list(hidden)}")
            hidden = (*widths,) * self.depth
        tile_px = size.tile_px if self.tile_px is None else self.tile_px
        return dataclasses.replace(size, hidden=hidden, tile_px=tile_px)


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
        fit: Settings of the fit of every tile.
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
        if not 0 <= self.trial_fraction <= 1:
            raise ValueError(f"trial_fraction must be in 0..1, got {self.trial_fraction}")
        if (self.kind == "raw") == self.fit.is_quantised:
            raise ValueError("kind raw goes with fit.is_quantised = false, quantised with true")


def rd_weight(quality: float) -> float:
    """λ of mean squared error on [0, 1] + λ * bits per pixel: 0.18 at quality 1, 2e-5 at 100."""
    return 10 ** (-0.7 - 0.04 * quality)


def resolve(
    preset: str | None, effort: Effort, settings: Mapping[str, Any] | None = None
) -> DfmConfig:
    """The settings of a preset, changed, at an effort.

    Effort "fast" takes a tenth of the steps and no trials, "best" four times the steps; steps that
    were asked for in `settings` stay as they are.

    Args:
        preset: Its name or file.
        effort: Time spent.
        settings: Dotted names of `DfmConfig`, short ones of `SizeChange`, and "steps".

    Raises:
        ConfigError: The preset or a setting is unknown, or a value does not fit.
    """
    settings = settings or {}
    short = setting_names(SizeChange)
    known = [*_FULL, *short, *setting_names(DfmConfig)]
    for name in settings:
        if name not in known:
            raise unknown_name("setting", name, known)
    change = from_mapping(SizeChange, {name: settings[name] for name in settings if name in short})
    values = {_FULL.get(name, name): settings[name] for name in settings if name not in short}
    config = from_mapping(
        DfmConfig, with_values(read_preset("dfm", preset or DEFAULT_PRESET), values)
    )
    try:
        sizes = tuple(dict.fromkeys(change.of(size) for size in config.sizes))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    config = dataclasses.replace(config, sizes=sizes)
    if config.keeps_effort or effort == "default":
        return config
    factor = 1.0 if "fit.num_steps" in values else _EFFORT_STEPS[effort]
    num_steps = max(1, round(config.fit.num_steps * factor))
    num_starts = _BEST_STARTS if effort == "best" else 1
    fit = dataclasses.replace(config.fit, num_steps=num_steps, num_starts=num_starts)
    trial_fraction = config.trial_fraction if effort == "best" else 0.0
    return dataclasses.replace(config, fit=fit, trial_fraction=trial_fraction)
