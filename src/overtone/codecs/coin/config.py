"""Settings of COIN: its sizes, from the dial, and how a network is fitted."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from overtone.codecs.base import MAX_QUALITY, MIN_QUALITY, Effort
from overtone.codecs.coin.siren import Shape
from overtone.config import from_mapping, read_preset, setting_names, with_values
from overtone.errors import ConfigError, unknown_name

DEFAULT_PRESET = "short"
MAX_LAYERS, MAX_WIDTH = 16, 64
# Layers and widths, from small to large; the paper's are 5x20, 5x30, 10x28, 10x40, 13x49.
LADDER = [
    *((5, width) for width in range(20, 31)),
    *((10, width) for width in range(21, 41)),
    *((13, width) for width in range(35, 50)),
]
_EFFORT_STEPS: dict[Effort, float] = {"fast": 0.1, "default": 1.0, "best": 10.0}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CoinConfig:
    """How a network is fitted; nothing of it is stored but the two sizes.

    Attributes:
        layers: Number of sine layers, 1..16; chosen by the quality or the size if None.
        width: Width of each, 1..64; likewise.
        steps: Steps of Adam.
        learning_rate: Peak of the schedule.
        schedule: "constant", or "cosine": up in the first fiftieth, then down to nothing.
        batch_px: Random pixels of each step; 0 for all of them.
        keeps_effort: Whether effort leaves the steps as they are, as a published recipe must.
    """

    layers: int | None = None
    width: int | None = None
    steps: int = 5000
    learning_rate: float = 5e-4
    schedule: Literal["constant", "cosine"] = "cosine"
    batch_px: int = 1 << 14
    keeps_effort: bool = False

    def __post_init__(self) -> None:
        if (self.layers is None) != (self.width is None):
            raise ValueError("layers and width go together; give both or neither")
        for name, least, largest in (
            ("layers", 1, MAX_LAYERS),
            ("width", 1, MAX_WIDTH),
            ("steps", 1, 1e9),
            ("learning_rate", 1e-12, 1),
            ("batch_px", 0, 1e9),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= largest:
                raise ValueError(f"{name} must be in {least:g}..{largest:g}, got {value:g}")

    def shape_at(self, quality: float, num_outputs: int) -> Shape:
        """The network for a quality: that of the settings, or one of `LADDER`."""
        if self.layers is not None and self.width is not None:
            return Shape(layers=self.layers, width=self.width, num_outputs=num_outputs)
        place = (quality - MIN_QUALITY) / (MAX_QUALITY - MIN_QUALITY) * (len(LADDER) - 1)
        layers, width = LADDER[round(place)]
        return Shape(layers=layers, width=width, num_outputs=num_outputs)


def quality_of(place: int) -> float:
    """The quality that takes a place of `LADDER`."""
    return MIN_QUALITY + place * (MAX_QUALITY - MIN_QUALITY) / (len(LADDER) - 1)


def resolve(preset: str | None, effort: Effort, settings: Mapping[str, Any]) -> CoinConfig:
    """The settings of a preset, changed, at an effort; steps in `settings` stay as they are.

    Raises:
        ConfigError: The preset or a setting is unknown, or a value does not fit.
    """
    known = setting_names(CoinConfig)
    for name in settings:
        if name not in known:
            raise unknown_name("setting", name, known)
    table = with_values(read_preset("coin", preset or DEFAULT_PRESET), settings)
    try:
        config = from_mapping(CoinConfig, table)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if config.keeps_effort or "steps" in settings:
        return config
    return dataclasses.replace(config, steps=max(1, round(config.steps * _EFFORT_STEPS[effort])))
