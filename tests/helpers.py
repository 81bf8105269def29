"""Pictures and codecs that tests share."""

from __future__ import annotations

import numpy as np

SHAPES = [(1, 1), (1, 9), (7, 1), (8, 8), (24, 40), (41, 23)]


def scene(height: int, width: int, channels: int = 3, *, seed: int = 0) -> np.ndarray:
    """A small photograph-like picture: smooth ramps, a wave, a hard edge, faint noise.

    No axis or channel equals another, so a swap of two of them shows.
    The last of 2 or 4 channels is an alpha channel with opaque and clear parts.
    """
    rng = np.random.default_rng(seed)
    y = ((np.arange(height) + 0.5) / height)[:, None]
    x = ((np.arange(width) + 0.5) / width)[None, :]
    edge = (x + 0.6 * y > 0.8).astype(np.float64)
    planes = [
        60 + 120 * x + 30 * edge,
        200 - 110 * y + 20 * np.sin(7 * x + 3 * y),
        90 + 70 * x * y + 60 * (1 - edge),
    ][: 1 if channels <= 2 else 3]
    noise = rng.normal(0, 2, (height, width))
    planes = [np.broadcast_to(plane, (height, width)) + noise for plane in planes]
    if channels in (2, 4):
        planes.append(np.broadcast_to(np.clip(400 * (x - 0.2), 0, 255), (height, width)))
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)
