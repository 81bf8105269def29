"""Encoding works in strips: its memory grows with the pixels it is given and little else."""

import tracemalloc

import numpy as np
import pytest

import overtone
from overtone.codecs.tiled_dct.color import decorrelating_angles
from overtone.codecs.tiled_dct.header import PACKAGE, TiledDctHeader
from overtone.codecs.tiled_dct.planes import Planes
from overtone.entropy.context_state import load_context_state
from overtone.kernels import tiled_dct
from overtone.metrics.psnr import psnr_db

MAX_BYTES_PER_PIXEL = 45


def gradient(height, width, channels=3):
    y, x, c = np.ogrid[:height, :width, :channels]
    return ((y // 3 + x // 2 + 40 * c) % 256).astype(np.uint8)


def peak_bytes_per_pixel(work, image):
    work()  # what is loaded once does not count
    tracemalloc.start()
    try:
        work()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak / (image.shape[0] * image.shape[1])


@pytest.mark.parametrize("codec", ["tiled-dct", "sparse-dct"])
def test_encoding_takes_at_most_45_bytes_a_pixel(codec):
    image = gradient(900, 1300)

    def work():
        overtone.encode(image, codec=codec, quality=5, effort="fast")

    assert peak_bytes_per_pixel(work, image) <= MAX_BYTES_PER_PIXEL


def test_psnr_takes_no_memory_that_grows_with_the_height():
    image = gradient(2000, 300)
    assert peak_bytes_per_pixel(lambda: psnr_db(reference=image, reconstruction=image), image) < 2


def test_the_encoder_asks_for_a_row_of_superblocks_and_what_blends_with_it():
    image = gradient(75, 139)
    asked = []

    class Watched(Planes):
        def rows(self, top, bottom):
            asked.append((top, bottom))
            return super().rows(top, bottom)

    header = TiledDctHeader(step_index=400, angles=None, overlap_tenths=10)
    planes = Watched(image, None)
    how = header.reconstruction
    tiled_dct.encode(planes, load_context_state(PACKAGE), how, rd_weight=0.13)
    assert asked == [(0, 65), (63, 80)]


def test_planes_of_a_few_rows_are_rows_of_the_planes():
    image = gradient(75, 139)
    planes = Planes(image, decorrelating_angles(image))
    whole = planes.rows(0, 80)
    assert whole.shape == planes.shape == (3, 80, 144)
    np.testing.assert_allclose(planes.rows(60, 78), whole[:, 60:78], atol=1e-4)
    np.testing.assert_array_equal(whole[:, 75:], whole[:, 74:75].repeat(5, axis=1))


def test_colours_are_decorrelated_alike_in_strips():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (131, 50, 3)).astype(np.uint8)
    values = image.astype(np.float64)
    across = np.diff(values, axis=1).reshape(-1, 3)
    down = np.diff(values, axis=0).reshape(-1, 3)
    differences = np.concatenate([across, down])
    direct = differences.T @ differences + np.eye(3) * 1e-3 + 1e-3
    assert decorrelating_angles(image) == _angles_of(direct)


def _angles_of(covariance):
    rows = np.linalg.eigh(covariance)[1].T[::-1]
    rows = rows * np.where(rows.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    if np.linalg.det(rows) < 0:
        rows[2] *= -1
    yaw, roll = np.arctan2(rows[1, 0], rows[0, 0]), np.arctan2(rows[2, 1], rows[2, 2])
    pitch = np.arcsin(np.clip(-rows[2, 0], -1, 1))
    return tuple(round(float(a) * 256 / (2 * np.pi)) % 256 for a in (yaw, pitch, roll))
