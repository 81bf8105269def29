"""Parts of pictures of sparse-dct, and the memory that they take."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from helpers import scene

import overtone
from overtone.codecs.sparse_dct.header import SparseDctHeader
from overtone.transform.levels import Sampling, from_levels


def test_a_part_of_the_pixels_is_that_part():
    rng = np.random.default_rng(0)
    for _ in range(150):
        height, width, channels = (int(n) for n in rng.integers(1, (60, 60, 5)))
        down, across = (int(n) for n in rng.integers(1, 3, 2))
        sampling = Sampling(height, width, channels, down, across)
        shapes = [(64, *sampling.grid(c)) for c in range(channels)]
        levels = [
            (rng.integers(-3, 4, shape) * (rng.random(shape) < 0.2)).astype(np.int16)
            for shape in shapes
        ]
        steps = SparseDctHeader(quality=50).steps(channels)
        whole = from_levels(levels, steps, sampling)
        top, left = rng.integers(height), rng.integers(width)
        rows = slice(int(top), int(rng.integers(top + 1, height + 1)))
        columns = slice(int(left), int(rng.integers(left + 1, width + 1)))
        part = from_levels(levels, steps, sampling, (rows, columns))
        np.testing.assert_array_equal(part, whole[rows, columns], err_msg=f"{sampling}")


MEMORY = """
import resource, sys
from overtone import decode
data = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pixels = decode(data, num_threads=1, **eval(sys.argv[1]))
print(1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as on Linux")
@pytest.mark.parametrize(
    ("view", "bytes_a_pixel"),
    [("{}", 12), ("dict(crop=(700, 500, 256, 256))", 8), ("dict(size=(70, 30))", 8)],
)
def test_decoding_takes_little_memory(view: str, bytes_a_pixel: int):
    height, width = 1000, 1600
    image = np.kron(scene(40, 64), np.ones((25, 25, 1), np.uint8))
    data = overtone.encode(image, codec="sparse-dct", quality=20, verify=False)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, view], input=data, capture_output=True, check=True
    )
    fixed_bytes = 24 << 20  # models, one strip, modules that decoding loads
    assert int(done.stdout) < fixed_bytes + bytes_a_pixel * height * width
