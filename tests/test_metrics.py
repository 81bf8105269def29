"""PSNR, MS-SSIM and rate against values computed by hand or in the slow obvious way."""

import math

import numpy as np
import pytest

from overtone.metrics import METRICS, ms_ssim, mse, psnr_db, rate_bpp
from overtone.metrics.psnr import mse_from_psnr_db, psnr_db_from_mse
from overtone.metrics.ssim import C1, C2, SCALE_WEIGHTS


def noise(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def test_psnr_of_one_level_everywhere():
    reference = np.full((5, 9, 3), 100, np.uint8)
    assert mse(reference=reference, reconstruction=reference + 1) == 1
    assert psnr_db(reference=reference, reconstruction=reference + 1) == pytest.approx(48.1308036)


def test_psnr_does_not_wrap_around():
    black, white = np.zeros((3, 4, 1), np.uint8), np.full((3, 4, 1), 255, np.uint8)
    assert psnr_db(reference=black, reconstruction=white) == 0
    assert psnr_db(reference=white, reconstruction=black) == 0


def test_psnr_counts_one_wrong_sample_among_all_channels():
    reference = np.zeros((2, 5, 3), np.uint8)
    reconstruction = reference.copy()
    reconstruction[1, 4, 2] = 30
    assert mse(reference=reference, reconstruction=reconstruction) == 900 / 30


def test_psnr_and_mse_are_inverse():
    assert mse_from_psnr_db(psnr_db_from_mse(37.5)) == pytest.approx(37.5)
    assert psnr_db_from_mse(0.0) == math.inf


@pytest.mark.parametrize("name", sorted(METRICS))
def test_floats_are_refused(name):
    image = noise(8, 9)
    with pytest.raises(Exception, match=r"uint8|Type-check"):
        METRICS[name].fn(reference=image, reconstruction=image.astype(np.float32))


@pytest.mark.parametrize("name", sorted(METRICS))
def test_shapes_must_agree(name):
    with pytest.raises(Exception, match=r"reconstruction|Type-check"):
        METRICS[name].fn(reference=noise(8, 9), reconstruction=noise(9, 8))


def test_rate_is_eight_bits_a_byte():
    assert rate_bpp(size_bytes=49152, width=768, height=512) == 1
    with pytest.raises(ValueError, match="positive"):
        rate_bpp(size_bytes=0, width=768, height=512)


def slow_ssim_terms(x, y):
    """Means of luminance · structure and of structure over all 11×11 windows, one by one."""
    offsets = np.arange(11) - 5
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    products, structures = [], []
    for row in range(x.shape[0] - 10):
        for column in range(x.shape[1] - 10):
            a, b = x[row : row + 11, column : column + 11], y[row : row + 11, column : column + 11]
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            variance_a = (window * (a - mean_a) ** 2).sum()
            variance_b = (window * (b - mean_b) ** 2).sum()
            covariance = (window * (a - mean_a) * (b - mean_b)).sum()
            structure = (2 * covariance + C2) / (variance_a + variance_b + C2)
            structures.append(structure)
            products.append(structure * (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1))
    return np.mean(products), np.mean(structures)


def test_ms_ssim_of_two_scales_is_the_formula_written_out():
    reference = noise(25, 33, 1)
    reconstruction = (reference // 2 + noise(25, 33, 1, seed=1) // 3).astype(np.uint8)
    x, y = reference[..., 0].astype(float), reconstruction[..., 0].astype(float)
    _, structure = slow_ssim_terms(x, y)
    x, y = (z[:24, :32].reshape(12, 2, 16, 2).mean(axis=(1, 3)) for z in (x, y))
    product, _ = slow_ssim_terms(x, y)
    first, second = np.array(SCALE_WEIGHTS[:2]) / sum(SCALE_WEIGHTS[:2])
    expected = structure**first * product**second
    assert ms_ssim(reference=reference, reconstruction=reconstruction) == pytest.approx(
        expected, rel=1e-12
    )


def test_ms_ssim_is_the_mean_over_channels():
    reference, reconstruction = noise(40, 24), noise(40, 24, seed=3) // 4 + noise(40, 24) // 2
    values = [
        ms_ssim(reference=reference[..., [k]], reconstruction=reconstruction[..., [k]])
        for k in range(3)
    ]
    assert ms_ssim(reference=reference, reconstruction=reconstruction) == pytest.approx(
        np.mean(values)
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (12, 300), (176, 180)], ids=str)
def test_ms_ssim_of_any_size_is_a_number(shape):
    image = noise(*shape)
    assert ms_ssim(reference=image, reconstruction=image) == pytest.approx(1)
    assert 0 <= ms_ssim(reference=image, reconstruction=255 - image) < 1
