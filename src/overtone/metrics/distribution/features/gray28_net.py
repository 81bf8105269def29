"""The layers of gray28, a small classifier of handwritten digits and clothes."""

from overtone.metrics.distribution.features.classifier_net import ConvClassifier

SIDE = 28
NUM_CLASSES = 20  # ten digits of MNIST, then the ten garments of Fashion-MNIST
CHANNELS = (1, 24, 48, 48, 96, 128)
POOLED_AFTER = (0, 2)  # 28 -> 14 -> 7


class Gray28(ConvClassifier):
    """Five convolutions; 128 features."""

    def __init__(self) -> None:
        super().__init__(CHANNELS, POOLED_AFTER, NUM_CLASSES)
