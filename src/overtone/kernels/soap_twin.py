"""The slow, obvious float64 twin of the optimiser of `overtone.kernels.latent`.

Used by tests only.
"""

import numpy as np
from numpy.typing import NDArray

from overtone.kernels.latent import Rates

Float64 = NDArray[np.float64]


class Soap:
    """Vyas et al., arXiv:2409.11321, algorithm 3, for a tensor of any number of axes.

    A tensor with one axis is left to Adam. The first step only finds the bases.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._mean = np.zeros(shape)  # in the bases
        self._square = np.zeros(shape)
        self._moments = [np.zeros((n, n)) for n in shape] if len(shape) > 1 else []
        self._bases: list[Float64] = []
        self._count = 0

    def step(self, values: Float64, gradient: Float64, rates: Rates) -> Float64:
        """What the values become."""
        beta1, beta2 = rates.network_betas
        self._count += 1
        if self._count == 1:
            self._follow(gradient, beta2)
            self._bases = [np.linalg.eigh(moment)[1] for moment in self._moments]
            return values
        step = self._count - 1
        turned = self._turn(gradient)
        self._mean = beta1 * self._mean + (1 - beta1) * turned
        self._square = beta2 * self._square + (1 - beta2) * turned**2
        size = np.sqrt(self._square / (1 - beta2**step)) + rates.network_epsilon
        update = self._turn_back(self._mean / (1 - beta1**step) / size)
        values = values - rates.network_rate * (update + rates.weight_decay * values)
        self._follow(gradient, beta2)
        if step % rates.refresh_every == 0:
            self._refresh()
        return values

    def _follow(self, gradient: Float64, beta: float) -> None:
        """Second moments along each axis."""
        for axis, moment in enumerate(self._moments):
            flat = np.moveaxis(gradient, axis, 0).reshape(len(moment), -1)
            moment += (1 - beta) * (flat @ flat.T - moment)

    def _turn(self, values: Float64) -> Float64:
        for axis, basis in enumerate(self._bases):
            values = np.moveaxis(np.tensordot(basis.T, values, (1, axis)), 0, axis)
        return values

    def _turn_back(self, values: Float64) -> Float64:
        for axis, basis in enumerate(self._bases):
            values = np.moveaxis(np.tensordot(basis, values, (1, axis)), 0, axis)
        return values

    def _refresh(self) -> None:
        """One power iteration; the largest eigenvalues come first."""
        mean = self._turn_back(self._mean)
        for axis, (moment, basis) in enumerate(zip(self._moments, self._bases, strict=True)):
            order = np.argsort(-np.diag(basis.T @ moment @ basis), kind="stable")
            self._square = np.take(self._square, order, axis)
            self._bases[axis] = np.linalg.qr(moment @ basis[:, order])[0]
        self._mean = self._turn(mean)
