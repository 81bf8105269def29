"""A kernel density around the latents themselves: draws stay near real ones."""

from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.errors import ConfigError
from overtone.models.priors.base import Prior, check_arrays, check_latents, check_temperature
from overtone.models.priors.gaussian import covariance_factor
from overtone.shapes import Float64

# Measured: `experiments/balance/priors.py`. The bandwidth of largest leave-one-out likelihood is
# near 1 from 30 latents on, which is the Gaussian again.
BANDWIDTH = 0.5
MAX_LATENTS = 5000  # of more, so many are chosen at random and kept


class KernelPrior(Prior):
    """A Gaussian kernel around each latent, its covariance that of all times the bandwidth squared.

    The latents are drawn towards their mean so that mean and covariance stay those of the latents
    (West, "Approximating posterior distributions by mixtures", 1993, section 2.2). For classes of
    few pictures, where one Gaussian for all of them is far too wide. Pictures drawn from it
    resemble the few that were there; it cannot know more.

    Args:
        latents: Latents that are drawn near.
        factor: Lower triangular, `factor @ factor.T` is the covariance of the latents.
        bandwidth: Share of the spread that is noise: 0 repeats the latents, 1 is one Gaussian.
    """

    kind: ClassVar[str] = "kernel"

    def __init__(
        self,
        latents: Float64[np.ndarray, "n d"],
        factor: Float64[np.ndarray, "d d"],
        bandwidth: float = BANDWIDTH,
    ) -> None:
        self.latents = latents
        self.factor = factor
        self.bandwidth = bandwidth

    @override
    @classmethod
    def fit(cls, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> Prior:
        check_latents(latents)
        factor = covariance_factor(np.cov(latents, rowvar=False))
        if len(latents) > MAX_LATENTS:
            latents = latents[rng.choice(len(latents), MAX_LATENTS, replace=False)]
        return cls(latents, factor)

    @override
    def sample(
        self, num_latents: int, *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        check_temperature(temperature)
        mean = self.latents.mean(0)
        chosen = self.latents[rng.integers(0, len(self.latents), num_latents)]
        centres = mean + np.sqrt(1 - self.bandwidth**2) * (chosen - mean)
        noise = rng.standard_normal((num_latents, len(mean)))
        return centres + temperature * self.bandwidth * noise @ self.factor.T

    @override
    def to_arrays(self) -> dict[str, np.ndarray]:
        bandwidth = np.array([self.bandwidth])
        return {"latents": self.latents, "factor": self.factor, "bandwidth": bandwidth}

    @override
    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prior:
        shapes = {
            "latents": ("latent", "axis"),
            "factor": ("axis", "axis"),
            "bandwidth": ("number",),
        }
        sizes = check_arrays(cls.kind, arrays, shapes)
        bandwidth = float(arrays["bandwidth"][0])
        if sizes["number"] != 1 or not 0 <= bandwidth <= 1:
            raise ConfigError(
                f"bandwidth of a kernel prior must be one number in 0..1, got {arrays['bandwidth']}"
            )
        latents, factor = (np.asarray(arrays[name], np.float64) for name in ("latents", "factor"))
        return cls(latents, factor, bandwidth)
