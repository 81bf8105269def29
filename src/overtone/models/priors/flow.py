"""A rectified flow: a small network that carries Gaussian noise to latents along straight lines."""

import itertools
import math
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import layer_norm, silu
from typing_extensions import override

from overtone.errors import ConfigError
from overtone.models.priors.base import Prior, check_latents, check_temperature
from overtone.shapes import Float, Float64

WIDTH = 256
NUM_BLOCKS = 3
NUM_TIME_WAVES = 16  # cosines and sines of the time, from half a cycle up
NUM_STEPS = 6000  # of training; about two minutes of one core
BATCH_SIZE = 512
PEAK_RATE = 2e-3
WARMUP_STEPS = 200
EMA_DECAY = 0.999
NUM_SAMPLING_STEPS = 40  # of Heun's method, two evaluations each


class FlowPrior(Prior):
    """Velocity v(x, t) with dx/dt = v from noise at t = 0 to standardised latents at t = 1.

    Trained on E |v((1 - t) x₀ + t x₁, t) - (x₁ - x₀)|² with x₀ from N(0, I), x₁ a latent and t
    logistic-normal (Liu et al., 2023, eq. 1; Esser et al., 2024, section 3.1). Sampled by Heun's
    method. `temperature` scales the noise at the start.

    Args:
        arrays: "mean" and "deviation" of the latents, and the network's weights by name.
    """

    kind: ClassVar[str] = "flow"
    is_for_classes: ClassVar[bool] = False

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        self._weights = {
            name: torch.from_numpy(np.asarray(array, np.float32))
            for name, array in arrays.items()
            if name not in ("mean", "deviation")
        }

    @override
    @classmethod
    def fit(cls, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> Prior:
        check_latents(latents)
        mean, deviation = latents.mean(0), np.maximum(latents.std(0), 1e-12)
        data = torch.from_numpy(((latents - mean) / deviation).astype(np.float32))
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        weights = _train(data, generator)
        arrays = {name: weight.numpy() for name, weight in weights.items()}
        return cls({"mean": mean, "deviation": deviation, **arrays})

    @override
    def sample(
        self, num_latents: int, *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        check_temperature(temperature)
        mean, deviation = self.arrays["mean"], self.arrays["deviation"]
        noise = temperature * rng.standard_normal((num_latents, len(mean)))
        x = torch.from_numpy(noise.astype(np.float32))
        times = torch.linspace(0, 1, NUM_SAMPLING_STEPS + 1)
        with torch.no_grad():
            for start, end in itertools.pairwise(times):
                first = _velocity(self._weights, x, start.expand(num_latents))
                ahead = x + (end - start) * first
                second = _velocity(self._weights, ahead, end.expand(num_latents))
                x = x + (end - start) * (first + second) / 2
        return mean + deviation * x.double().numpy()

    @override
    def to_arrays(self) -> dict[str, np.ndarray]:
        return self.arrays

    @override
    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prior:
        num_axes = arrays["mean"].size if "mean" in arrays else 0
        shapes = {name: tuple(weight.shape) for name, weight in _start(num_axes, None).items()}
        shapes |= {"mean": (num_axes,), "deviation": (num_axes,)}
        found = {name: array.shape for name, array in arrays.items()}
        if num_axes == 0 or found != shapes:
            wrong = sorted(name for name in shapes | found if shapes.get(name) != found.get(name))
            raise ConfigError(f"arrays of a flow prior do not fit together: {', '.join(wrong)}")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ConfigError("arrays of a flow prior must be finite")
        return cls({name: np.asarray(array, np.float64) for name, array in arrays.items()})


def _start(num_axes: int, generator: torch.Generator | None) -> dict[str, Tensor]:
    """Initial weights: normal with variance 1 / inputs, and zero where a block or the net ends."""
    sizes = {"inner": (num_axes + 2 * NUM_TIME_WAVES, WIDTH), "outer": (WIDTH, num_axes)}
    for block in range(NUM_BLOCKS):
        sizes |= {f"block{block}_{layer}": (WIDTH, WIDTH) for layer in ("first", "last")}
    weights = {}
    for name, (num_inputs, num_outputs) in sizes.items():
        weight = torch.randn(num_outputs, num_inputs, generator=generator) / math.sqrt(num_inputs)
        ends = name == "outer" or name.endswith("_last")
        weights[f"{name}_weight"] = torch.zeros_like(weight) if ends else weight
        weights[f"{name}_bias"] = torch.zeros(num_outputs)
    return weights


def _velocity(
    weights: dict[str, Tensor], x: Float[Tensor, "b d"], t: Float[Tensor, " b"]
) -> Float[Tensor, "b d"]:
    def dense(name: str, x: Tensor) -> Tensor:
        return torch.nn.functional.linear(x, weights[f"{name}_weight"], weights[f"{name}_bias"])

    angles = math.pi * t[:, None] * torch.arange(1, NUM_TIME_WAVES + 1)
    hidden = dense("inner", torch.cat([x, angles.cos(), angles.sin()], dim=1))
    for block in range(NUM_BLOCKS):
        inner = silu(dense(f"block{block}_first", layer_norm(hidden, (WIDTH,))))
        hidden = hidden + dense(f"block{block}_last", inner)
    return dense("outer", hidden)


def _train(data: Float[Tensor, "n d"], generator: torch.Generator) -> dict[str, Tensor]:
    """Weights averaged over the last thousand steps or so."""
    weights = {name: w.requires_grad_() for name, w in _start(data.shape[1], generator).items()}
    averages = {name: weight.detach().clone() for name, weight in weights.items()}
    optimizer = torch.optim.AdamW(weights.values(), PEAK_RATE, weight_decay=1e-4, fused=True)
    for step in range(NUM_STEPS):
        rise = min(1, (step + 1) / WARMUP_STEPS)
        fall = 0.01 + 0.99 * (1 + math.cos(math.pi * step / NUM_STEPS)) / 2
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * rise * fall
        target = data[torch.randint(len(data), (BATCH_SIZE,), generator=generator)]
        noise = torch.randn(target.shape, generator=generator)
        t = torch.randn(BATCH_SIZE, generator=generator).sigmoid()
        place = noise + t[:, None] * (target - noise)
        loss = (_velocity(weights, place, t) - (target - noise)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            share = 1 - min(EMA_DECAY, (step + 1) / (step + 10))
            for name, average in averages.items():
                average.lerp_(weights[name], share)
    return averages
