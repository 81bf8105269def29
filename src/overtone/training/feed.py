"""Batches of a set of images, on the device that trains."""

import numpy as np
import torch
from torch import Tensor

from overtone.data import ImageSet
from overtone.models.base import Batch, from_pixels
from overtone.models.share import WHOLE, Share
from overtone.shapes import Int64

MAX_KEPT_BYTES = 1 << 31  # of a set that is kept on a card as a whole


class ImageFeed:
    """The batches of a set of images.

    On the processor they are copied out of the set. A card keeps a set of at most 2 GiB, 8 bits a
    sample, and picks from it; of a larger set each batch goes there through pinned memory.

    Args:
        images: The set.
        device: Where the batches go.
        is_kept: Whether the device keeps the set; by default a card does if the set is small.

    Attributes:
        images: The set.
        device: Where the batches go.
    """

    def __init__(
        self, images: ImageSet, device: torch.device, *, is_kept: bool | None = None
    ) -> None:
        self.images = images
        self.device = device
        is_card = device.type != "cpu"
        if is_kept is None:
            is_kept = is_card and images.images.nbytes <= MAX_KEPT_BYTES
        self._is_pinned = is_card and not is_kept
        self._pixels = torch.tensor(images.images, device=device) if is_kept else None
        self._labels = None
        if is_kept and images.labels is not None:
            self._labels = torch.tensor(images.labels, device=device)

    def batch(self, indices: Int64[np.ndarray, " b"], share: Share = WHOLE) -> Batch:
        """The images at these positions of the set, or a share of them, as a model sees them."""
        indices = indices[share.number :: share.count]
        images, chosen = self.images, self._sent(np.array(indices))
        if self._pixels is not None:
            labels = None if self._labels is None else self._labels[chosen]
            return Batch(from_pixels(self._pixels[chosen]), labels, chosen, share)
        labels = None if images.labels is None else self._sent(images.labels[indices])
        pixels = self._sent(images.images[indices])
        return Batch(from_pixels(pixels), labels, chosen, share)

    def _sent(self, array: np.ndarray) -> Tensor:
        """A copy of one's own on the device."""
        tensor = torch.from_numpy(array)
        if self._is_pinned:
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)
