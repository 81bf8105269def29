"""How a network is fitted."""

import dataclasses
from typing import Literal

MIN_LEARNING_RATE = 1e-12

# Setting -> least and largest value; beyond these a fit fails for certain or does not end.
_RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (MIN_LEARNING_RATE, 1),
    "warmup_fraction": (0, 1),
    "num_steps": (1, 1e9),
    "batch_size": (1, 1e9),
    "init_std": (0, 10),
    "basis_refresh_steps": (1, 1e9),
    "clip_factor": (0, 1e6),
    "rate_ramp_fraction": (0, 1),
    "round_fraction": (0, 1),
    "first_step": (1e-6, 1),
    "step_learning_rate": (0, 1),
    "num_starts": (1, 1000),
    "start_fraction": (1e-6, 1),
    "max_restarts": (0, 100),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """Settings of one fit; nothing of it is stored in a file.

    Attributes:
        optimizer: "adam", or "soap": Adam in the eigenbasis of each layer's Shampoo factors.
        learning_rate: Peak of the schedule.
        schedule: "constant", or "cosine": down to nothing along a half cosine.
        warmup_fraction: Share of the steps in which the rate rises linearly.
        num_steps: Optimiser steps of one network.
        batch_size: Pixels a step.
        init: "published": N(0, variance 2e-10) for every weight (thesis); "scaled":
            N(0, (init_std / sqrt(weights per output))^2).
        init_std: See `init`.
        beta1: Decay of the first moment.
        beta2: Decay of the second moment and of the Shampoo factors.
        basis_refresh_steps: Steps between two turns of SOAP's eigenbasis.
        clip_factor: A gradient longer than this multiple of the running mean length is cut to it;
            0 for never.
        is_quantised: Train with uniform noise of one quantiser step, then straight through
            rounding; the steps are learned, the rate is in the loss.
        rate_ramp_fraction: First share of the steps, over which the weight of the rate grows from
            0: bits must not crush a network before it has learned anything.
        round_fraction: Last share of the steps, which see rounded weights.
        first_step: Quantiser step at the start.
        step_learning_rate: Learning rate of the logarithm of the quantiser steps.
        num_starts: Short fits from different weights, of which the best is repeated in full.
        start_fraction: Share of `num_steps` a short fit takes.
        max_restarts: New attempts after a collapse, each at half the learning rate and a quarter of
            the weight of the rate.
    """

    optimizer: Literal["adam", "soap"] = "soap"
    learning_rate: float = 5e-3
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup_fraction: float = 0.03
    num_steps: int = 3000
    batch_size: int = 2048
    init: Literal["published", "scaled"] = "scaled"
    init_std: float = 0.02
    beta1: float = 0.95
    beta2: float = 0.95
    basis_refresh_steps: int = 8
    clip_factor: float = 2.0
    is_quantised: bool = True
    rate_ramp_fraction: float = 0.2
    round_fraction: float = 0.2
    first_step: float = 1 / 256
    step_learning_rate: float = 1e-2
    num_starts: int = 1
    start_fraction: float = 0.1
    max_restarts: int = 3

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:  # NaN is in no range
                raise ValueError(f"{name} must be in {low:g}..{high:g}, got {getattr(self, name)}")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}")
