"""The table of distribution metrics."""

import numpy as np

from overtone.metrics.distribution.base import DistributionMetric, Estimate
from overtone.metrics.distribution.features.base import Features
from overtone.metrics.distribution.frechet import frechet_distance
from overtone.metrics.distribution.inception_score import inception_score
from overtone.metrics.distribution.kernel import kernel_distance
from overtone.metrics.distribution.neighbours import neighbour_scores


def _frechet(
    *, samples: Features, reference: Features, rng: np.random.Generator
) -> tuple[Estimate, ...]:
    return (Estimate(frechet_distance(samples=samples.pooled, reference=reference.pooled)),)


def _kernel(
    *, samples: Features, reference: Features, rng: np.random.Generator
) -> tuple[Estimate, ...]:
    return (kernel_distance(samples=samples.pooled, reference=reference.pooled, rng=rng),)


def _spatial(
    *, samples: Features, reference: Features, rng: np.random.Generator
) -> tuple[Estimate, ...]:
    return (Estimate(frechet_distance(samples=samples.spatial, reference=reference.spatial)),)


def _classes(
    *, samples: Features, reference: Features, rng: np.random.Generator
) -> tuple[Estimate, ...]:
    return (inception_score(samples.probabilities, rng=rng),)


def _neighbours(
    *, samples: Features, reference: Features, rng: np.random.Generator
) -> tuple[Estimate, ...]:
    scores = neighbour_scores(samples=samples.pooled, reference=reference.pooled)
    return tuple(
        Estimate(value)
        for value in (scores.precision, scores.recall, scores.density, scores.coverage)
    )


# One line each, in the order they are printed.
DISTRIBUTION_METRICS: tuple[DistributionMetric, ...] = (
    DistributionMetric(
        names=("frechet",), titles=("Fréchet distance",), higher_is_better=False, fn=_frechet
    ),
    DistributionMetric(
        names=("kernel",),
        titles=("kernel distance",),
        higher_is_better=False,
        error="standard error",
        fn=_kernel,
    ),
    DistributionMetric(
        names=("spatial_frechet",),
        titles=("spatial Fréchet distance",),
        higher_is_better=False,
        fn=_spatial,
    ),
    DistributionMetric(
        names=("inception_score",),
        titles=("Inception score",),
        higher_is_better=True,
        error="standard deviation of splits",
        fn=_classes,
    ),
    DistributionMetric(
        names=("precision", "recall", "density", "coverage"),
        titles=("precision", "recall", "density", "coverage"),
        higher_is_better=True,
        compares_pairs=True,
        fn=_neighbours,
    ),
)
