"""Descent on the weights of many Deep Fourier Machines at once, in PyTorch, on any device.

The same arithmetic as the native fitter (`overtone.kernels.fit`), which fits one network on one
processor: same optimisers, same rate of quantised weights. Orders of pixels and the noise of
quantisers are drawn differently, and sums have another order.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from overtone.codecs.dfm.fit.network import Problem, initial_weights
from overtone.codecs.dfm.fit.settings import FitSettings
from overtone.kernels.fit import Quantiser
from overtone.models.layers.fourier_net import fourier_nets
from overtone.shapes import Float

_EPSILON = 1e-8  # of Adam
_MIN_SPREAD = 0.05  # of levels, in steps
_LOG_STEP_RANGE = (-14.0, 1.0)
_STEP_BETAS = (0.9, 0.99)  # of Adam on the logarithms of the quantiser steps
_NORM_MEMORY = 0.99  # of the running mean of a gradient's norm
_FIRST_TURNS = 4  # of the iteration that finds SOAP's first basis
_OLD_SHARE = 1e-4  # of a basis vector that stays where its factor says nothing


class BatchFitter:
    """Networks of one shape on their way, each for as many pixels as the others.

    Args:
        problems: What to fit; of one shape, groups and number of pixels.
        settings: How.
        seeds: Seed of each network's initial weights; the first also orders the pixels.
        device: Where to compute.

    Attributes:
        weights: Weights of each network.
        log_steps: Logarithms of each network's quantiser steps.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        settings: FitSettings,
        *,
        seeds: Sequence[int],
        device: torch.device,
    ) -> None:
        first = problems[0]
        self.spec, self.settings, self.device = first.spec, settings, device
        starts = [initial_weights(first.spec, settings, seed) for seed in seeds]
        self.groups = torch.from_numpy(first.groups).long().to(device)
        self.is_coded = self.groups >= 0
        self.weights = torch.from_numpy(np.stack(starts)).to(device) * self.is_coded
        self.num_groups = int(first.groups.max()) + 1
        shape = len(problems), self.num_groups
        self.log_steps = torch.full(shape, math.log(settings.first_step), device=device)
        positions, targets = (
            torch.from_numpy(np.stack(arrays)).to(device)
            for arrays in zip(*((p.positions, p.targets) for p in problems), strict=True)
        )
        self.positions, self.targets = positions, targets
        self.generator = torch.Generator(device).manual_seed(seeds[0])
        self.order = torch.empty(0, dtype=torch.int64)
        self.step_count, self.mean_norm = 0, torch.zeros(len(problems), 1, device=device)
        betas = settings.beta1, settings.beta2
        if settings.optimizer == "adam":
            blocks = [(0, self.weights.shape[1], None)]
        else:
            blocks = [(layer.size, layer.num_outputs) for layer in self.spec.layers]
            ends = np.cumsum([size for size, _ in blocks])
            blocks = [(int(e - s), int(e), n) for e, (s, n) in zip(ends, blocks, strict=True)]
        self.blocks = [
            (slice(start, end), Adam(betas) if n is None else Soap(betas, n, settings))
            for start, end, n in blocks
        ]
        self.of_steps = Adam(_STEP_BETAS)

    def run(
        self, num_steps: int, quantiser: Quantiser, rate_weights: Tensor, step_rate: float
    ) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
        """Makes steps; mean squared error of all of them as the weights were seen, last bits.

        Args:
            num_steps: Number of steps.
            quantiser: See `overtone.kernels.fit.Fitter.run`.
            rate_weights: Loss a bit, of each network.
            step_rate: Learning rate of the logarithms of the quantiser steps at the peak.
        """
        errors = torch.zeros(len(self.weights), device=self.device)
        bits = torch.zeros_like(errors)
        for _ in range(num_steps):
            seen, offsets = self._perturbed(quantiser)
            error, gradient = self._error(seen)
            errors += error / num_steps
            slopes = torch.zeros_like(self.log_steps)
            if quantiser != "none":
                bits, slopes = self._add_rate(seen, offsets, gradient, rate_weights)
            self._clip(gradient)
            rate = self._rate()
            for place, optimizer in self.blocks:
                self.weights[:, place] -= rate * optimizer.update(gradient[:, place])
            if quantiser != "none" and step_rate > 0:
                share = step_rate * rate / self.settings.learning_rate
                self.log_steps -= share * self.of_steps.update(slopes)
                self.log_steps.clamp_(*_LOG_STEP_RANGE)
            self.step_count += 1
        return errors, bits

    @torch.no_grad()
    def evaluate(self, weights: Float[Tensor, "n w"]) -> Float[Tensor, " n"]:
        """Mean squared error of given weights over all pixels."""
        values = fourier_nets(self.spec, weights, self.positions)
        return (values - self.targets).square().mean((1, 2))

    def _error(self, seen: Float[Tensor, "n w"]) -> tuple[Tensor, Tensor]:
        """Mean squared errors on the next pixels, and their gradients."""
        pixels = self._next_pixels()
        positions, targets = self.positions[..., pixels], self.targets[..., pixels]
        coefficients = seen.detach().requires_grad_()
        with torch.enable_grad():
            values = fourier_nets(self.spec, coefficients, positions)
            errors = (values - targets).square().mean((1, 2))
            (gradient,) = torch.autograd.grad(errors.sum(), coefficients)
        return errors.detach(), gradient * self.is_coded

    def _next_pixels(self) -> Tensor | slice:
        """Consecutive runs of a random order of the pixels, which all networks share."""
        count = self.positions.shape[2]
        size = min(self.settings.batch_size, count)
        if size == count:
            return slice(None)
        if len(self.order) < size:
            self.order = torch.randperm(count, generator=self.generator, device=self.device)
        pixels, self.order = self.order[:size], self.order[size:]
        return pixels

    def _perturbed(self, quantiser: Quantiser) -> tuple[Tensor, Tensor]:
        """Weights as a step sees them, and how far they are moved, in quantiser steps."""
        if quantiser == "none":
            return self.weights, torch.zeros_like(self.weights)
        steps = self._of_weights(self.log_steps.exp())
        levels = self.weights / steps
        if quantiser == "round":
            offsets = levels.round() - levels
        else:
            offsets = torch.rand(levels.shape, generator=self.generator, device=self.device) - 0.5
        offsets = offsets * self.is_coded
        return self.weights + steps * offsets, offsets

    def _add_rate(
        self, seen: Tensor, offsets: Tensor, gradient: Tensor, rate_weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Adds the rate's part to a gradient; bits, and slopes by the logarithms of the steps.

        A Laplace variable of spread b lies in an interval of one step around q with a mass of
        exp(-|q| / b) sinh(1 / 2b) where |q| is at least 1/2, and 1 - exp(-1 / 2b) cosh(q / b)
        around zero.
        """
        steps = self._of_weights(self.log_steps.exp())
        sizes = self._by_group(seen.abs().double()) / self._by_group(torch.ones_like(seen).double())
        spreads = (sizes / self.log_steps.double().exp()).clamp(min=_MIN_SPREAD)
        inverse = self._of_weights(1 / spreads).float()
        outer = self._of_weights(-torch.log2(torch.sinh(0.5 / spreads)))
        levels = seen / steps
        size, inner = levels.abs(), levels.abs().clamp(max=0.5)
        zero_mass = torch.exp(-0.5 * inverse)
        mass = 1 - zero_mass * torch.cosh(inner * inverse)
        inner_slope = inverse * zero_mass * torch.sinh(inner * inverse) / (mass * math.log(2))
        outer_slope = inverse / math.log(2)
        is_outer = size >= 0.5
        bits = torch.where(is_outer, size * outer_slope + outer, -torch.log2(mass).double())
        slope = torch.where(is_outer, outer_slope, inner_slope).copysign(levels)
        weighted = rate_weights[:, None] * slope
        by_steps = gradient * steps * offsets - weighted * (levels - offsets)
        gradient += weighted / steps * self.is_coded
        return (bits * self.is_coded).sum(1).float(), self._by_group(by_steps)

    def _clip(self, gradient: Tensor) -> None:
        """Shortens gradients longer than a multiple of the running mean of their lengths."""
        if self.settings.clip_factor == 0:
            return
        norm = gradient.double().norm(dim=1, keepdim=True).float()
        limit = self.settings.clip_factor * self.mean_norm
        limit = torch.where(limit > 0, limit, torch.inf)
        gradient *= torch.where(norm > limit, limit / norm, 1.0)
        shown = torch.minimum(norm, limit)
        mixed = _NORM_MEMORY * self.mean_norm + (1 - _NORM_MEMORY) * shown
        self.mean_norm = torch.where(self.mean_norm == 0, shown, mixed)

    def _rate(self) -> float:
        settings, step = self.settings, self.step_count
        warmup = round(settings.warmup_fraction * settings.num_steps)
        if step < warmup:
            return settings.learning_rate * (step + 1) / warmup
        if settings.schedule == "constant":
            return settings.learning_rate
        done = min(1.0, (step - warmup) / max(settings.num_steps - warmup, 1))
        return settings.learning_rate * (1 + math.cos(math.pi * done)) / 2

    def _of_weights(self, of_groups: Float[Tensor, "n g"]) -> Float[Tensor, "n w"]:
        """The number of each weight's group; 1 for weights that are not coded."""
        return torch.where(self.is_coded, of_groups[:, self.groups.clamp(min=0)], 1.0)

    def _by_group(self, of_weights: Float[Tensor, "n w"]) -> Float[Tensor, "n g"]:
        """Sums over the weights of each group."""
        sums = of_weights.new_zeros(len(of_weights), self.num_groups)
        return sums.index_add_(1, self.groups.clamp(min=0), of_weights * self.is_coded)


class Adam:
    """Kingma & Ba, arXiv:1412.6980, algorithm 1, on the rows of a tensor."""

    def __init__(self, betas: tuple[float, float]) -> None:
        self.betas, self.count = betas, 0
        self.mean, self.square = torch.zeros(()), torch.zeros(())

    def update(self, gradient: Tensor) -> Tensor:
        """What to subtract at a learning rate of 1."""
        if self.count == 0:
            self.mean, self.square = torch.zeros_like(gradient), torch.zeros_like(gradient)
        self.count += 1
        beta1, beta2 = self.betas
        self.mean.lerp_(gradient, 1 - beta1)
        self.square.lerp_(gradient.square(), 1 - beta2)
        scales = [1 / (1 - beta**self.count) for beta in self.betas]
        return self.mean * scales[0] / ((self.square * scales[1]).sqrt() + _EPSILON)


class Soap:
    """Adam in the eigenbasis of Shampoo's factors, on the weights of one layer of each network.

    The first moment is kept in the eigenbasis and turned with it; the basis is refreshed by steps
    of orthogonal iteration.

    Source: Vyas et al., arXiv:2409.11321, algorithm 3.
    """

    def __init__(self, betas: tuple[float, float], num_outputs: int, settings: FitSettings) -> None:
        self.adam, self.num_outputs = Adam(betas), num_outputs
        self.refresh_every = settings.basis_refresh_steps
        self.factors: list[Tensor] = []
        self.bases: list[Tensor] = []

    def update(self, gradient: Float[Tensor, "n w"]) -> Float[Tensor, "n w"]:
        """What to subtract at a learning rate of 1."""
        block = gradient.unflatten(1, (-1, self.num_outputs))
        if not self.factors:
            for size in block.shape[1:]:
                eye = torch.eye(size, device=block.device).expand(len(block), -1, -1)
                self.factors.append(torch.zeros_like(eye).contiguous())
                self.bases.append(eye.contiguous())
        count = self.adam.count + 1
        products = block @ block.mT, block.mT @ block
        for factor, product in zip(self.factors, products, strict=True):
            factor.lerp_(product, 1 - self.adam.betas[1])
        if count == 1 or count % self.refresh_every == 0:
            self._refresh(_FIRST_TURNS if count == 1 else 1)
        left, right = self.bases
        turned = self.adam.update(left.mT @ block @ right)
        return (left @ turned @ right.mT).flatten(1)

    def _refresh(self, num_turns: int) -> None:
        """Turns the bases, whose vectors are columns, and the first moment with them."""
        before = self.bases
        for _ in range(num_turns):
            self.bases = [
                _turned(factor, basis)
                for factor, basis in zip(self.factors, self.bases, strict=True)
            ]
        if self.adam.count:
            turns = [new.mT @ old for new, old in zip(self.bases, before, strict=True)]
            self.adam.mean = turns[0] @ self.adam.mean @ turns[1].mT


def _turned(factor: Float[Tensor, "n k k"], basis: Float[Tensor, "n k k"]) -> Tensor:
    """One step of orthogonal iteration; where a factor says nothing, vectors stay."""
    moved = torch.nn.functional.normalize(factor @ basis, dim=1)
    return torch.linalg.qr(moved + _OLD_SHARE * basis).Q
