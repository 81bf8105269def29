"""Fréchet distance between Gaussians fitted to two sets of features."""

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from overtone.shapes import Float


def frechet_distance(
    *, samples: Float[np.ndarray, "n d"], reference: Float[np.ndarray, "m d"]
) -> float:
    """Squared Fréchet distance of the two Gaussians, in squared units of the features.

    |mean difference|^2 + tr(S + R - 2 (S R)^(1/2)) with unbiased covariances in float64, by
    torchmetrics. What rounding makes negative, a set against itself, is zero.

    Raises:
        ValueError: A set has fewer than two rows.

    Source: Heusel et al., arXiv:1706.08500, equation 6.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance  # takes seconds to import

    if min(len(samples), len(reference)) < 2:
        raise ValueError(
            f"a covariance needs at least 2 rows, got {len(samples)} and {len(reference)}"
        )
    distance = FrechetInceptionDistance(feature=_Given(samples.shape[1]))
    distance.set_dtype(torch.float64)
    distance.update(torch.from_numpy(reference.astype(np.float64)), real=True)
    distance.update(torch.from_numpy(samples.astype(np.float64)), real=False)
    return max(float(distance.compute()), 0.0)


class _Given(nn.Module):
    """Stands where torchmetrics expects a network: its images are the features already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    @override
    def forward(self, features: Tensor) -> Tensor:
        return features
