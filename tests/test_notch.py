"""Periodic patterns: found where there are some, taken out, and natural pictures left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import SHAPES

from overtone import edit
from overtone.editing.notch import _fitted, _waves, notch_at, remove_patterns
from overtone.editing.peaks import _box_sum, overtones

SIZE = (120, 184)


def natural(size=SIZE, channels=3, seed=0):
    """Noise whose density falls as that of photographs, f^-2, with hard edges in it; 0..255."""
    rng = np.random.default_rng(seed)
    height, width = size
    cycles = np.hypot(np.fft.fftfreq(height)[:, None] * height, np.fft.fftfreq(width) * width)
    spectra = np.fft.fft2(rng.normal(size=(channels, *size))) / np.maximum(cycles, 1)
    planes = np.fft.ifft2(spectra).real
    planes = 128 + 35 * planes / max(planes.std(), 1e-9)
    planes[:, height // 3 :, : width // 2] += 40
    planes[:, : height // 2, 3 * width // 4 :] -= 35
    return np.clip(np.rint(planes), 0, 255)


def axes(size=SIZE):
    return np.mgrid[: size[0], : size[1]]


def psnr_db(first, second):
    return 10 * math.log10(255**2 / np.square(first - second).mean())


@pytest.mark.parametrize(
    ("cycles_x", "cycles_y"),
    [
        (40.0, 0.0),
        (0.3, 61.3),
        (33.3, -27.7),
        (-91.7, 12.1),
        (92.0, 0.0),
        (92.0, 92.0),
        (14.0, 3.0),
    ],
)
def test_a_sinusoid_is_found_and_taken_out_to_the_borders(cycles_x, cycles_y):
    clean = natural()
    y, x = axes()
    amplitude = 12 if math.hypot(cycles_x, cycles_y) > 20 else 40
    wave = amplitude * np.cos(2 * np.pi * (cycles_x * x + cycles_y * y) / 184 + 0.4)
    marred = clean + wave
    rest, patterns = remove_patterns(marred)
    (pattern,) = patterns
    found = np.array([pattern.cycles_x, pattern.cycles_y])
    either = [np.abs(found - sign * np.array([cycles_x, cycles_y])).max() for sign in (-1, 1)]
    # At the end of an axis f and -f are one.
    ends = [abs(abs(value) - 92) < 1 for value in (cycles_x, cycles_y)]
    assert min(either) < 0.3 or any(ends)
    assert psnr_db(rest, clean) > psnr_db(marred, clean) + 12
    border = np.abs(rest - clean)[:, [0, -1]].mean()
    assert border < np.abs(wave)[[0, -1]].mean() / 3
    np.testing.assert_allclose(rest.mean((1, 2)), marred.mean((1, 2)))


def test_its_amplitude_is_told():
    y, _ = axes()
    _, (pattern,) = remove_patterns(natural() + 10 * np.sin(2 * np.pi * y / 4.3))
    assert pattern.amplitude == pytest.approx(10, rel=0.1)
    assert pattern.cycles == pytest.approx(184 / 4.3, abs=0.2)
    assert pattern.prominence_db > 18


def test_lines_as_dark_as_the_picture_under_them_are_taken_out():
    clean = natural()
    y, _ = axes()
    marred = clean * np.where(y % 3 == 0, 0.6, 1)
    rest, patterns = remove_patterns(marred)
    assert len(patterns) == 1
    # What is left is the picture, darker by the mean of the lines.
    assert psnr_db(rest, clean * (2 + 0.6) / 3) > psnr_db(marred, clean * (2 + 0.6) / 3) + 6


def test_dots_of_a_halftone_are_found_with_their_overtones():
    clean = natural((200, 184), 1)
    y, x = axes((200, 184))
    u, v = (x * math.cos(0.4) + y * math.sin(0.4), y * math.cos(0.4) - x * math.sin(0.4))
    screen = 128 + 64 * (np.cos(2 * np.pi * u / 5.5) + np.cos(2 * np.pi * v / 5.5))
    rest, patterns = remove_patterns(np.where(clean > screen, 255.0, 0.0))
    assert len(patterns) >= 4
    strongest = sorted(patterns, key=lambda each: -each.amplitude)[:2]
    assert [each.cycles for each in strongest] == pytest.approx([200 / 5.5] * 2, abs=0.3)
    assert np.square(rest - rest.mean()).mean() < 0.5 * 127**2


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_without_a_pattern_comes_back_as_it_is(seed):
    clean = natural(seed=seed)
    rest, patterns = remove_patterns(clean)
    assert patterns == []
    np.testing.assert_array_equal(rest, clean)


@pytest.mark.parametrize("size", [*SHAPES, (21, 21), (20, 300)], ids=str)
def test_pictures_of_any_size_and_flat_ones_are_taken(size):
    for planes in (np.full((1, *size), 77.0), natural(size, 1)):
        rest, patterns = remove_patterns(planes)
        assert patterns == []
        np.testing.assert_array_equal(rest, planes)


def test_a_lower_threshold_finds_more():
    y, x = axes()
    faint = natural() + 2.5 * np.sin(2 * np.pi * (0.31 * x + 0.23 * y))
    assert len(remove_patterns(faint, threshold_db=30.0)[1]) == 0
    assert len(remove_patterns(faint, threshold_db=12.0)[1]) >= 1


def test_levels_of_other_depths_find_the_same():
    y, _ = axes()
    planes = natural() + 10 * np.sin(2 * np.pi * y / 4.3)
    rest, (pattern,) = remove_patterns(planes)
    deep, (same,) = remove_patterns(planes * 257, white=65535.0)
    np.testing.assert_allclose(deep / 257, rest, atol=1e-6)
    assert same.amplitude == pytest.approx(257 * pattern.amplitude)


def test_given_frequencies_are_taken_out_without_looking():
    clean = natural()
    y, x = axes()
    marred = clean + 4 * np.sin(2 * np.pi * (50 * x + 20 * y) / 184)
    rest, (pattern,) = notch_at(marred, [(50.0, 20.0)])
    assert pattern.amplitude == pytest.approx(4, rel=0.2)
    assert psnr_db(rest, clean) > psnr_db(marred, clean) + 6


def test_edit_finds_patterns_of_either_depth_and_keeps_alpha():
    y, x = axes()
    planes = natural() + 14 * np.sin(2 * np.pi * (x / 5.2 + y / 9.7))
    colours = np.clip(np.rint(planes), 0, 255).transpose(1, 2, 0)
    image = np.concatenate([colours, colours[..., :1]], axis=2).astype(np.uint8)
    counts = []
    for picture in (image, image.astype(np.uint16) * 257):
        patterns = []
        rest = edit(picture, notch=True, found=patterns.extend)
        np.testing.assert_array_equal(rest[..., 3], picture[..., 3])
        counts.append(len(patterns))
        assert (rest != picture).any()
    assert counts == [1, 1]


def test_the_fit_is_that_of_plain_least_squares():
    rng = np.random.default_rng(0)
    for frequency in (0.21, 0.497, 0.5, 0.004):
        vertical, horizontal = _waves(14, frequency, 0.05), _waves(19, frequency / 2, 0.05)
        waves = np.einsum("ky,lx->klyx", vertical, horizontal).reshape(-1, 14 * 19)
        columns = np.concatenate([waves.real, waves.imag]).T
        plane = rng.normal(size=(14, 19))
        slow = columns @ np.linalg.lstsq(columns, plane.ravel(), rcond=1e-9)[0]
        weights = _fitted(vertical.conj() @ plane @ horizontal.conj().T, vertical, horizontal)
        fast = 2 * np.real(vertical.T @ weights @ horizontal)
        np.testing.assert_allclose(fast.ravel(), slow, atol=1e-5)


def test_sums_over_squares_are_those_of_a_loop():
    values = np.random.default_rng(0).normal(size=(9, 12))
    sums = _box_sum(values, 2)
    for y, x in np.ndindex(9, 12):
        rows, columns = (np.arange(y - 2, y + 3) % 9, np.arange(x - 2, x + 3) % 12)
        assert sums[y, x] == pytest.approx(values[np.ix_(rows, columns)].sum())


def test_overtones_are_sums_of_multiples_folded():
    sums = {tuple(each) for each in overtones([(30.0, 0.0), (0.0, 20.0)], 100).round(9)}
    assert {(30, 0), (-40, 0), (30, 20), (30, -20), (-40, 20), (-10, 0)} <= sums
    assert all(min(each) >= -50 and max(each) < 50 for each in sums)
