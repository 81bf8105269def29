"""Where a codec's adaptive models start: tables learned from pictures, stored with the codec.

Layout of `prior.bin`, a zlib stream of little-endian integers: number of counters and of mixing
weights (uint32), the counters (uint16: probability in the upper 12 bits, confidence in the lower
4), the weights (int32). Part of the format: a file names none, so a change of it is a new version.
"""

import functools
import importlib.resources
import struct
import zlib
from collections.abc import Sequence

import numpy as np

from overtone.shapes import Int32, UInt16

CONFIDENCES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
_HEAD = struct.Struct("<II")


@functools.cache
def load_prior(
    package: str,
) -> tuple[UInt16[np.ndarray, " counters"], Int32[np.ndarray, " weights"]]:
    """Counters and mixing weights of models that have seen pictures before.

    Args:
        package: Of the codec, which has a file `prior.bin`.
    """
    return unpack_prior(importlib.resources.files(package).joinpath("prior.bin").read_bytes())


def unpack_prior(
    packed: bytes,
) -> tuple[UInt16[np.ndarray, " counters"], Int32[np.ndarray, " weights"]]:
    """Arrays of the bytes that `pack_prior` made."""
    raw = zlib.decompress(packed)
    num_counters, num_weights = _HEAD.unpack_from(raw)
    counters = np.frombuffer(raw, "<u2", num_counters, _HEAD.size)
    weights = np.frombuffer(raw, "<i4", num_weights, _HEAD.size + 2 * num_counters)
    return counters.astype(np.uint16), weights.astype(np.int32)


def pack_prior(
    counters: UInt16[np.ndarray, " counters"], weights: Int32[np.ndarray, " weights"]
) -> bytes:
    """Bytes of a prior, for the script that learns it."""
    raw = _HEAD.pack(counters.size, weights.size)
    raw += counters.astype("<u2").tobytes() + weights.astype("<i4").tobytes()
    return zlib.compress(raw, 9)


def packed_state(
    state: tuple[Sequence[int], Sequence[int], Sequence[int]], most: int
) -> tuple[UInt16[np.ndarray, " counters"], Int32[np.ndarray, " weights"]]:
    """What models know, as a prior in which no counter is surer than `most` observations.

    Args:
        state: Probabilities in 1/65536, observations, weights, as the kernels give them.
        most: Observations that the surest counter stands for.
    """
    probabilities, counts, weights = (np.array(part, np.int64) for part in state)
    confidence = np.searchsorted(np.array(CONFIDENCES), np.minimum(counts, most), side="right") - 1
    return ((probabilities & 0xFFF0) | confidence).astype(np.uint16), weights.astype(np.int32)
