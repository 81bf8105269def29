"""The layers of color32, a small classifier of the ten classes of CIFAR-10."""

from overtone.metrics.distribution.features.classifier_net import ConvClassifier

SIDE = 32
NUM_CLASSES = 10
CHANNELS = (3, 32, 64, 64, 128, 128, 192)
POOLED_AFTER = (0, 2, 4)  # 32 -> 16 -> 8 -> 4


class Color32(ConvClassifier):
    """Six convolutions; 192 features."""

    def __init__(self) -> None:
        super().__init__(CHANNELS, POOLED_AFTER, NUM_CLASSES)
