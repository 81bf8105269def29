"""Every bit of a tiled-dct stream with its contexts, by syntax element, as arrays.

The native decoder gives tiles and levels; what the stream's models see of them (docs/format.md,
codec 1) is computed again here. RGB pictures only. One thing the decoder does not tell: how many
anti-diagonals of a plane are coded, but for the plane with most of them. It is taken to be the
smallest number that covers what is not zero; encoders now and then choose a larger one, and the
bits found here cost the shipped models up to 0.1 % more than the file has.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from experiments.tiled_dct.contexts import (
    NUM_PLANES,
    UNARY_LEVELS,
    Ints,
    Seams,
    contexts_of,
    norms,
)
from overtone.codecs.tiled_dct.header import PACKAGE
from overtone.codecs.tiled_dct.planes import padded
from overtone.entropy.context_state import load_context_state
from overtone.kernels import tiled_dct

# Sizes of the tables of contexts of each element, in the order of the prior.
TABLE_SIZES = {
    "zero": (1728, 1440, 5184, 3456, 1440, 1152, 864, 4320, 1764),
    "sign": (507, 1248, 1248, 243, 2028),
    "magnitude": (1152, 288, 240, 192, 768, 1536, 1176),
    "extent": (384, 3072, 3072, 3072, 384),
    "split": (36, 64, 4),
    "escape": (32, 32),
}
EXTENTS = np.array([0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 86, 127])
MAX_SIDE = 64
BANDS = 8


@dataclasses.dataclass(frozen=True)
class Symbols:
    """The bits of one element in the order of the stream.

    Attributes:
        bits: 0 or 1, (n).
        contexts: Place in each of the element's tables, (n, tables).
        selectors: Rows of the two sets of mixing weights, (n, 2).
    """

    bits: Ints
    contexts: Ints
    selectors: Ints


@dataclasses.dataclass
class Tile:
    """A coded tile, and what its neighbours see of it.

    Attributes:
        x: Of its left column, pixels.
        y: Of its top row, pixels.
        widest: Anti-diagonals coded in the plane with most of them, at least 1.
        levels: (planes, v, u); level (0, 0) is the constant level, not what was coded of it.
        bands: Sums of magnitudes, (planes, 8, 8), 1/16.
        classes: Profile class of each plane.
    """

    x: int
    y: int
    widest: int
    levels: Ints
    bands: Ints = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    classes: list[int] = dataclasses.field(default_factory=lambda: [0] * NUM_PLANES)

    @property
    def side(self) -> int:
        """Pixels."""
        return self.levels.shape[1]

    @property
    def size(self) -> int:
        """0 for 8 pixels, to 3 for 64."""
        return self.side.bit_length() - 4


class Collector:
    """Walks the tiles of a picture as its decoder does, and writes down every bit.

    Attributes:
        num_even_bits: Bits of escapes that no model predicts.
    """

    def __init__(self, width: int, height: int) -> None:
        self.num_even_bits = 0
        self._width, self._height = padded(width), padded(height)
        self._tile_at: dict[tuple[int, int], Tile] = {}  # by place in units of the smallest
        self._right = np.zeros((NUM_PLANES, self._height), np.int64)
        self._bottom = np.zeros((NUM_PLANES, self._width), np.int64)
        self._found: dict[str, list[tuple[Ints, Ints, Ints]]] = defaultdict(list)

    def collect(self, stream: bytes) -> dict[str, Symbols]:
        """The bits of a coefficient stream, by element."""
        decoder = tiled_dct.Decoder(
            stream,
            load_context_state(PACKAGE),
            width=self._width,
            height=self._height,
            channels=NUM_PLANES,
        )
        for row, y in enumerate(range(0, self._height, MAX_SIDE), 1):
            decoder.decode_rows(row)
            tiles = {
                (tile_x, tile_y): Tile(tile_x, tile_y, widest, levels.astype(np.int64))
                for tile_x, tile_y, widest, levels in decoder.tiles()
            }
            for x in range(0, self._width, MAX_SIDE):
                self._square(tiles, x, y, MAX_SIDE)
        return {
            name: Symbols(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
            for name, found in self._found.items()
        }

    def _add(
        self, element: str, bits: Ints, contexts: Sequence[object], selectors: Sequence[object]
    ) -> None:
        """Contexts and selectors are arrays like the bits, or one number for all of them."""
        whole = [
            np.stack([np.broadcast_to(np.asarray(each), bits.shape) for each in group], 1)
            for group in (contexts, selectors)
        ]
        self._found[element].append((bits.astype(np.int64), whole[0], whole[1]))

    def _square(self, tiles: dict[tuple[int, int], Tile], x: int, y: int, side: int) -> None:
        if x >= self._width or y >= self._height:
            return
        is_split = (x, y) not in tiles or tiles[x, y].side < side
        step = tiled_dct.MIN_TILE
        left = self._tile_at.get(((x - 1) // step, y // step))
        above = self._tile_at.get((x // step, (y - 1) // step))
        if side > step and x + side <= self._width and y + side <= self._height:
            size = side.bit_length() - 4
            a, b = (tile.size + 1 if tile else 0 for tile in (left, above))
            contexts = [9 * size + a + b, 16 * size + 4 * min(a, 3) + min(b, 3), size]
            self._add("split", np.array([is_split]), contexts, [size, 0])
        if not is_split:
            self._tile(tiles[x, y], left, above)
            return
        half = side // 2
        for quarter in range(4):
            self._square(tiles, x + quarter % 2 * half, y + quarter // 2 * half, half)

    def _tile(self, tile: Tile, left: Tile | None, above: Tile | None) -> None:
        norm, _, _ = norms(tile.size)
        coded = tile.levels.copy()
        all_seams = []
        for plane in range(NUM_PLANES):
            seams, prediction = self._seams(tile, plane)
            coded[plane, 0, 0] -= prediction
            explained = prediction * int(norm[0]) >> 4
            seams.left[0] -= explained
            seams.above[0] -= explained
            all_seams.append(seams)
        needed = [num_diagonals(levels) for levels in coded]
        if max(1, *needed) < tile.widest:
            needed[0] = tile.widest
        first_class = 0
        for plane in range(NUM_PLANES):
            found = self._extent(tile, plane, needed[plane], left, above, first_class)
            first_class = found if plane == 0 else first_class
            extent = min(int(EXTENTS[found]), 2 * tile.side - 1)
            if extent:
                bands = [each.bands[plane] for each in (left, above) if each is not None]
                self._levels(coded, plane, extent, bands, all_seams[plane])
            tile.classes[plane] = int(np.searchsorted(EXTENTS, extent << (3 - tile.size)))
        self._place(tile, coded)

    def _seams(self, tile: Tile, plane: int) -> tuple[Seams, int]:
        """What the neighbours' edges ask for, and the constant level that they predict."""
        x, y, side, size = tile.x, tile.y, tile.side, tile.size
        _, edge, _ = norms(size)
        left = (edge @ self._right[plane, y : y + side] >> 14) * (x > 0)
        above = (edge @ self._bottom[plane, x : x + side] >> 14) * (y > 0)
        total = int(left[0] + above[0]) >> int(x > 0 and y > 0)
        prediction = (total * (45, 64, 91, 128)[size] + (1 << 13)) >> 14
        return Seams(left, above, x > 0, y > 0), prediction

    def _extent(
        self,
        tile: Tile,
        plane: int,
        needed: int,
        left: Tile | None,
        above: Tile | None,
        first_class: int,
    ) -> int:
        last = int(np.searchsorted(EXTENTS, 2 * tile.side - 1))
        found = min(int(np.searchsorted(EXTENTS, needed)), last)
        i = np.arange(found + (found < last))
        a, b = (each.classes[plane] if each else 0 for each in (left, above))
        position = np.clip(2 * i - a - b + 32, 0, 63)
        contexts = [
            (plane * 4 + tile.size) * 32 + i,
            *((plane * 32 + i) * 32 + each for each in (a, b, first_class)),
            (plane * 64 + position) * 2 + (tile.size > 1),
        ]
        self._add("extent", i < found, contexts, [plane * 4 + tile.size, plane])
        return found

    def _levels(
        self, coded: Ints, plane: int, extent: int, bands: list[Ints], seams: Seams
    ) -> None:
        contexts = contexts_of(coded, plane, extent, bands, seams)
        levels = coded[plane, contexts.v, contexts.u]
        self._add("zero", levels != 0, *contexts.zero())
        hit = np.flatnonzero(levels)
        if not len(hit):
            return
        magnitudes = np.abs(levels[hit])
        asked = np.minimum(magnitudes, UNARY_LEVELS - 1)
        which = np.repeat(hit, asked)
        k = np.arange(len(which)) - np.repeat(np.cumsum(asked) - asked, asked) + 1
        self._add("magnitude", np.abs(levels[which]) > k, *contexts.magnitude(which, k))
        for value in (magnitudes[magnitudes >= UNARY_LEVELS] - UNARY_LEVELS).tolist():
            length = (value + 1).bit_length() - 1
            places = np.arange(length + (length < UNARY_LEVELS))
            self._add("escape", places < length, [places, places], [0, 0])
            self.num_even_bits += length
        of_all = contexts.sign(coded)
        self._add("sign", levels[hit] < 0, *([each[hit] for each in group] for group in of_all))

    def _place(self, tile: Tile, coded: Ints) -> None:
        """Leaves behind what later tiles see: edges, bands, and the tile itself."""
        x, y, side = tile.x, tile.y, tile.side
        norm, edge, _ = norms(tile.size)
        signed = norm * (1 - 2 * (np.arange(side) & 1))
        for plane, levels in enumerate(tile.levels):
            self._right[plane, y : y + side] = (levels @ signed) @ edge >> 18
            self._bottom[plane, x : x + side] = (signed @ levels) @ edge >> 18
        step = side // BANDS
        sums = np.abs(coded).reshape(NUM_PLANES, BANDS, step, BANDS, step).sum((2, 4))
        tile.bands = np.minimum(sums * 16 >> 2 * tile.size, 65535)
        for i in range(x // tiled_dct.MIN_TILE, (x + side) // tiled_dct.MIN_TILE):
            for j in range(y // tiled_dct.MIN_TILE, (y + side) // tiled_dct.MIN_TILE):
                self._tile_at[i, j] = tile


def num_diagonals(levels: Ints) -> int:
    """The smallest number of anti-diagonals that holds all levels that are not zero."""
    v, u = np.nonzero(levels)
    return int((u + v).max()) + 1 if len(u) else 0
