"""Planes of samples to square blocks and back, for any size and batch."""

import numpy as np


def num_blocks(length_px: int, block_size: int) -> int:
    """Blocks that cover a length."""
    return -(-length_px // block_size)


def pad_to(planes: np.ndarray, height: int, width: int) -> np.ndarray:
    """Planes `... h w` extended to the right and below by repeating their last samples."""
    down, across = height - planes.shape[-2], width - planes.shape[-1]
    if not (down or across):
        return planes
    return np.pad(planes, [(0, 0)] * (planes.ndim - 2) + [(0, down), (0, across)], mode="edge")


def to_blocks(planes: np.ndarray, block_size: int) -> np.ndarray:
    """Planes `... h w` as blocks `... rows columns y x`; edges are extended to whole blocks."""
    *batch, height, width = planes.shape
    rows, columns = num_blocks(height, block_size), num_blocks(width, block_size)
    padded = pad_to(planes, rows * block_size, columns * block_size)
    return padded.reshape(*batch, rows, block_size, columns, block_size).swapaxes(-3, -2)


def from_blocks(blocks: np.ndarray, height: int, width: int) -> np.ndarray:
    """The upper left `height` x `width` samples of blocks `... rows columns y x`."""
    *batch, rows, columns, block_size, _ = blocks.shape
    planes = blocks.swapaxes(-3, -2).reshape(*batch, rows * block_size, columns * block_size)
    return planes[..., :height, :width]
