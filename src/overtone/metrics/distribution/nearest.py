"""Nearest pictures in pixels: whether drawn pictures are copies of those that were learned from."""

import dataclasses

import numpy as np

from overtone.shapes import Float64, Int64, UInt8

_CHUNK = 2048  # pictures searched at a time; bounds the memory


@dataclasses.dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest pictures of some, nearest first.

    Attributes:
        indices: Where they are in the set that was searched.
        distances: Root mean squared difference of the pixels, in levels of 255.
    """

    indices: Int64[np.ndarray, "n k"]
    distances: Float64[np.ndarray, "n k"]


def nearest_pictures(
    pictures: UInt8[np.ndarray, "n h w c"],
    among: UInt8[np.ndarray, "m h w c"],
    *,
    num_neighbours: int = 1,
) -> Nearest:
    """The nearest pictures of a set for each picture.

    Raises:
        ValueError: The set has fewer than are asked for.
    """
    if len(among) < num_neighbours:
        raise ValueError(f"{num_neighbours} neighbours of each are wanted among {len(among)}")
    rows = pictures.reshape(len(pictures), -1).astype(np.float32)
    indices = np.zeros((len(rows), 0), np.int64)
    scores = np.zeros((len(rows), 0), np.float32)
    for start in range(0, len(among), _CHUNK):
        part = among[start : start + _CHUNK].reshape(-1, rows.shape[1]).astype(np.float32)
        found = (part**2).sum(1) - 2 * rows @ part.T  # the squared distance but for a constant
        numbers = np.broadcast_to(np.arange(start, start + len(part)), found.shape)
        scores = np.concatenate([scores, found], axis=1)
        indices = np.concatenate([indices, numbers], axis=1)
        best = np.argsort(scores, axis=1, kind="stable")[:, :num_neighbours]
        scores = np.take_along_axis(scores, best, 1)
        indices = np.take_along_axis(indices, best, 1)
    distances = np.stack([_distances(pictures, among[column]) for column in indices.T], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return Nearest(np.take_along_axis(indices, order, 1), np.take_along_axis(distances, order, 1))


def nearest_others(
    images: UInt8[np.ndarray, "n h w c"], chosen: Int64[np.ndarray, " k"] | None = None
) -> Float64[np.ndarray, " k"]:
    """The distance of pictures of a set to the nearest of the others.

    Args:
        images: The set.
        chosen: Indices of the pictures whose distance is wanted; all by default.

    Raises:
        ValueError: There is one picture only.
    """
    indices = np.arange(len(images)) if chosen is None else chosen
    found = nearest_pictures(images[indices], images, num_neighbours=2)
    # The picture itself is among the two, or both are as equal as it is.
    is_first = found.indices[:, 0] == indices
    return np.where(is_first, found.distances[:, 1], found.distances[:, 0])


def share_nearer(samples: Float64[np.ndarray, " n"], real: Float64[np.ndarray, " m"]) -> float:
    """Share of pairs of a sample and a real picture in which the sample's distance is smaller.

    Ties count half, so it is 0.5 where both are alike and 1 where every sample is nearer.

    Source: the statistic of Mann and Whitney, as Meehan, Chaudhuri and Dasgupta use it to find
        models that copy (arXiv:2004.05675, section 3.1).
    """
    ordered = np.sort(real)
    above = len(real) - np.searchsorted(ordered, samples, "right")
    equal = len(real) - np.searchsorted(ordered, samples, "left") - above
    return float((above + equal / 2).mean() / len(real))


def _distances(
    first: UInt8[np.ndarray, "n h w c"], second: UInt8[np.ndarray, "n h w c"]
) -> Float64[np.ndarray, " n"]:
    """Root mean squared differences of pairs, without the rounding of the search."""
    distances = np.empty(len(first))
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        distances[number] = np.sqrt(np.mean((one.astype(np.float64) - other) ** 2))
    return distances
