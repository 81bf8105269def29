"""Colour, blocks, scans, transforms and quantisers, against definitions and against libjpeg."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from helpers import SHAPES, scene
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from overtone.transform.blocks import from_blocks, to_blocks
from overtone.transform.color import enlarge, rgb_to_ycbcr, with_luma, ycbcr_to_rgb
from overtone.transform.dct import (
    dct2,
    dct_matrix,
    integer_dct2,
    integer_inverse_dct2,
    inverse_dct2,
)
from overtone.transform.levels import Sampling, from_levels, to_levels
from overtone.transform.quant import q_table, quantize
from overtone.transform.scan import zigzag, zigzag_number

BLOCK_SIZES = [4, 8, 16, 32]
every_block_size = pytest.mark.parametrize("size", BLOCK_SIZES)
every_shape = pytest.mark.parametrize("shape", [*SHAPES, (3, 4), (17, 18), (18, 17)], ids=str)
every_quality = pytest.mark.parametrize("quality", [5, 30, 75, 100])


def tables(quality, channels):
    chroma = [channels >= 3 and c in (1, 2) for c in range(channels)]
    return [q_table(8, quality, is_chroma=each) for each in chroma]


def saved_by_libjpeg(image, quality, subsampling="4:2:0"):
    file = io.BytesIO()
    pixels = image[:, :, 0] if image.shape[2] == 1 else image
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def test_zigzag_of_eight_begins_and_ends_as_in_the_standard():
    found = [(int(i) // 8, int(i) % 8) for i in zigzag(8)]
    assert found[:6] == [(0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2)]
    assert found[-3:] == [(6, 7), (7, 6), (7, 7)]


@every_block_size
def test_zigzag_visits_everything_once_and_is_undone(size):
    assert sorted(zigzag(size)) == list(range(size * size))
    np.testing.assert_array_equal(zigzag(size)[zigzag_number(size)], np.arange(size * size))
    diagonals = zigzag(size) // size + zigzag(size) % size
    assert (np.diff(diagonals) >= 0).all()


@every_block_size
@pytest.mark.parametrize("shape", [(1, 9), (24, 40), (2, 41, 23)], ids=str)
def test_blocks_come_back(size, shape):
    planes = np.random.default_rng(0).integers(0, 256, shape)
    blocks = to_blocks(planes, size)
    assert blocks.shape[-2:] == (size, size)
    np.testing.assert_array_equal(from_blocks(blocks, *shape[-2:]), planes)


def test_what_is_missing_in_a_block_repeats_the_edge():
    blocks = to_blocks(np.arange(15).reshape(3, 5), 4)
    assert blocks.shape == (1, 2, 4, 4)
    assert (blocks[0, 1] == np.array([4, 9, 14, 14])[:, None]).all()


@every_block_size
def test_the_transform_is_orthonormal_and_is_the_cosine_sum(size):
    matrix = dct_matrix(size)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(size), atol=1e-12)
    block = np.random.default_rng(1).normal(size=(size, size))
    u, v = 2, 1
    total = sum(
        block[y, x]
        * math.cos(math.pi * (2 * x + 1) * u / (2 * size))
        * math.cos(math.pi * (2 * y + 1) * v / (2 * size))
        for y in range(size)
        for x in range(size)
    )
    assert math.isclose(dct2(block)[v, u], total * 2 / size, abs_tol=1e-9)
    np.testing.assert_allclose(inverse_dct2(dct2(block)), block, atol=1e-12)


def test_the_integer_transform_is_near_the_orthonormal_one():
    blocks = np.random.default_rng(2).integers(-128, 128, (50, 8, 8))
    # Two roundings of a quarter and of one unit, and constants of 13 bits.
    assert np.abs(integer_dct2(blocks) - 8 * dct2(blocks)).max() < 4
    coeffs = np.rint(dct2(blocks))
    assert np.abs(integer_inverse_dct2(coeffs) - inverse_dct2(coeffs)).max() < 1


def test_colours_are_those_of_pillow():
    image = np.random.default_rng(3).integers(0, 256, (64, 50, 3)).astype(np.uint8)
    theirs = np.asarray(Image.fromarray(image).convert("YCbCr")).astype(int)
    assert np.abs(rgb_to_ycbcr(image).astype(int) - theirs).max() <= 1
    back = ycbcr_to_rgb(rgb_to_ycbcr(image)).astype(int)
    # Half a level of each plane, times at most 1.772, and the rounding of the result.
    assert np.abs(back - image).max() <= 2


@pytest.mark.parametrize(("down", "across"), [(1, 2), (2, 1), (2, 2)])
def test_interpolation_keeps_ramps_and_order(down, across):
    plane = (np.arange(6)[:, None] * 10 + np.arange(9)[None] * 3).astype(np.uint8)
    large = enlarge(plane, down, across, 6 * down - 1, 9 * across).astype(int)
    assert large.shape == (6 * down - 1, 9 * across)
    assert (np.diff(large, axis=0) >= 0).all()
    assert (np.diff(large, axis=1) >= 0).all()
    means = large[: 5 * down].reshape(5, down, 9, across).mean((1, 3))
    # At the edges the ramp goes on flat, which moves a mean by a quarter of its slope.
    assert np.abs(means - plane[:5]).max() <= 10 / 4 + 1


@every_quality
@every_shape
@pytest.mark.parametrize("channels", [1, 3])
def test_levels_and_pixels_are_those_of_libjpeg(channels, shape, quality, tmp_path):
    import jpeglib

    image = scene(*shape, channels=channels)
    path = tmp_path / "a.jpg"
    path.write_bytes(saved_by_libjpeg(image, quality))
    found = jpeglib.read_dct(str(path))
    steps = tables(quality, channels)
    levels = to_levels(image, steps)
    components = [found.Y] if channels == 1 else [found.Y, found.Cb, found.Cr]
    for own, blocks in zip(levels, components, strict=True):
        raster = blocks.reshape(*blocks.shape[:2], 64)[..., zigzag(8)]
        np.testing.assert_array_equal(own, raster.transpose(2, 0, 1))
    shown = np.asarray(Image.open(path)).reshape(image.shape)
    np.testing.assert_array_equal(from_levels(levels, steps, Sampling(*image.shape)), shown)


@every_shape
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_a_component_at_full_size(channels, shape):
    image = scene(*shape, channels=channels)
    steps = tables(95, channels)
    back = from_levels(to_levels(image, steps), steps, Sampling(*image.shape))
    assert back.shape == image.shape
    assert np.abs(back[..., -1].astype(int) - image[..., -1]).mean() < 4


@every_block_size
def test_tables_grow_finer_with_quality_and_fit_their_blocks(size):
    coarse, fine = (q_table(size, quality, is_chroma=False) for quality in (20, 80))
    assert coarse.shape == (size * size,)
    assert (fine <= coarse).all()
    assert (q_table(size, 100, is_chroma=True) == 1).all()


def test_other_block_sizes_have_the_same_steps_at_the_same_frequencies():
    # 4 of 32 is 1 of 8: a quarter of a half-cycle a pixel.
    small = q_table(8, 50, is_chroma=False)[zigzag_number(8)].reshape(8, 8)
    large = q_table(32, 50, is_chroma=False)[zigzag_number(32)].reshape(32, 32)
    np.testing.assert_array_equal(large[::4, ::4], small)


def test_halves_are_rounded_away_from_zero():
    coeffs = np.array([-7.5, -2.5, -2.4, 2.4, 2.5, 7.5])
    np.testing.assert_array_equal(quantize(coeffs, np.array(5)), [-2, -1, 0, 0, 1, 2])


@given(st.integers(0, 2**32 - 1))
def test_other_luma_samples_keep_their_value_and_the_hue(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (5, 7, 3), np.uint8)
    luma = rng.integers(0, 256, (5, 7), np.uint8)
    mixed = with_luma(image, luma)
    assert np.abs(rgb_to_ycbcr(mixed)[..., 0].astype(int) - luma).max() <= 1
    differences = [x - (x @ [0.299, 0.587, 0.114])[..., None] for x in (image / 1.0, mixed / 1.0)]
    # Of two differences the larger stays the larger, but for rounding.
    before, after = (d[..., 0] - d[..., 2] for d in differences)
    assert (np.sign(before) * after >= -1).all()


def test_luma_of_its_own_changes_an_image_by_rounding_at_most():
    image = np.random.default_rng(3).integers(0, 256, (9, 4, 3), np.uint8)
    again = with_luma(image, rgb_to_ycbcr(image)[..., 0])
    assert np.abs(again.astype(int) - image).max() <= 1
