from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Float32 = NDArray[np.float32]

class Fitter:
    def __init__(
        self,
        *,
        input_scales: Sequence[float],
        hidden: Sequence[int],
        residual: bool,
        tanh: bool,
        positions: _Float32,
        targets: _Float32,
        weights: _Float32,
        groups: NDArray[np.int32],
        log_steps: _Float32,
        soap: bool,
        beta1: float,
        beta2: float,
        refresh_every: int,
        clip_factor: float,
        batch_size: int,
        seed: int,
        peak_rate: float,
        warmup_steps: int,
        total_steps: int,
        cosine: bool,
        final_fraction: float,
    ) -> None: ...
    @property
    def weights(self) -> _Float32: ...
    @weights.setter
    def weights(self, weights: _Float32) -> None: ...
    @property
    def log_steps(self) -> _Float32: ...
    @log_steps.setter
    def log_steps(self, log_steps: _Float32) -> None: ...
    @property
    def steps_done(self) -> int: ...
    def run(
        self, num_steps: int, quantiser: str, rate_weight: float, step_rate: float
    ) -> tuple[float, float]: ...
    def evaluate(self, weights: _Float32) -> float: ...
