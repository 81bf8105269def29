"""gray28: the shipped feature network of 28x28 gray images, for MNIST and Fashion-MNIST."""

from typing import ClassVar

from typing_extensions import override

from overtone.metrics.distribution.features.classifier_net import ConvClassifier
from overtone.metrics.distribution.features.gray28_net import CHANNELS, SIDE, Gray28
from overtone.metrics.distribution.features.shipped import AbstractShippedFeatures


class Gray28Features(AbstractShippedFeatures):
    """128 features and the probabilities of 20 classes: ten digits, ten garments."""

    name: ClassVar[str] = "gray28"
    num_features: ClassVar[int] = CHANNELS[-1]
    side: ClassVar[int] = SIDE
    num_channels: ClassVar[int] = CHANNELS[0]
    spatial_channels: ClassVar[int] = 8  # of 96, at 7 x 7: as sFID takes 7 of 768 at 17 x 17

    @override
    def make_network(self) -> ConvClassifier:
        return Gray28()
