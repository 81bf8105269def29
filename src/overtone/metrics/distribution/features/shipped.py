"""Feature networks whose weights come with the shipped models: one class of small classifiers."""

import abc
from typing import ClassVar

import numpy as np
import torch
from safetensors.torch import load
from typing_extensions import override

from overtone import shipped
from overtone.errors import ConfigError, ImageError
from overtone.metrics.distribution.features.base import (
    AbstractFeatureNetwork,
    Features,
    hash_of_weights,
)
from overtone.metrics.distribution.features.classifier_net import ConvClassifier
from overtone.shapes import UInt8


class AbstractShippedFeatures(AbstractFeatureNetwork):
    """The means of the last layer of a `ConvClassifier` and its classes.

    Attributes:
        side: Height and width of the images it takes, pixels.
        num_channels: Channels of these images, 1 for gray and 3 for RGB.
        spatial_channels: Channels of the layer before the last that are the spatial features.
    """

    side: ClassVar[int]
    num_channels: ClassVar[int]
    spatial_channels: ClassVar[int]
    batch_size: ClassVar[int] = 250

    def __init__(self, weights: str | None = None) -> None:
        if weights is not None:
            raise ConfigError(f"{self.name} brings its weights, got {weights}; leave them out")
        self._network = load_shipped(self.name, self.make_network())
        self.weights_hash = hash_of_weights(self._network.state_dict())

    @abc.abstractmethod
    def make_network(self) -> ConvClassifier:
        """Its layers, with any weights."""

    @override
    def check(self, height: int, width: int, num_channels: int) -> None:
        if (height, width, num_channels) != (self.side, self.side, self.num_channels):
            kind = "gray" if self.num_channels == 1 else "RGB"
            raise ImageError(
                f"{self.name} takes {self.side}x{self.side} {kind} images, got {width}x{height} "
                f"with {num_channels} channels; use another feature network such as "
                "efficientnet-lite0"
            )

    @override
    def run(self, images: UInt8[np.ndarray, "b h w c"]) -> Features:
        x = self.on_device(images).div(255).contiguous(memory_format=torch.channels_last)
        below, last = self._network.maps(x)
        pooled = last.mean((2, 3))
        probabilities = self._network.classifier(pooled).softmax(1)
        spatial = below[:, : self.spatial_channels].flatten(1)
        return Features.of(pooled, probabilities, spatial)


def load_shipped(name: str, network: ConvClassifier) -> ConvClassifier:
    """The network with the weights of that name in the package of shipped models.

    Raises:
        ConfigError: That package is not installed.
    """
    folder = shipped.features_folder()
    if folder is None:
        raise ConfigError(f"the weights of {name} are not installed; {shipped.INSTALL}")
    packed = load((folder / f"{name}.safetensors").read_bytes())
    network.load_state_dict({key: value.float() for key, value in packed.items()})
    return network.eval().requires_grad_(False)
