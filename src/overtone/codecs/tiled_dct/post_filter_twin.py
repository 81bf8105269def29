"""The obvious twin of libovt's post-filter, and the tables that the tool which learns it needs.

It is a Fourier layer on the differences of the cosine series to its neighbours.

`refined = series + step * h(d)`, where the eight inputs d are the squashed differences between
the series at a point and one source pixel around it, in quantiser steps, and h is a Fourier layer
over {0, 1}^8 (thesis, eq. 4.5, one output). Its weights are learned once from pictures, as least
squares, and stored beside this file: one set for the first plane, one for the others. A picture
says for each set whether it is used.

Layout of `post_filter.bin`: the weights of the two sets, float32, little-endian.
"""

import functools
import importlib.resources

import numpy as np

from overtone.codecs.tiled_dct.decode_twin import NEIGHBOURS
from overtone.codecs.tiled_dct.header import TiledDctHeader
from overtone.kernels.fourier import Isa, NetSpec, Runner
from overtone.kernels.tiled_dct import squashed_differences
from overtone.shapes import Float32

FILTER = NetSpec(num_axes=len(NEIGHBOURS), hidden=(), num_outputs=1, has_residual=False)
INPUT_SCALE_STEPS = 0.25  # a difference of this many steps is squashed to a quarter
NUM_SETS = 2


@functools.cache
def load_weights() -> tuple[Float32[np.ndarray, " weights"], ...]:
    """The stored weights: first plane, other planes."""
    stored = (
        importlib.resources.files("overtone.codecs.tiled_dct")
        .joinpath("post_filter.bin")
        .read_bytes()
    )
    weights = np.frombuffer(stored, "<f4").astype(np.float32)
    return tuple(weights.reshape(NUM_SETS, FILTER.num_weights))


def set_of_plane(channel: int) -> int:
    """Which set of weights refines a plane: 0 for luma and alpha, 1 for chroma."""
    return int(channel in (1, 2))


def filter_inputs(
    around: list[Float32[np.ndarray, "c rows w"]], channel: int, header: TiledDctHeader
) -> Float32[np.ndarray, "8 pixels"]:
    """The inputs of the layer for one plane, from the series at the points and around them."""
    centre, *neighbours = (plane[channel] for plane in around)
    return squashed_differences(centre, neighbours, INPUT_SCALE_STEPS * header.step)


class PostFilterTwin:
    """Refines strips of planes."""

    def __init__(self, header: TiledDctHeader, *, num_threads: int, isa: Isa = "auto") -> None:
        self._header = header
        self._runner = Runner(FILTER, num_threads=num_threads, isa=isa)

    def refine(
        self, around: list[Float32[np.ndarray, "c rows w"]]
    ) -> Float32[np.ndarray, "c rows w"]:
        """Planes of the strip, refined where the picture asks for it."""
        planes = around[0].copy()
        for channel, plane in enumerate(planes):
            chosen = set_of_plane(channel)
            if self._header.uses_post_filter[chosen]:
                inputs = filter_inputs(around, channel, self._header)
                values = self._runner.forward(load_weights()[chosen], inputs)
                plane += np.float32(self._header.step) * values.reshape(plane.shape)
        return planes
