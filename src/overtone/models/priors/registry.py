"""The table of priors, and the functions that use it."""

import numpy as np

from overtone.errors import unknown_name
from overtone.models.priors.base import Prior
from overtone.models.priors.flow import FlowPrior
from overtone.models.priors.gaussian import GaussianPrior, IsotropicPrior, NormalPrior
from overtone.models.priors.mixture import MixturePrior
from overtone.shapes import Float64

PRIORS: dict[str, type[Prior]] = {
    kind.kind: kind
    for kind in (NormalPrior, IsotropicPrior, GaussianPrior, MixturePrior, FlowPrior)
}


def get_prior_class(kind: str) -> type[Prior]:
    """The class of priors of that kind.

    Raises:
        ConfigError: There is none.
    """
    if kind not in PRIORS:
        raise unknown_name("prior", kind, PRIORS)
    return PRIORS[kind]


def fit_prior(kind: str, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> Prior:
    """A prior of one kind, fitted to latent vectors.

    Raises:
        ConfigError: The kind is unknown, or the latents cannot be fitted.
    """
    return get_prior_class(kind).fit(np.asarray(latents, np.float64), rng=rng)
