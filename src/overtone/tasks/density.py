"""How thin a set of pictures is around each of them, and where other pictures land in it."""

import dataclasses

import numpy as np

from overtone.errors import ConfigError
from overtone.metrics.distribution.neighbours import (
    CHUNK_ROWS,
    neighbour_radii,
    squared_distances,
)
from overtone.shapes import Bool, Float, Float64, Int64

NEIGHBOURS = 5
THIN_SHARE = 0.1


def check_density(num_pictures: int, neighbours: int, share: float) -> None:
    """Raises `ConfigError` unless so many pictures have neighbours and a thin share of so much."""
    if not 0 < share < 1:
        raise ConfigError(f"the share of thin pictures must be between 0 and 1, got {share:g}")
    if not 1 <= neighbours < num_pictures:
        raise ConfigError(
            f"neighbours must be from 1 to one less than the {num_pictures} pictures, "
            f"got {neighbours}"
        )


def num_thin(num_pictures: int, share: float) -> int:
    """How many of the pictures are this share: one at least."""
    return max(1, round(share * num_pictures))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Landing:
    """Where pictures fell in a set.

    Attributes:
        has_landed: Whether each is in a thin place.
        homes: Index in the set of the thin picture whose surroundings each is deepest in.
        depths: Distance to it over its own distance to its k-th neighbour; up to 1 is inside.
        chosen: Indices of those that were taken.
    """

    has_landed: Bool[np.ndarray, " m"]
    homes: Int64[np.ndarray, " m"]
    depths: Float64[np.ndarray, " m"]
    chosen: Int64[np.ndarray, " k"]

    def spread_out(self, count: int) -> Int64[np.ndarray, " k"]:
        """At most so many that landed: the deepest of each home, then each home's second, ..."""
        order = np.flatnonzero(self.has_landed)
        order = order[np.lexsort((self.depths[order], self.homes[order]))]
        homes = self.homes[order]
        first = np.searchsorted(homes, homes)  # where the run of each home begins
        rank = np.arange(len(order)) - first
        return order[np.lexsort((self.depths[order], rank))][:count]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Density:
    """The distance of each picture of a set to its k-th neighbour in a space of features.

    Attributes:
        points: Features, centred.
        centre: What was taken from them.
        neighbours: k.
        distances: Distance of each picture to its k-th neighbour, itself not counted.
        threshold: Distance from which a place is thin.
        thin: Indices of the pictures in thin places, the thinnest first.
    """

    points: Float64[np.ndarray, "n d"]
    centre: Float64[np.ndarray, " d"]
    neighbours: int
    distances: Float64[np.ndarray, " n"]
    threshold: float
    thin: Int64[np.ndarray, " t"]

    @classmethod
    def of(
        cls,
        features: Float[np.ndarray, "n d"],
        *,
        neighbours: int = NEIGHBOURS,
        share: float = THIN_SHARE,
    ) -> "Density":
        """The density of a set of features.

        Args:
            features: A row for each picture.
            neighbours: k.
            share: Share of the pictures that are in thin places.

        Raises:
            ConfigError: A number is out of range, or the pictures have no k-th neighbour, or it is
                nowhere at a distance.
        """
        check_density(len(features), neighbours, share)
        centre = features.mean(0, dtype=np.float64)
        points = features - centre
        (squares,) = neighbour_radii(points, (neighbours,))
        distances = np.sqrt(np.maximum(squares, 0))
        thin = np.argsort(-distances, kind="stable")[: num_thin(len(points), share)]
        threshold = float(distances[thin[-1]])
        if not threshold > 0:
            raise ConfigError(
                f"most pictures have {neighbours} others with the same features, so that no place "
                "is thin; leave repeated pictures out, or call a smaller share thin"
            )
        return cls(points, centre, neighbours, distances, threshold, thin)

    def landing(self, features: Float[np.ndarray, "m d"]) -> Landing:
        """Where other pictures land.

        In a thin place are those inside the surroundings of a thin picture, not farther from it
        than its own k-th neighbour, whose k-th neighbour in the set, that picture not counted, is
        at the threshold or beyond. What is far from everything is nowhere.
        """
        num = len(features)
        kth, homes, depths = np.empty(num), np.empty(num, np.int64), np.empty(num)
        for start in range(0, num, CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            squares = squared_distances(features[rows] - self.centre, self.points)
            relative = np.sqrt(squares[:, self.thin]) / self.distances[self.thin]
            nearest = relative.argmin(1)
            homes[rows] = self.thin[nearest]
            depths[rows] = relative[np.arange(len(relative)), nearest]
            squares[np.arange(len(nearest)), homes[rows]] = np.inf
            last = self.neighbours - 1
            kth[rows] = np.sqrt(np.partition(squares, last, 1)[:, last])
        has_landed = (kth >= self.threshold) & (depths <= 1)
        return Landing(has_landed, homes, depths, np.zeros(0, np.int64))

    def distances_with(self, features: Float[np.ndarray, "m d"]) -> Float64[np.ndarray, " n"]:
        """The distance of each picture of the set to its k-th neighbour, with others added."""
        others = features - self.centre
        both = np.concatenate([self.points, others])
        num = len(self.points)
        result = np.empty(num)
        for start in range(0, num, CHUNK_ROWS):
            squares = squared_distances(self.points[start : min(start + CHUNK_ROWS, num)], both)
            own = np.arange(len(squares))
            squares[own, start + own] = -1.0  # itself first
            kth = np.partition(squares, self.neighbours, 1)[:, self.neighbours]
            result[start : start + len(squares)] = np.sqrt(np.maximum(kth, 0))
        return result
