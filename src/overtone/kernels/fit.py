"""Fitting one network to the pixels of one tile: whole steps of descent in compiled code."""

import dataclasses
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from overtone.kernels.fourier import MissingKernels, NetSpec

try:
    from overtone.kernels import _fit
except ImportError as error:
    _fit = MissingKernels(str(error))

Float32 = NDArray[np.float32]
Quantiser = Literal["none", "noise", "round"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """How a fit goes down.

    Attributes:
        optimizer: Rule that turns gradients into steps.
        beta1: Memory of the mean gradient.
        beta2: Memory of the mean squared gradient.
        refresh_every: Steps between turns of SOAP's basis.
        clip_factor: Longest gradient, in running means of its norm; 0 for no limit.
        batch_size: Pixels a step.
        peak_rate: Largest learning rate.
        warmup_steps: Steps in which the learning rate rises.
        total_steps: Steps after which a cosine schedule ends.
        schedule: Course of the learning rate after that.
        final_fraction: Share of the largest learning rate at the end of a cosine schedule.
    """

    optimizer: Literal["adam", "soap"] = "soap"
    beta1: float = 0.9
    beta2: float = 0.999
    refresh_every: int = 8
    clip_factor: float = 0.0
    batch_size: int = 1 << 14
    peak_rate: float = 1e-3
    warmup_steps: int = 0
    total_steps: int = 1
    schedule: Literal["constant", "cosine"] = "constant"
    final_fraction: float = 0.0


class Fitter:
    """A network on its way; one call at a time.

    The loss is the mean squared error over pixels and outputs + rate_weight * bits.

    Args:
        spec: Shape of the network.
        positions: Positions of the pixels (axes, pixels).
        targets: Values to reach (outputs, pixels).
        weights: Weights to start from.
        groups: For each weight the group that shares a quantiser step; -1 for weights that are
            neither coded nor moved.
        log_steps: Natural logarithm of each group's quantiser step.
        descent: How to go down.
        seed: Seed of batches and of noise.

    Raises:
        ValueError: Shapes disagree, or a number is not finite.
    """

    def __init__(
        self,
        spec: NetSpec,
        *,
        positions: Float32,
        targets: Float32,
        weights: Float32,
        groups: NDArray[np.int32],
        log_steps: Float32,
        descent: Descent,
        seed: int,
    ) -> None:
        self._native = _fit.Fitter(
            input_scales=list(spec.input_scales),
            hidden=list(spec.hidden),
            residual=spec.has_residual,
            tanh=spec.output == "tanh",
            positions=positions,
            targets=targets,
            weights=weights,
            groups=groups,
            log_steps=log_steps,
            soap=descent.optimizer == "soap",
            beta1=descent.beta1,
            beta2=descent.beta2,
            refresh_every=descent.refresh_every,
            clip_factor=descent.clip_factor,
            batch_size=descent.batch_size,
            seed=seed,
            peak_rate=descent.peak_rate,
            warmup_steps=descent.warmup_steps,
            total_steps=descent.total_steps,
            cosine=descent.schedule == "cosine",
            final_fraction=descent.final_fraction,
        )

    @property
    def weights(self) -> Float32:
        """The weights as they are now."""
        return self._native.weights

    @weights.setter
    def weights(self, weights: Float32) -> None:
        self._native.weights = weights

    @property
    def steps_done(self) -> int:
        """Number of steps made."""
        return self._native.steps_done

    @property
    def log_steps(self) -> Float32:
        """Natural logarithm of each group's quantiser step."""
        return self._native.log_steps

    @log_steps.setter
    def log_steps(self, log_steps: Float32) -> None:
        self._native.log_steps = log_steps

    def run(
        self, num_steps: int, quantiser: Quantiser, rate_weight: float, step_rate: float
    ) -> tuple[float, float]:
        """Makes steps; mean squared error of all of them as the weights were seen, last bits.

        Args:
            num_steps: Number of steps.
            quantiser: How the weights that a step sees differ from those it moves: not, by uniform
                noise of one quantiser step, or by rounding.
            rate_weight: Loss a bit.
            step_rate: Learning rate of the logarithms of the quantiser steps when that of the
                weights is at its peak; 0 keeps them.
        """
        return self._native.run(num_steps, quantiser, rate_weight, step_rate)

    def evaluate(self, weights: Float32) -> float:
        """Mean squared error of given weights over all pixels."""
        return self._native.evaluate(weights)
