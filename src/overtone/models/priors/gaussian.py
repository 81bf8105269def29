"""One Gaussian: standard, with one variance for all axes, or with a full covariance."""

from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.errors import ConfigError
from overtone.models.priors.base import Prior, check_arrays, check_latents, check_temperature
from overtone.shapes import Float64


class GaussianPrior(Prior):
    """A mean and a full covariance, by maximum likelihood.

    Args:
        mean: Mean of the latents.
        factor: Lower triangular, `factor @ factor.T` is the covariance.
    """

    kind: ClassVar[str] = "gaussian"

    def __init__(self, mean: Float64[np.ndarray, " d"], factor: Float64[np.ndarray, "d d"]) -> None:
        self.mean = mean
        self.factor = factor

    @override
    @classmethod
    def fit(cls, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> Prior:
        check_latents(latents)
        return cls(latents.mean(0), covariance_factor(np.cov(latents, rowvar=False)))

    @override
    def sample(
        self, num_latents: int, *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        check_temperature(temperature)
        noise = rng.standard_normal((num_latents, len(self.mean)))
        return self.mean + temperature * noise @ self.factor.T

    @override
    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"mean": self.mean, "factor": self.factor}

    @override
    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prior:
        check_arrays(cls.kind, arrays, {"mean": ("axis",), "factor": ("axis", "axis")})
        return cls(*(np.asarray(arrays[name], np.float64) for name in ("mean", "factor")))


class NormalPrior(Prior):
    """N(0, I): what a variational autoencoder was trained towards. Nothing is fitted."""

    kind: ClassVar[str] = "normal"

    def __init__(self, num_axes: int) -> None:
        self.num_axes = num_axes

    @override
    @classmethod
    def fit(cls, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> Prior:
        check_latents(latents, at_least=1)
        return cls(latents.shape[1])

    @override
    def sample(
        self, num_latents: int, *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        check_temperature(temperature)
        return temperature * rng.standard_normal((num_latents, self.num_axes))

    @override
    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"num_axes": np.array([self.num_axes], np.int64)}

    @override
    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prior:
        check_arrays(cls.kind, arrays, {"num_axes": ("number",)})
        if len(arrays["num_axes"]) != 1 or arrays["num_axes"][0] < 1:
            raise ConfigError(f"num_axes of a normal prior must be one number >= 1, got {arrays}")
        return cls(int(arrays["num_axes"][0]))


class IsotropicPrior(Prior):
    """N(0, σ²I) with the σ that has the largest likelihood: the root mean square of the latents.

    The thesis samples its generators from this form and picks σ by the Fréchet distance of a sweep;
    `temperature` sweeps it here.

    Args:
        deviation: σ.
        num_axes: Length of the latents.
    """

    kind: ClassVar[str] = "isotropic"

    def __init__(self, deviation: float, num_axes: int) -> None:
        self.deviation = deviation
        self.num_axes = num_axes

    @override
    @classmethod
    def fit(cls, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> Prior:
        check_latents(latents, at_least=1)
        return cls(float(np.sqrt(np.square(latents).mean())), latents.shape[1])

    @override
    def sample(
        self, num_latents: int, *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        check_temperature(temperature)
        return temperature * self.deviation * rng.standard_normal((num_latents, self.num_axes))

    @override
    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"deviations": np.full(self.num_axes, self.deviation)}

    @override
    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prior:
        sizes = check_arrays(cls.kind, arrays, {"deviations": ("axis",)})
        deviations = np.asarray(arrays["deviations"], np.float64)
        if deviations.min() < 0 or np.ptp(deviations) > 0:
            raise ConfigError("deviations of an isotropic prior must be one number, 0 or more")
        return cls(float(deviations[0]), sizes["axis"])


def covariance_factor(covariance: np.ndarray) -> Float64[np.ndarray, "d d"]:
    """Lower triangular factor of a covariance; directions without variance get a trace of it."""
    covariance = np.atleast_2d(np.asarray(covariance, np.float64))
    trace = np.trace(covariance) / len(covariance)
    ridge = 1e-9 * trace if trace > 0 else 1e-12
    return np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))
