"""color32: the shipped feature network of 32x32 colour images, trained on CIFAR-10."""

from typing import ClassVar

from typing_extensions import override

from overtone.metrics.distribution.features.classifier_net import ConvClassifier
from overtone.metrics.distribution.features.color32_net import CHANNELS, SIDE, Color32
from overtone.metrics.distribution.features.shipped import AbstractShippedFeatures


class Color32Features(AbstractShippedFeatures):
    """192 features and the probabilities of the ten classes of CIFAR-10."""

    name: ClassVar[str] = "color32"
    num_features: ClassVar[int] = CHANNELS[-1]
    side: ClassVar[int] = SIDE
    num_channels: ClassVar[int] = CHANNELS[0]
    spatial_channels: ClassVar[int] = 32  # of 128, at 4 x 4: 512 numbers

    @override
    def make_network(self) -> ConvClassifier:
        return Color32()
