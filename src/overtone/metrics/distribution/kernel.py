"""Kernel distance: the unbiased squared maximum mean discrepancy of two sets of features."""

import numpy as np
import torch

from overtone.metrics.distribution.base import Estimate
from overtone.shapes import Float

SUBSET_SIZE = 1000  # as in the paper
MIN_SUBSETS = 10  # fewer give no useful standard error, so smaller subsets are taken


def kernel_distance(
    *,
    samples: Float[np.ndarray, "n d"],
    reference: Float[np.ndarray, "m d"],
    rng: np.random.Generator,
    subset_size: int = SUBSET_SIZE,
) -> Estimate:
    """Mean unbiased MMD^2 with the kernel (x.y / d + 1)^3 over disjoint subsets of both sets.

    Disjoint, so that the subsets are independent and their scatter gives an honest standard error;
    the paper's overlapping draws do not. Zero in the mean for equal distributions; may be negative.

    Args:
        samples: Features of one set.
        reference: Features of the other.
        rng: Shuffles both once.
        subset_size: Largest size of a subset; reduced until there are ten subsets.

    Raises:
        ValueError: A set has fewer than 20 rows, two for each of ten subsets.

    Source: Bińkowski et al., arXiv:1801.01401, section 4 and appendix (KID).
    """
    count = min(len(samples), len(reference))
    size = min(subset_size, count // MIN_SUBSETS)
    if size < 2:
        raise ValueError(f"a kernel distance needs at least {2 * MIN_SUBSETS} rows, got {count}")
    x = samples[rng.permutation(len(samples))]
    y = reference[rng.permutation(len(reference))]
    parts = np.array(
        [
            squared_mmd(samples=x[start : start + size], reference=y[start : start + size])
            for start in range(0, count - size + 1, size)
        ]
    )
    return Estimate(float(parts.mean()), float(parts.std(ddof=1) / np.sqrt(len(parts))))


def squared_mmd(*, samples: Float[np.ndarray, "n d"], reference: Float[np.ndarray, "m d"]) -> float:
    """Unbiased squared maximum mean discrepancy of all rows with the kernel (x.y / d + 1)^3.

    By torchmetrics, in float64.

    Raises:
        ValueError: The sets have not equally many rows, or fewer than two.
    """
    from torchmetrics.image.kid import poly_mmd  # takes seconds to import

    if len(samples) != len(reference) or len(samples) < 2:
        raise ValueError(
            f"needs two sets of equally many rows, at least 2, got {len(samples)} and "
            f"{len(reference)}"
        )
    x, y = (torch.from_numpy(rows.astype(np.float64)) for rows in (samples, reference))
    return float(poly_mmd(y, x))
