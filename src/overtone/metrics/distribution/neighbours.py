"""Precision, recall, density and coverage from the nearest neighbours of features."""

import dataclasses

import numpy as np

from overtone.shapes import Float, Float64

PRECISION_NEIGHBOURS = 3  # Kynkäänniemi et al.
COVERAGE_NEIGHBOURS = 5  # Naeem et al.
CHUNK_ROWS = 512  # of a matrix of distances: 40 MB for 10,000 columns


@dataclasses.dataclass(frozen=True, slots=True)
class NeighbourScores:
    """Four shares; 1 is best, and density may exceed it.

    Attributes:
        precision: Share of the samples inside the manifold of the reference: are they good?
        recall: Share of the reference inside the manifold of the samples: is everything there?
        density: How many reference neighbourhoods hold a sample, over the number expected; unlike
            precision it does not jump at one outlier of the reference.
        coverage: Share of the reference with a sample in its neighbourhood; unlike recall it does
            not need a manifold of the samples.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbour_scores(
    *, samples: Float[np.ndarray, "n d"], reference: Float[np.ndarray, "m d"]
) -> NeighbourScores:
    """The four scores; a manifold is the union of balls up to each point's k-th neighbour.

    Raises:
        ValueError: A set has no k-th neighbour.

    Source: precision and recall, Kynkäänniemi et al., arXiv:1904.06991, section 2 (k = 3);
        density and coverage, Naeem et al., arXiv:2002.09797, section 3.2 (k = 5). A point on the
        surface of a ball is inside.
    """
    least = max(PRECISION_NEIGHBOURS, COVERAGE_NEIGHBOURS) + 1
    if min(len(samples), len(reference)) < least:
        raise ValueError(
            f"precision and coverage need at least {least} rows a set, got {len(samples)} "
            f"and {len(reference)}"
        )
    centre = reference.mean(0, dtype=np.float64)
    y, x = samples - centre, reference - centre
    wanted = (PRECISION_NEIGHBOURS, COVERAGE_NEIGHBOURS)
    narrow, wide = neighbour_radii(x, wanted)
    (around_samples,) = neighbour_radii(y, (PRECISION_NEIGHBOURS,))
    precise = np.zeros(len(y), bool)
    num_balls = np.zeros(len(y), np.int64)
    recalled = np.empty(len(x), bool)
    covered = np.empty(len(x), bool)
    for rows in _chunks(len(x)):
        distances = squared_distances(x[rows], y)
        precise |= (distances <= narrow[rows, None]).any(0)
        recalled[rows] = (distances <= around_samples).any(1)
        inside = distances <= wide[rows, None]
        num_balls += inside.sum(0)
        covered[rows] = inside.any(1)
    return NeighbourScores(
        precision=float(precise.mean()),
        recall=float(recalled.mean()),
        density=float(num_balls.mean() / COVERAGE_NEIGHBOURS),
        coverage=float(covered.mean()),
    )


def neighbour_radii(
    points: Float64[np.ndarray, "n d"], neighbours: tuple[int, ...]
) -> list[Float64[np.ndarray, " n"]]:
    """For each k the squared distance of each point to its k-th neighbour, itself not counted."""
    radii = np.empty((len(neighbours), len(points)))
    for rows in _chunks(len(points)):
        distances = squared_distances(points[rows], points)
        own = np.arange(rows.start, rows.start + len(distances))
        distances[np.arange(len(distances)), own] = -1.0  # the nearest, whatever rounding did
        ordered = np.partition(distances, neighbours, axis=1)
        radii[:, rows] = ordered[:, neighbours].T
    return list(radii)


def squared_distances(
    x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"]
) -> Float64[np.ndarray, "n m"]:
    """Squared distances between all pairs of rows, never negative."""
    distances = x @ y.T
    distances *= -2.0
    distances += np.sum(x**2, axis=1)[:, None]
    distances += np.sum(y**2, axis=1)
    return np.maximum(distances, 0.0, out=distances)


def _chunks(count: int) -> list[slice]:
    return [slice(start, start + CHUNK_ROWS) for start in range(0, count, CHUNK_ROWS)]
