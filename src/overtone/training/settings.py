"""Settings of training, the same for all models."""

import dataclasses
from typing import Literal

from overtone.models.compute import Precision


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a model is trained; table [train] of a preset.

    Exactly one of `steps` and `core_minutes` says how long. Every schedule is a function of the
    fraction that is done.

    Attributes:
        steps: Optimiser steps. A run that is stopped and resumed is then bit-exactly the same.
        core_minutes: Processor time (of all threads together) spent inside steps and in what the
            model does before the first, minutes; for comparing models at equal cost. On a card it
            is the clock's time there.
        batch_size: Images a step.
        optimizer: Adam, or Adam with decoupled weight decay.
        learning_rate: Highest learning rate.
        schedule: Shape of the learning rate over the fraction done.
        final_rate_ratio: Learning rate at the end over that at the start, for linear and cosine.
        warmup_steps: Over which the learning rate rises from 0, linearly.
        betas: Decay rates of Adam's two moments.
        weight_decay: Weight decay of AdamW.
        clip_norm: Gradients of a larger norm are scaled down to it; None leaves them.
        ema_decay: Decay of the moving average of the weights, which is what is evaluated and
            stored; None keeps the weights themselves.
        precision: bfloat16 computes matrix products and convolutions in 16 bits; weights and
            optimiser stay in float32. tf32 rounds their factors to 11 bits on a card, and is
            float32 on the processor.
        compile: Compile the networks of the model by `torch.compile` before the first step, which
            takes a minute; results differ by rounding.
        num_threads: Threads of PyTorch; all processors if None. Results depend on it.
        log_every: Steps between lines of the log.
        checkpoint_every: Steps between checkpoints.
        keep: Checkpoints kept; the oldest are deleted.
        sample_every: Steps between grids of samples; 0 draws none.
        num_samples: Images in a grid.
        evaluate_every: Steps between losses on the held-out images; 0 measures none.
        num_held_out: Held-out images measured, at most.
        seed: Seed for all randomness.
    """

    steps: int | None = None
    core_minutes: float | None = None
    batch_size: int = 128
    optimizer: Literal["adam", "adamw"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    final_rate_ratio: float = 0.0
    warmup_steps: int = 0
    betas: tuple[float, ...] = (0.9, 0.999)
    weight_decay: float = 0.0
    clip_norm: float | None = None
    ema_decay: float | None = None
    precision: Precision = "float32"
    compile: bool = False
    num_threads: int | None = None
    log_every: int = 50
    checkpoint_every: int = 1000
    keep: int = 2
    sample_every: int = 1000
    num_samples: int = 64
    evaluate_every: int = 1000
    num_held_out: int = 2048
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.core_minutes is None):
            which = "neither is" if self.steps is None else "both are"
            raise ValueError(
                f"how long to train is one of steps and core_minutes, and {which} given; "
                "set one, such as train.steps=20000"
            )
        for name in ("steps", "core_minutes", "learning_rate", "clip_norm", "num_threads"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, got {value:g}")
        for name in (
            "batch_size",
            "log_every",
            "checkpoint_every",
            "keep",
            "num_samples",
            "num_held_out",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("warmup_steps", "sample_every", "evaluate_every", "seed", "weight_decay"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name):g}")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must be two numbers in [0, 1), got {self.betas}")
        if self.ema_decay is not None and not 0 <= self.ema_decay < 1:
            raise ValueError(f"ema_decay must be in [0, 1), got {self.ema_decay:g}")
        if not 0 <= self.final_rate_ratio <= 1:
            raise ValueError(f"final_rate_ratio must be in [0, 1], got {self.final_rate_ratio:g}")
        if self.weight_decay and self.optimizer == "adam":
            raise ValueError("weight_decay needs the optimizer adamw")
