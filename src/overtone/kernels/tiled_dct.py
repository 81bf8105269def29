"""Tiles of cosine series: chosen and coded row by row, decoded again, evaluated at any positions.

Planes are float32 (channels, height, width) around zero, both sides multiples of `MIN_TILE`. A
stream starts from counters and mixing weights that both sides know (`overtone.entropy`).
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from overtone.deadline import check_time
from overtone.errors import CorruptError, OvertoneError
from overtone.kernels import _tiled_dct
from overtone.kernels.fourier import Isa

Float32 = NDArray[np.float32]
State = tuple[NDArray[np.uint16], NDArray[np.int32]]  # counters, mixing weights
Learned = tuple[list[int], list[int], list[int]]  # probabilities in 1/65536, observations, weights
Tile = tuple[int, int, int, NDArray[np.int16]]  # left, top, coded diagonals, levels (channel, v, u)

SUPERBLOCK = _tiled_dct.SUPERBLOCK  # pixels, side of the largest tile
MIN_TILE = _tiled_dct.MIN_TILE  # pixels, side of the smallest tile
ALL_TILES = (3, 6)  # binary logarithms of these two


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """What levels stand for, and how tiles blend.

    Attributes:
        step: Quantiser step, pixel units of an orthonormal coefficient.
        overlap_px: How far facing tiles blend to each side of their seam, pixels.
        offset_one: How much less than 1 a level of magnitude 1 stands for, in steps.
        offset: How much less than itself a larger level stands for, in steps.
        blend: How far smooth tiles blend, in half-cycles of their highest coded frequency, where
            that is more than the overlap.
    """

    step: float
    overlap_px: float
    offset_one: float
    offset: float
    blend: float


class PlaneRows(Protocol):
    """The planes of a picture, of which a few rows are asked for at a time, from top to bottom."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width; both sides multiples of `MIN_TILE`."""
        ...

    def rows(self, top: int, bottom: int) -> Float32:
        """Rows `top` to before `bottom` of all planes (channels, rows, width)."""
        ...


def encode(
    planes: PlaneRows,
    state: State,
    how: Reconstruction,
    *,
    rd_weight: float,
    tile_log2: tuple[int, int] = ALL_TILES,
    progress: Callable[[float, int], None] | None = None,
    learned: Callable[[Learned], None] | None = None,
) -> bytes:
    """The coefficient stream; distortion + `rd_weight` * step^2 * bits decides every choice.

    Args:
        planes: Planes of the picture; rows that blend with the next strip are asked for twice.
        state: Counters and mixing weights to start from.
        how: Reconstruction that the decoder will use.
        rd_weight: Squared steps that a bit is worth.
        tile_log2: Binary logarithms of the smallest and the largest tile tried.
        progress: Called after each row of superblocks with the fraction done and the bytes so far.
        learned: Called at the end with what the models have learned.
    """
    channels, height, width = planes.shape
    encoder = _tiled_dct.Encoder(
        *state,
        width=width,
        height=height,
        channels=channels,
        step=how.step,
        rd_weight=rd_weight,
        overlap=how.overlap_px,
        reconstruction_offset_one=how.offset_one,
        reconstruction_offset=how.offset,
        min_log2=tile_log2[0],
        max_log2=tile_log2[1],
    )
    rows = -(-height // SUPERBLOCK)
    for row in range(1, rows + 1):
        encoder.encode_row(np.ascontiguousarray(planes.rows(*encoder.next_rows)))
        check_time()
        if progress is not None:
            progress(row / rows, encoder.size_bytes)
    if learned is not None:
        learned(encoder.learned())
    return encoder.finish()


def untrained() -> Learned:
    """What models know that have seen nothing."""
    return _tiled_dct.untrained()


class Decoder:
    """Reads a stream row by row of superblocks; keeps the levels of three rows.

    Args:
        stream: Bytes that `encode` made.
        state: Counters and mixing weights that it started from.
        width: Width of the planes, a multiple of `MIN_TILE`.
        height: Height of the planes, a multiple of `MIN_TILE`.
        channels: Number of planes.

    Raises:
        ValueError: The state is that of another version.
    """

    def __init__(
        self, stream: bytes, state: State, *, width: int, height: int, channels: int
    ) -> None:
        self._native = _tiled_dct.Decoder(
            stream, *state, width=width, height=height, channels=channels
        )
        self._channels = channels
        self.num_rows = -(-height // SUPERBLOCK)

    def decode_rows(self, count: int) -> None:
        """Decodes until `count` rows of superblocks are known, or all.

        Raises:
            CorruptError: The stream ends too early.
        """
        try:
            while self._native.rows_decoded < min(count, self.num_rows):
                self._native.decode_row(check_time)
        except OvertoneError:  # the time is over
            raise
        except RuntimeError as error:
            raise CorruptError(f"{error}; the file is damaged") from error

    def tiles(self) -> Sequence[Tile]:
        """The tiles of the row decoded last, in the order of the stream."""
        return self._native.tiles()

    def render(
        self,
        xs: NDArray[np.float64],
        ys: NDArray[np.float64],
        how: Reconstruction,
        *,
        num_threads: int = 1,
        isa: Isa = "auto",
    ) -> Float32:
        """Values (channels, len(ys), len(xs)) of the blended series on a grid of positions.

        Args:
            xs: Horizontal positions, pixels, ascending.
            ys: Vertical positions, pixels, ascending, within the rows that are kept.
            how: What levels stand for, and how tiles blend.
            num_threads: Worker threads.
            isa: Instruction set.
        """
        values = np.empty((self._channels, len(ys), len(xs)), np.float32)
        self._native.render(
            xs,
            ys,
            values,
            step=how.step,
            overlap=how.overlap_px,
            reconstruction_offset_one=how.offset_one,
            reconstruction_offset=how.offset,
            blend=how.blend,
            num_threads=num_threads,
            isa=isa,
        )
        return values

    def finish(self) -> None:
        """Decodes what is left and checks that the stream ends with the picture.

        Raises:
            CorruptError: It ends earlier or goes on.
        """
        self.decode_rows(self.num_rows)
        if self._native.has_leftover:
            raise CorruptError("bytes follow the last coefficient")


def squashed_differences(centre: Float32, neighbours: Sequence[Float32], scale: float) -> Float32:
    """X / (2 (1 + |x|)) of x = (neighbour - centre) / scale; (neighbours, pixels).

    Args:
        centre: Values (rows, width).
        neighbours: Values of the same shape.
        scale: Difference that is squashed to a quarter.
    """
    squashed = np.empty((len(neighbours), centre.size), np.float32)
    _tiled_dct.relative_inputs(centre, list(neighbours), scale, squashed)
    return squashed
