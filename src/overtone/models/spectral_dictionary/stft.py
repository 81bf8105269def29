"""Distance of signals by the magnitudes of their short-time Fourier transforms."""

import torch
from torch import Tensor

from overtone.shapes import Float


def stft_distance(
    signals: Float[Tensor, "b v"], others: Float[Tensor, "b v"], sizes: tuple[int, ...]
) -> Float[Tensor, ""]:
    """Mean absolute difference of STFT magnitudes, averaged over the window lengths.

    Hann windows that overlap by three quarters; a transform is scaled by the root of its length,
    so that white noise has the same magnitude in all. Ends are continued by reflection.

    Args:
        signals: A signal a row, more than half as long as the longest window.
        others: The signals to compare with.
        sizes: Window lengths, values.

    Source: the abstract of arXiv:2504.17804 names the term; windows and scale are our reading.
    """
    distances = [
        (_magnitudes(signals, size) - _magnitudes(others, size)).abs().mean() for size in sizes
    ]
    return torch.stack(distances).mean()


def _magnitudes(signals: Float[Tensor, "b v"], size: int) -> Float[Tensor, "b _frequency _time"]:
    window = torch.hann_window(size, device=signals.device)
    spectrum = torch.stft(
        signals, size, size // 4, window=window, normalized=True, return_complex=True
    )
    return spectrum.abs()
