"""Multi-scale structural similarity."""

import numpy as np

from overtone.metrics.base import check_same_shape
from overtone.shapes import Float64, UInt8

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al. 2003, section 3.2
WINDOW_SIZE = 11
WINDOW_STD = 1.5  # pixels
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2


def ms_ssim(
    *, reference: UInt8[np.ndarray, "h w c"], reconstruction: UInt8[np.ndarray, "h w c"]
) -> float:
    """Multi-scale SSIM, the mean over channels; 1 for equal pictures, at least 0.

    Five scales, each a 2×2 mean of the one before, and an 11×11 Gaussian window (σ = 1.5 pixels)
    without padding, so the shorter side must be 176 pixels. A smaller picture gets as many scales
    as have 11 pixels, with the published weights rescaled to sum to 1; a side below 11 pixels cuts
    the window to that side. Such values compare only with others of the same size.

    Source: Wang, Simoncelli & Bovik, "Multiscale structural similarity for image quality
        assessment", 2003, equation 7. Departs from it: colour channels are scored one by one and
        averaged (as the compression literature does), and a negative contrast-structure term
        counts as 0, because a fractional power of it has no value.
    """
    check_same_shape(reference, reconstruction)
    num_scales = _num_scales(min(reference.shape[:2]))
    return float(
        np.mean(
            [
                _plane_ms_ssim(
                    reference[..., channel].astype(np.float64),
                    reconstruction[..., channel].astype(np.float64),
                    num_scales,
                )
                for channel in range(reference.shape[2])
            ]
        )
    )


def _num_scales(side: int) -> int:
    """How many scales keep at least one window along `side` pixels; at least 1."""
    fitting = sum(side >> scale >= WINDOW_SIZE for scale in range(len(SCALE_WEIGHTS)))
    return max(1, fitting)


def _plane_ms_ssim(
    x: Float64[np.ndarray, "h w"], y: Float64[np.ndarray, "h w"], num_scales: int
) -> float:
    weights = np.array(SCALE_WEIGHTS[:num_scales])
    weights /= weights.sum()
    result = 1.0
    for scale, weight in enumerate(weights):
        luminance, contrast_structure = _ssim_terms(x, y)
        if scale == num_scales - 1:
            similarity = (luminance * contrast_structure).mean()
        else:
            similarity = contrast_structure.mean()
            x, y = _halve(x), _halve(y)
        result *= max(float(similarity), 0.0) ** weight
    return result


def _ssim_terms(
    x: Float64[np.ndarray, "h w"], y: Float64[np.ndarray, "h w"]
) -> tuple[Float64[np.ndarray, "h2 w2"], Float64[np.ndarray, "h2 w2"]]:
    """Luminance and contrast-structure terms at every window position."""
    mean_x, mean_y = _blur(x), _blur(y)
    mean_product = mean_x * mean_y
    mean_squares = mean_x**2 + mean_y**2
    variances = _blur(x**2 + y**2) - mean_squares  # the two summed: SSIM needs no more
    covariance = _blur(x * y) - mean_product
    luminance = (2 * mean_product + C1) / (mean_squares + C1)
    contrast_structure = (2 * covariance + C2) / (variances + C2)
    return luminance, contrast_structure


def _blur(plane: Float64[np.ndarray, "h w"]) -> Float64[np.ndarray, "h2 w2"]:
    """Gaussian window along both axes, valid positions only."""
    rows, columns = _window(plane.shape[0]), _window(plane.shape[1])
    num_rows = plane.shape[0] - len(rows) + 1
    down = rows[0] * plane[:num_rows]
    scaled = np.empty_like(down)
    for offset, weight in enumerate(rows[1:], 1):
        down += np.multiply(plane[offset : offset + num_rows], weight, out=scaled)
    num_columns = plane.shape[1] - len(columns) + 1
    blurred = columns[0] * down[:, :num_columns]
    scaled = np.empty_like(blurred)
    for offset, weight in enumerate(columns[1:], 1):
        blurred += np.multiply(down[:, offset : offset + num_columns], weight, out=scaled)
    return blurred


def _window(side: int) -> Float64[np.ndarray, " n"]:
    size = min(WINDOW_SIZE, side)
    offsets = np.arange(size) - (size - 1) / 2
    window = np.exp(-(offsets**2) / (2 * WINDOW_STD**2))
    return window / window.sum()


def _halve(plane: Float64[np.ndarray, "h w"]) -> Float64[np.ndarray, "h2 w2"]:
    """Mean of each 2×2 block; an odd last row or column is left out."""
    height, width = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    even = plane[:height, :width]
    return (even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2]) / 4
