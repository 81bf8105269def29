"""The table of feature networks."""

from importlib import import_module

from overtone.errors import unknown_name
from overtone.metrics.distribution.features.base import AbstractFeatureNetwork

# Name to "module:Class"; a network is loaded, and its optional packages are needed, when asked for.
FEATURE_NETWORKS: dict[str, str] = {
    "gray28": "overtone.metrics.distribution.features.gray28:Gray28Features",
    "color32": "overtone.metrics.distribution.features.color32:Color32Features",
    "efficientnet-lite0": (
        "overtone.metrics.distribution.features.efficientnet:EfficientNetLite0Features"
    ),
    "inception": "overtone.metrics.distribution.features.inception:InceptionFeatures",
}

GRAY28_SHAPE = (28, 28, 1)


def name_of_network_for(height: int, width: int, channels: int) -> str:
    """The network that suits images of this shape: "gray28" 28x28 gray, efficientnet-lite0 others.

    The literature's network, inception, and color32, which has learned from the images of CIFAR-10
    that it would measure, are only taken where they are asked for.
    """
    is_gray28 = (height, width, channels) == GRAY28_SHAPE
    return "gray28" if is_gray28 else "efficientnet-lite0"


def get_feature_network(name: str, weights: str | None = None) -> AbstractFeatureNetwork:
    """The network of that name, ready to use.

    Args:
        name: Key of the table.
        weights: File of its weights, for networks that do not bring them.

    Raises:
        ConfigError: No network has this name, or its weights or package are not installed.
    """
    if name not in FEATURE_NETWORKS:
        raise unknown_name("feature network", name, FEATURE_NETWORKS)
    module, _, attribute = FEATURE_NETWORKS[name].partition(":")
    return getattr(import_module(module), attribute)(weights)
