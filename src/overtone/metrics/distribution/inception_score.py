"""Inception score: how sure and how varied the classes of a set of images are."""

import numpy as np

from overtone.metrics.distribution.base import Estimate
from overtone.shapes import Float

NUM_SPLITS = 10  # as in the paper
MIN_PROBABILITY = 1e-16  # keeps the logarithm of an impossible class finite


def inception_score(
    probabilities: Float[np.ndarray, "n k"],
    *,
    rng: np.random.Generator,
    num_splits: int = NUM_SPLITS,
) -> Estimate:
    """Exponential of the mean divergence of each image's classes from the classes of all; 1..k.

    The mean over equal random splits; the error is their standard deviation, as papers report it.
    The classes are those of the feature network, so numbers of two networks do not compare.

    Args:
        probabilities: Probability of each class, a row an image.
        rng: Shuffles the rows.
        num_splits: Number of parts that are scored apart; at most the number of rows.

    Raises:
        ValueError: There are fewer rows than splits.

    Source: Salimans et al., arXiv:1606.03498, section 4.
    """
    if len(probabilities) < num_splits:
        raise ValueError(f"{num_splits} splits need as many rows, got {len(probabilities)}")
    shuffled = probabilities[rng.permutation(len(probabilities))].astype(np.float64)
    scores = []
    for part in np.array_split(shuffled, num_splits):
        likely = np.maximum(part, MIN_PROBABILITY)
        divergence = np.sum(part * (np.log(likely) - np.log(likely.mean(0))), axis=1)
        scores.append(np.exp(divergence.mean()))
    return Estimate(float(np.mean(scores)), float(np.std(scores)))
