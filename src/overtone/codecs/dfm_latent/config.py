"""Settings of the codec `dfm-latent`: sizes of the networks, and how long they are trained."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from overtone.codecs.base import Effort
from overtone.codecs.dfm_latent.phases import TrainSettings
from overtone.codecs.dfm_latent.sizes import Sizes
from overtone.config import from_mapping, read_preset, setting_names, with_values
from overtone.errors import ConfigError, unknown_name

PRESETS_FOLDER = "dfm-latent"
DEFAULT_PRESET = "hop"
# Shares of a preset's steps. Of a few, more with rates of every second row end lower.
_STEPS: dict[Effort, float] = {"fast": 0.2, "default": 1.0, "best": 7.0}
_FAST_ENTROPY_SHARE = 0.5
_FULL = {"steps": "train.num_steps"}  # short names of settings
# λ at quality 1 and what doubles it: `tiled-dct` trades bits for squared error at this price, too.
_FIRST_RD_WEIGHT, _QUALITIES_PER_HALVING = 0.1747, 5.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LatentConfig:
    """Settings of an encoder; the file keeps the sizes and the start only.

    Attributes:
        sizes: Sizes of the networks.
        train: How they are trained with the latents.
        start: What the networks that predict symbols begin with, and are coded as differences from:
            "shared" networks of other pictures, where some of their size come with the codec, or
            "none".
    """

    sizes: Sizes
    train: TrainSettings = dataclasses.field(default_factory=TrainSettings)
    start: Literal["shared", "none"] = "shared"


def rd_weight(quality: float) -> float:
    """λ of mean squared error on [0, 1] + λ * bits a pixel: 0.17 at quality 1, 6.7e-7 at 100."""
    return _FIRST_RD_WEIGHT * 2.0 ** (-(quality - 1) / _QUALITIES_PER_HALVING)


def resolve(
    preset: str | None, effort: Effort, settings: Mapping[str, Any] | None = None
) -> LatentConfig:
    """The settings of a preset, changed, at an effort.

    Args:
        preset: Its name or file; None is the largest.
        effort: Time spent: "fast" takes a fifth of the steps and looks at the rate of every second
            row, "best" takes seven times as many; what was asked for in `settings` stays as it is.
        settings: Dotted names of `LatentConfig`, and "steps".

    Raises:
        ConfigError: The preset or a setting is unknown, or a value does not fit.
    """
    settings = settings or {}
    known = [*_FULL, *setting_names(LatentConfig)]
    for name in settings:
        if name not in known:
            raise unknown_name("setting", name, known)
    values = {_FULL.get(name, name): value for name, value in settings.items()}
    given = read_preset(PRESETS_FOLDER, preset or DEFAULT_PRESET)
    config = from_mapping(LatentConfig, with_values(given, values))
    changes: dict[str, Any] = {"num_steps": max(20, round(_STEPS[effort] * config.train.num_steps))}
    if effort == "fast":
        changes["entropy_share"] = _FAST_ENTROPY_SHARE
    wanted = {name: value for name, value in changes.items() if f"train.{name}" not in values}
    try:
        train = dataclasses.replace(config.train, **wanted)
    except ValueError as error:
        raise ConfigError(f"train: {error}") from error
    return dataclasses.replace(config, train=train)
