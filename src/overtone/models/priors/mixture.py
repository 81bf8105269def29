"""A mixture of Gaussians with full covariances; the number of components by BIC."""

import warnings
from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.errors import ConfigError
from overtone.models.priors.base import Prior, check_arrays, check_latents, check_temperature
from overtone.models.priors.gaussian import covariance_factor
from overtone.shapes import Float64

CANDIDATES = (1, 3, 10, 30, 100)  # numbers of components that are tried, in this order
MIN_PER_COMPONENT = 4  # latents per component and axis; fewer say little about a covariance
MAX_ROUNDS = 40  # of expectation maximisation
MAX_LATENTS = 20_000  # of more, so many are chosen at random; a hundred components take seconds
RIDGE = 1e-4  # added to the variances, relative to the mean variance of all latents


class MixturePrior(Prior):
    """Weights, means and covariances by expectation maximisation (scikit-learn).

    Of the numbers of components in `CANDIDATES` the one with the smallest Bayesian information
    criterion (Schwarz, 1978) is kept; larger ones are not tried once it has risen.

    Args:
        weights: Weight of each component; they sum to 1.
        means: Mean of each component.
        factors: Lower triangular factors of the covariances.
    """

    kind: ClassVar[str] = "mixture"

    def __init__(
        self,
        weights: Float64[np.ndarray, " k"],
        means: Float64[np.ndarray, "k d"],
        factors: Float64[np.ndarray, "k d d"],
    ) -> None:
        self.weights = weights
        self.means = means
        self.factors = factors

    @override
    @classmethod
    def fit(cls, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> Prior:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        check_latents(latents)
        latents = np.asarray(latents, np.float64)
        if len(latents) > MAX_LATENTS:
            latents = latents[rng.choice(len(latents), MAX_LATENTS, replace=False)]
        num_latents, num_axes = latents.shape
        best, best_bic = None, np.inf
        for num_components in CANDIDATES:
            if num_components > max(1, num_latents // (MIN_PER_COMPONENT * num_axes)):
                break
            mixture = GaussianMixture(
                num_components,
                max_iter=MAX_ROUNDS,
                tol=1e-3,
                reg_covar=RIDGE * float(latents.var(0).mean()) + 1e-12,
                init_params="k-means++",
                random_state=int(rng.integers(2**31)),
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # MAX_ROUNDS may end it
                mixture.fit(latents)
            bic = mixture.bic(latents)
            if bic >= best_bic:
                break
            best, best_bic = mixture, bic
        assert best is not None  # one component always fits
        weights, means, covariances = (
            np.asarray(array) for array in (best.weights_, best.means_, best.covariances_)
        )
        return cls(weights / weights.sum(), means, np.stack([*map(covariance_factor, covariances)]))

    @override
    def sample(
        self, num_latents: int, *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        check_temperature(temperature)
        num_components, num_axes = self.means.shape
        component = rng.choice(num_components, num_latents, p=self.weights)
        noise = temperature * rng.standard_normal((num_latents, num_axes))
        latents = np.empty((num_latents, num_axes))
        for number in np.unique(component):
            drawn = component == number
            latents[drawn] = self.means[number] + noise[drawn] @ self.factors[number].T
        return latents

    @override
    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights, "means": self.means, "factors": self.factors}

    @override
    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prior:
        check_arrays(
            cls.kind,
            arrays,
            {
                "weights": ("component",),
                "means": ("component", "axis"),
                "factors": ("component", "axis", "axis"),
            },
        )
        weights, means, factors = (
            np.asarray(arrays[name], np.float64) for name in ("weights", "means", "factors")
        )
        if weights.min() < 0 or not np.isclose(weights.sum(), 1, atol=1e-2):
            raise ConfigError("weights of a mixture prior must be positive and sum to 1")
        return cls(weights / weights.sum(), means, factors)
