"""Levels of block transforms, coded band by band from coarse to fine, by predicted bits.

Components come in the order in which they are coded: luma first, of chroma the one that helps
the other first. Levels are int16 (bands, rows, columns) of blocks, bands in zigzag order; tables
are the quantiser steps of the bands.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.deadline import check_time
from overtone.errors import CorruptError, OvertoneError
from overtone.kernels import _sparse_dct

State = tuple[NDArray[np.uint16], NDArray[np.int32]]  # counters, mixing and prediction weights
Learned = tuple[list[int], list[int], list[int]]  # probabilities in 1/65536, observations, weights
Levels = NDArray[np.int16]
Table = NDArray[np.integer]

_INSIDE = slice(_sparse_dct.BORDER, -_sparse_dct.BORDER)


def encode(levels: Sequence[Levels], tables: Sequence[Table], state: State) -> bytes:
    """The coefficient stream of all components."""
    return _sparse_dct.encode(_contiguous(levels), _steps(tables), *state, check=check_time)


def encode_and_learn(
    levels: Sequence[Levels], tables: Sequence[Table], state: State
) -> tuple[bytes, Learned]:
    """The coefficient stream, and what the models have learned from it."""
    return _sparse_dct.encode(_contiguous(levels), _steps(tables), *state, learned=True)


def decode(
    stream: bytes,
    grids: Sequence[tuple[int, int]],
    tables: Sequence[Table],
    state: State,
    *,
    is_prefix: bool = False,
) -> list[Levels]:
    """Levels of the stream; of a prefix, what it says, and zero or a prediction for the rest.

    Args:
        stream: Bytes that `encode` made, or the beginning of them.
        grids: Rows and columns of blocks of each component.
        tables: Quantiser steps of each component.
        state: Counters and weights that the encoder started from.
        is_prefix: Whether the stream may end early.

    Raises:
        CorruptError: The stream is cut and should not be, or goes on after the last coefficient.
    """
    try:
        found = _sparse_dct.decode(
            stream, grids, _steps(tables), *state, is_prefix=is_prefix, check=check_time
        )
    except OvertoneError:  # the time is over
        raise
    except RuntimeError as error:
        raise CorruptError(f"{error}; the file is damaged") from error
    return [own[:, _INSIDE, _INSIDE] for own in found]  # views: what surrounds them is not copied


def untrained() -> Learned:
    """What models know that have seen nothing."""
    return _sparse_dct.untrained()


def _contiguous(levels: Sequence[Levels]) -> list[Levels]:
    return [np.ascontiguousarray(own) for own in levels]


def _steps(tables: Sequence[Table]) -> list[NDArray[np.uint16]]:
    return [table.astype(np.uint16) for table in tables]
