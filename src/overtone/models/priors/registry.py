"""The table of priors."""

from overtone.errors import unknown_name
from overtone.models.priors.base import Prior
from overtone.models.priors.flow import FlowPrior
from overtone.models.priors.gaussian import GaussianPrior, IsotropicPrior, NormalPrior
from overtone.models.priors.kernel import KernelPrior
from overtone.models.priors.mixture import MixturePrior

PRIORS: dict[str, type[Prior]] = {
    kind.kind: kind
    for kind in (NormalPrior, IsotropicPrior, GaussianPrior, KernelPrior, MixturePrior, FlowPrior)
}


def get_prior_class(kind: str) -> type[Prior]:
    """The class of priors of that kind.

    Raises:
        ConfigError: There is none.
    """
    if kind not in PRIORS:
        raise unknown_name("prior", kind, PRIORS)
    return PRIORS[kind]
