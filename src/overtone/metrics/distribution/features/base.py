"""The interface of feature networks: 8-bit images in, three kinds of answers out."""

import abc
import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from overtone.errors import ImageError
from overtone.models.compute import matrix_products
from overtone.shapes import Float, Float32, UInt8

CARD_BATCH_SIZE = 250  # images per call of a network on a card


@dataclasses.dataclass(frozen=True, slots=True)
class Features:
    """What a network says about a set of images.

    Attributes:
        pooled: The layer before the classes, averaged over positions.
        probabilities: Probability of each class.
        spatial: A coarser map of an inner layer with its positions, flattened (for sFID).
    """

    pooled: Float32[np.ndarray, "n d"]
    probabilities: Float32[np.ndarray, "n k"]
    spatial: Float32[np.ndarray, "n s"]

    @classmethod
    def of(cls, pooled: Tensor, probabilities: Tensor, spatial: Tensor) -> "Features":
        """The features that a network on any device computed."""
        return cls(*(each.cpu().numpy() for each in (pooled, probabilities, spatial)))

    def __len__(self) -> int:
        return len(self.pooled)

    def __getitem__(self, chosen: slice | np.ndarray) -> "Features":
        return Features(self.pooled[chosen], self.probabilities[chosen], self.spatial[chosen])


class AbstractFeatureNetwork(abc.ABC):
    """A frozen network; its name is printed with every number measured through it.

    Attributes:
        name: Key in the table of networks.
        batch_size: Images per call of the network on the processor; results do not depend on it.
        num_features: Length of a pooled vector.
        weights_hash: Hash of its weights, stored with every number.
        device: Where it computes; the processor unless `to` has moved it.
    """

    name: ClassVar[str]
    num_features: ClassVar[int]
    batch_size: ClassVar[int]
    weights_hash: str
    device: torch.device = torch.device("cpu")
    _network: Any

    def to(self, device: torch.device) -> "AbstractFeatureNetwork":
        """Moves the network to a device; features there differ by rounding only."""
        if device != self.device:
            self._network.to(device)
            self.device = device
        return self

    def on_device(self, images: UInt8[np.ndarray, "b h w c"]) -> Float[Tensor, "b c h w"]:
        """The levels of the images, 0..255, where the network computes."""
        levels = torch.from_numpy(np.ascontiguousarray(images)).to(self.device)
        return levels.permute(0, 3, 1, 2).float()

    @abc.abstractmethod
    def check(self, height: int, width: int, num_channels: int) -> None:
        """Raises an `ImageError` if images of this shape are not what the network was made for."""

    @abc.abstractmethod
    def run(self, images: UInt8[np.ndarray, "b h w c"]) -> Features:
        """The answers for one batch, without checks."""

    def extract(
        self,
        images: UInt8[np.ndarray, "n h w c"],
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Features:
        """The answers for any number of images, in batches.

        Args:
            images: 8-bit images, at least one.
            progress: Called with the number of images done.

        Raises:
            ImageError: There is no image, or the shape is not the network's.
        """
        num_images, height, width, num_channels = images.shape
        if num_images == 0:
            raise ImageError(f"{self.name} needs at least one image, got none")
        self.check(height, width, num_channels)
        parts = []
        size = self.batch_size if self.device.type == "cpu" else CARD_BATCH_SIZE
        with torch.inference_mode(), matrix_products("float32"):
            for start in range(0, num_images, size):
                parts.append(self.run(images[start : start + size]))
                progress(min(start + size, num_images))
        return Features(
            np.concatenate([part.pooled for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.spatial for part in parts]),
        )

    def features(self, images: UInt8[np.ndarray, "n h w c"]) -> Float32[np.ndarray, "n d"]:
        """The pooled features alone."""
        return self.extract(images).pooled


def hash_of_weights(tensors: Mapping[str, Tensor]) -> str:
    """Eight hexadecimal digits of the SHA-256 of names and 32-bit values, in order of names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].detach().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:8]
