"""The initial context state of a codec: what its adaptive models know before the first symbol.

Learned from pictures and stored with the codec. Layout of `context_state.bin`, a zlib stream of
little-endian integers: number of counters and of mixing weights (uint32), the counters (uint16:
probability in the upper 12 bits, confidence in the lower 4), the weights (int32). Part of the
format: a file names none, so a change of it is a new version.
"""

import functools
import importlib.resources
import struct
import zlib
from collections.abc import Sequence

import numpy as np

from overtone.shapes import Int32, UInt16

# Counters and mixing weights.
ContextState = tuple[UInt16[np.ndarray, " counters"], Int32[np.ndarray, " weights"]]

CONFIDENCES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
_HEAD = struct.Struct("<II")


@functools.cache
def load_context_state(package: str) -> ContextState:
    """The stored state that a codec's models start from.

    Args:
        package: Package of the codec, which has a file `context_state.bin`.
    """
    stored = importlib.resources.files(package).joinpath("context_state.bin").read_bytes()
    return unpack_context_state(stored)


def unpack_context_state(packed: bytes) -> ContextState:
    """Arrays of the bytes that `pack_context_state` made."""
    raw = zlib.decompress(packed)
    num_counters, num_weights = _HEAD.unpack_from(raw)
    counters = np.frombuffer(raw, "<u2", num_counters, _HEAD.size)
    weights = np.frombuffer(raw, "<i4", num_weights, _HEAD.size + 2 * num_counters)
    return counters.astype(np.uint16), weights.astype(np.int32)


def pack_context_state(
    counters: UInt16[np.ndarray, " counters"], weights: Int32[np.ndarray, " weights"]
) -> bytes:
    """Bytes of a state, for the script that learns it."""
    raw = _HEAD.pack(counters.size, weights.size)
    raw += counters.astype("<u2").tobytes() + weights.astype("<i4").tobytes()
    return zlib.compress(raw, 9)


def rounded_context_state(
    state: tuple[Sequence[int], Sequence[int], Sequence[int]], most: int
) -> ContextState:
    """What models have learned, as a state in which no counter is surer than `most` observations.

    Args:
        state: Probabilities in 1/65536, numbers of observations, and mixing weights, as the
            kernels give them.
        most: Observations that the surest counter stands for.
    """
    probabilities, counts, weights = (np.array(part, np.int64) for part in state)
    confidence = np.searchsorted(np.array(CONFIDENCES), np.minimum(counts, most), side="right") - 1
    return ((probabilities & 0xFFF0) | confidence).astype(np.uint16), weights.astype(np.int32)
