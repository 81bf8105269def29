"""Learns the post-filter of codec tiled-dct from a folder of pictures, by least squares.

    python tools/learn_tiled_dct_post_filter.py PICTURE... [--out FILE]

The layer is linear in its weights, so the best ones solve one linear system. The weights are part
of the file format: new ones are a new format version.
"""

import argparse
import dataclasses
import pathlib

import numpy as np

from overtone.codecs.base import full_view
from overtone.codecs.tiled_dct.color import decorrelating_angles
from overtone.codecs.tiled_dct.decode_twin import decode_strips
from overtone.codecs.tiled_dct.header import PACKAGE, TiledDctHeader, step_index_of
from overtone.codecs.tiled_dct.planes import to_planes
from overtone.codecs.tiled_dct.post_filter_twin import FILTER, NUM_SETS, filter_inputs, set_of_plane
from overtone.codecs.tiled_dct.search import RD_WEIGHT
from overtone.entropy.context_state import load_context_state
from overtone.imaging.image import read_picture
from overtone.kernels import tiled_dct

QUALITIES = (16, 24, 32, 40, 50)
SAMPLES = 16_000  # pixels of each picture and quality
RIDGE = 1e-5  # of the mean diagonal


@dataclasses.dataclass
class Normal:
    """Normal equations of one set of weights."""

    matrix: np.ndarray
    vector: np.ndarray


def main() -> None:
    """Parses the command line and learns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("post_filter.bin"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    rows = FILTER.layers[0].size // 2
    size = 2 * rows - 1  # the sine of k = 0 is always zero
    sets = [Normal(np.zeros((size, size)), np.zeros(size)) for _ in range(NUM_SETS)]
    for path in arguments.pictures:
        for quality in QUALITIES:
            add_picture(sets, path, quality, rng)
        print(path.name, flush=True)
    weights = []
    for normal in sets:
        ridge = RIDGE * np.trace(normal.matrix) / size * np.eye(size)
        solved = np.linalg.solve(normal.matrix + ridge, normal.vector)
        weights.append(np.concatenate([solved[:rows], [0.0], solved[rows:]]))
    arguments.out.write_bytes(np.array(weights).astype("<f4").tobytes())


def add_picture(
    sets: list[Normal], path: pathlib.Path, quality: float, rng: np.random.Generator
) -> None:
    """Adds a picture, coded at `quality`, to the normal equations."""
    image = read_picture(str(path)).pixels[:, :, :3]
    height, width, _ = image.shape
    header = TiledDctHeader(step_index=step_index_of(quality), angles=decorrelating_angles(image))
    planes = to_planes(image, header.angles)
    state = load_context_state(PACKAGE)
    stream = tiled_dct.encode(planes, state, header.reconstruction, rd_weight=RD_WEIGHT)
    row = 0

    def refine(around: list[np.ndarray]) -> np.ndarray:
        """Adds a strip, and lets it pass as it is."""
        nonlocal row
        _, rows, _ = around[0].shape
        target = (planes[:, row : row + rows, :width] - around[0]) / header.step
        row += rows
        chosen = rng.permutation(width * rows)[: SAMPLES * rows // height]
        for channel in range(3):
            features = fourier_features(filter_inputs(around, channel, header)[:, chosen])
            normal = sets[set_of_plane(channel)]
            normal.matrix += (features @ features.T).astype(np.float64)
            normal.vector += features @ target[channel].ravel()[chosen]
        return around[0]

    view = full_view(width, height)
    for _ in decode_strips(stream, header, image.shape, view, refine=refine, num_threads=2):
        pass


def fourier_features(inputs: np.ndarray) -> np.ndarray:
    """Cosines, then sines without that of k = 0, of 2 pi k.x for all k in {0, 1}^m."""
    table = np.ones((1, inputs.shape[1]), np.complex64)
    for row in np.exp(2j * np.pi * inputs).astype(np.complex64):
        table = np.concatenate([table, table * row])
    return np.concatenate([table.real, table.imag[1:]])


if __name__ == "__main__":
    main()
