"""gray28: the shipped feature network of 28x28 gray images, for MNIST and Fashion-MNIST."""

import functools
from importlib import resources
from typing import ClassVar

import numpy as np
import torch
from safetensors.torch import load
from typing_extensions import override

from overtone.errors import ConfigError, ImageError
from overtone.metrics.distribution.features.base import (
    AbstractFeatureNetwork,
    Features,
    hash_of_weights,
)
from overtone.metrics.distribution.features.gray28_net import CHANNELS, SIDE, Gray28
from overtone.shapes import UInt8

SPATIAL_CHANNELS = 8  # of 96, at 7 x 7 positions: 392 numbers, as sFID takes 7 of 768 at 17 x 17


class Gray28Features(AbstractFeatureNetwork):
    """128 features and the probabilities of 20 classes: ten digits, ten garments."""

    name: ClassVar[str] = "gray28"
    num_features: ClassVar[int] = CHANNELS[-1]
    batch_size: ClassVar[int] = 250

    def __init__(self, weights: str | None = None) -> None:
        if weights is not None:
            raise ConfigError(f"gray28 brings its weights, got {weights}; leave them out")
        self._network = load_gray28()
        self.weights_hash = hash_of_weights(self._network.state_dict())

    @override
    def check(self, height: int, width: int, num_channels: int) -> None:
        if (height, width, num_channels) != (SIDE, SIDE, 1):
            raise ImageError(
                f"gray28 takes {SIDE}x{SIDE} gray images, got {width}x{height} with "
                f"{num_channels} channels; use another feature network such as efficientnet-lite0"
            )

    @override
    def run(self, images: UInt8[np.ndarray, "b h w c"]) -> Features:
        gray = torch.from_numpy(np.ascontiguousarray(images[..., 0])).float().div(255)[:, None]
        below, last = self._network.maps(gray.contiguous(memory_format=torch.channels_last))
        pooled = last.mean((2, 3))
        probabilities = self._network.classifier(pooled).softmax(1)
        spatial = below[:, :SPATIAL_CHANNELS].flatten(1)
        return Features(pooled.numpy(), probabilities.numpy(), spatial.numpy())


@functools.cache
def load_gray28() -> Gray28:
    """The network with the weights in this package."""
    packed = (
        resources.files("overtone.metrics.distribution.features")
        .joinpath("gray28.safetensors")
        .read_bytes()
    )
    network = Gray28()
    network.load_state_dict({name: value.float() for name, value in load(packed).items()})
    return network.eval().requires_grad_(False)
