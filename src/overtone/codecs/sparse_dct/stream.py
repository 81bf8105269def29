"""Levels of all components to one string of bytes and back, coarse to fine."""

from collections.abc import Sequence

import numpy as np

from overtone.entropy.context_state import load_context_state
from overtone.errors import CorruptError
from overtone.kernels import _sparse
from overtone.shapes import Int16, Int64
from overtone.transform.levels import Sampling

PACKAGE = "overtone.codecs.sparse_dct"  # where the initial context state is


def pack_levels(
    levels: Sequence[Int16[np.ndarray, "bands _rows _columns"]],
    tables: Sequence[Int64[np.ndarray, " bands"]],
) -> bytes:
    """The coefficient stream; components are Y, Cb, Cr, alpha, as many as there are."""
    order = coded_order(len(levels))
    return _sparse.encode(
        [np.ascontiguousarray(levels[c]) for c in order],
        [tables[c].astype(np.uint16) for c in order],
        *load_context_state(PACKAGE),
    )


def unpack_levels(
    stream: bytes,
    tables: Sequence[Int64[np.ndarray, " bands"]],
    sampling: Sampling,
    *,
    is_prefix: bool = False,
) -> list[Int16[np.ndarray, "bands _rows _columns"]]:
    """Levels of the stream; of a prefix, what it says, and zero or a forecast for the rest.

    Raises:
        CorruptError: The stream is cut and should not be, or goes on after the last coefficient.
    """
    order = coded_order(sampling.channels)
    try:
        found = _sparse.decode(
            stream,
            [sampling.grid(c) for c in order],
            [tables[c].astype(np.uint16) for c in order],
            *load_context_state(PACKAGE),
            is_prefix=is_prefix,
        )
    except RuntimeError as error:
        raise CorruptError(f"{error}; the file is damaged") from error
    return [found[order.index(c)] for c in range(len(order))]


def coded_order(num_components: int) -> list[int]:
    """Components as they are coded: Cr before Cb, as in the paper's figure."""
    return [0, 2, 1, 3][:num_components] if num_components >= 3 else [*range(num_components)]
