"""The slow, obvious float64 twin of `overtone.kernels.fit`: loss and gradient of a step, Adam.

Used by tests only.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from overtone.kernels import fourier_twin
from overtone.kernels.fit import Descent
from overtone.kernels.fourier import NetSpec

Float64 = NDArray[np.float64]

MIN_SPREAD = 0.05  # steps
EPSILON = 1e-8  # of Adam
LOG_STEP_RANGE = (-14.0, 1.0)
STEP_BETAS = (0.9, 0.99)  # of Adam on the logarithms of the quantiser steps


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """What one step finds.

    Attributes:
        mean_squared_error: Over pixels and outputs, of the rounded weights.
        bits: Rate of the rounded weights.
        gradient: Derivative of mean squared error + rate_weight * bits by the weights.
        step_gradient: Derivative by the logarithms of the quantiser steps.
    """

    mean_squared_error: float
    bits: float
    gradient: Float64
    step_gradient: Float64


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is fitted.

    Attributes:
        positions: Where, (axes, pixels).
        targets: Values wanted there, (outputs, pixels).
        groups: Group of each weight, which shares a quantiser step; -1 for a weight that is not
            coded.
        rate_weight: Loss a bit.
    """

    positions: NDArray[np.floating]
    targets: NDArray[np.floating]
    groups: NDArray[np.integer]
    rate_weight: float


def interval_bits(levels: Float64, spread: float) -> tuple[Float64, Float64]:
    """Bits of a Laplace variable in an interval of one step around each level, and their slopes.

    Args:
        levels: Middles of the intervals, in steps.
        spread: Mean magnitude of the variable, in steps.
    """
    size = np.abs(levels)
    outer = size / (spread * np.log(2)) - np.log2(np.sinh(0.5 / spread))
    inner_size = np.minimum(size, 0.5)
    mass = 1 - np.exp(-0.5 / spread) * np.cosh(inner_size / spread)
    inner_slope = np.exp(-0.5 / spread) * np.sinh(inner_size / spread) / (mass * spread * np.log(2))
    slope = np.where(size >= 0.5, 1 / (spread * np.log(2)), inner_slope)
    return np.where(size >= 0.5, outer, -np.log2(mass)), np.sign(levels) * slope


def step(spec: NetSpec, weights: Float64, log_steps: Float64, task: Task) -> Step:
    """Loss and gradient of a step that rounds the weights to multiples of their quantiser steps.

    The gradient of the distortion passes the rounding as if it were the identity; the rate is
    differentiated at the rounded weights, with the spreads of the groups held.
    """
    groups, rate_weight = task.groups, task.rate_weight
    is_coded = groups >= 0
    steps = np.where(is_coded, np.exp(log_steps)[groups], 1.0)
    levels = np.where(is_coded, np.rint(weights / steps), weights)
    offsets = np.where(is_coded, levels - weights / steps, 0.0)
    seen = levels * steps
    num_samples = task.targets.size
    error, gradient = fourier_twin.loss_gradient(spec, seen, task.positions, task.targets)
    gradient = np.where(is_coded, gradient / num_samples, 0.0)
    step_gradient, bits = np.zeros(len(log_steps)), 0.0
    for group in range(len(log_steps)):
        own = groups == group
        spread = max(float(np.abs(levels[own]).mean()), MIN_SPREAD)
        own_bits, slopes = interval_bits(levels[own], spread)
        bits += float(own_bits.sum())
        step_gradient[group] = (gradient[own] * steps[own] * offsets[own]).sum()
        step_gradient[group] -= rate_weight * (slopes * (levels[own] - offsets[own])).sum()
        gradient[own] += rate_weight * slopes / steps[own]
    return Step(error / num_samples, bits, gradient, step_gradient)


class Adam:
    """Kingma & Ba, arXiv:1412.6980, algorithm 1."""

    def __init__(self, size: int, beta1: float, beta2: float) -> None:
        self._betas = beta1, beta2
        self._count = 0
        self._mean, self._square = np.zeros(size), np.zeros(size)

    def update(self, gradient: Float64) -> Float64:
        """What to subtract from the parameters at a learning rate of 1."""
        beta1, beta2 = self._betas
        self._count += 1
        self._mean = beta1 * self._mean + (1 - beta1) * gradient
        self._square = beta2 * self._square + (1 - beta2) * gradient**2
        mean = self._mean / (1 - beta1**self._count)
        square = self._square / (1 - beta2**self._count)
        return mean / (np.sqrt(square) + EPSILON)


def run(
    spec: NetSpec,
    weights: Float64,
    log_steps: Float64,
    descent: Descent,
    task: Task,
    *,
    num_steps: int,
    step_rate: float,
) -> tuple[Float64, Float64, float, float]:
    """Steps of Adam on all pixels at a constant learning rate, with rounded weights.

    Returns:
        Weights, logarithms of the quantiser steps, mean squared error over the steps, last bits.
    """
    of_weights = Adam(len(weights), descent.beta1, descent.beta2)
    of_steps = Adam(len(log_steps), *STEP_BETAS)
    error, bits = 0.0, 0.0
    for _ in range(num_steps):
        found = step(spec, weights, log_steps, task)
        error, bits = error + found.mean_squared_error / num_steps, found.bits
        weights = weights - descent.peak_rate * of_weights.update(found.gradient)
        log_steps = np.clip(
            log_steps - step_rate * of_steps.update(found.step_gradient), *LOG_STEP_RANGE
        )
    return weights, log_steps, error, bits
