"""Tiles that overlap a little, and the windows that blend them into one picture."""

import dataclasses

import numpy as np

from overtone.shapes import Float64


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TileAxis:
    """One side of the picture cut into equal tiles.

    Positions are in source pixels, pixel i from i to i + 1. A tile's domain is its own part and
    `margin` more beyond each inner border; its network sees the domain as 0..1.
    """

    length: int
    count: int
    margin: int

    def domain(self, index: int) -> tuple[float, float]:
        """Where tile `index` is evaluated, source pixels."""
        low, high = self.border(index), self.border(index + 1)
        return (
            low - self.margin if index else low,
            high + self.margin if index < self.count - 1 else high,
        )

    def border(self, index: int) -> float:
        """Start of tile `index`, source pixels."""
        return index * self.length / self.count

    def pixels(self, index: int) -> range:
        """Pixels whose centres lie in the domain of tile `index`."""
        low, high = self.domain(index)
        return range(max(0, int(np.ceil(low - 0.5))), min(self.length, int(np.floor(high + 0.5))))

    def local(self, index: int, positions: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Source positions as tile `index` sees them."""
        low, high = self.domain(index)
        return (positions - low) / (high - low)

    def window(self, index: int, positions: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Share of tile `index` at each position; the shares of all tiles add up to one."""
        share = np.ones_like(positions)
        if index:
            share *= _rise(positions - self.border(index), self.margin)
        if index < self.count - 1:
            share *= _rise(self.border(index + 1) - positions, self.margin)
        return share


def axis(length: int, tile_px: int, margin_px: int) -> TileAxis:
    """Tiles of about `tile_px`; the margin shrinks so that only neighbours meet."""
    count = max(1, round(length / tile_px)) if tile_px else 1
    return TileAxis(length=length, count=count, margin=min(margin_px, length // (4 * count)))


def _rise(distance: Float64[np.ndarray, " n"], margin: int) -> Float64[np.ndarray, " n"]:
    """A smooth step from 0 at -margin to 1 at margin; rise(-d) = 1 - rise(d)."""
    if margin == 0:
        return 0.5 + 0.5 * np.sign(distance)
    t = np.clip(0.5 + 0.5 * distance / margin, 0, 1)
    return t * t * (3 - 2 * t)
