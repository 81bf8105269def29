"""How far a run is, and the learning rate there."""

import math

from overtone.training.settings import TrainConfig


def progress_of(settings: TrainConfig, step: int, spent_s: float) -> float:
    """Fraction of the run that is done, 0..1: of its steps, or of its processor time."""
    if settings.steps is not None:
        return min(1.0, step / settings.steps)
    assert settings.core_minutes is not None
    return min(1.0, spent_s / (60 * settings.core_minutes))


def learning_rate(settings: TrainConfig, step: int, progress: float) -> float:
    """The learning rate of a step, before the multipliers of parameter groups."""
    end = settings.final_rate_ratio
    match settings.schedule:
        case "constant":
            shape = 1.0
        case "linear":
            shape = 1 + (end - 1) * progress
        case "cosine":
            shape = end + (1 - end) * (1 + math.cos(math.pi * progress)) / 2
    warmth = min(1.0, (step + 1) / (settings.warmup_steps + 1))
    return settings.learning_rate * shape * warmth
