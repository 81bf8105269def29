"""A prior for each class, so that latents of a wanted class can be drawn."""

import numpy as np

from overtone.errors import ConfigError
from overtone.models.priors.base import Prior
from overtone.shapes import Float64, Int64


class ClassPriors:
    """One prior a class, and how often each class was seen.

    Args:
        priors: A prior for each class in order; None where a class has none, mostly for
            want of latents.
        counts: Latents of each class that were fitted.
    """

    def __init__(self, priors: list[Prior | None], counts: Int64[np.ndarray, " classes"]) -> None:
        self.priors = priors
        self.counts = counts

    @classmethod
    def fit(
        cls,
        kind: type[Prior],
        latents: Float64[np.ndarray, "n d"],
        labels: Int64[np.ndarray, " n"],
        num_classes: int,
        *,
        rng: np.random.Generator,
        below: int | None = None,
    ) -> "ClassPriors":
        """A prior of one kind for each class with at least two latents, and fewer than `below`."""
        counts = np.bincount(labels, minlength=num_classes)
        fits = (counts > 1) & (counts < (np.inf if below is None else below))
        priors = [
            kind.fit(latents[labels == number], rng=rng) if fits[number] else None
            for number in range(num_classes)
        ]
        return cls(priors, counts)

    def sample(
        self, labels: Int64[np.ndarray, " n"], *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        """A latent vector of each class asked for.

        Raises:
            ConfigError: A class had too few images to fit anything, or too many for this kind.
        """
        drawn: dict[int, np.ndarray] = {}
        for number in np.unique(labels):
            prior = self.priors[number]
            if prior is None:
                count = self.counts[number]
                raise ConfigError(
                    f"class {number} had {count} training images; "
                    "at least 2 are needed to draw from it"
                    if count < 2
                    else f"class {number} has no such prior, which is fitted to small classes "
                    f"only; it had {count} training images, name another prior"
                )
            drawn[int(number)] = prior.sample(
                int((labels == number).sum()), rng=rng, temperature=temperature
            )
        num_axes = next(iter(drawn.values())).shape[1]
        latents = np.empty((len(labels), num_axes))
        for number, vectors in drawn.items():
            latents[labels == number] = vectors
        return latents
