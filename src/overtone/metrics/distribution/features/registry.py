"""The table of feature networks."""

from importlib import import_module

from overtone.errors import unknown_name
from overtone.metrics.distribution.features.base import AbstractFeatureNetwork
from overtone.models.compute import Device, torch_device

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


def get_feature_network(
    name: str, weights: str | None = None, *, device: Device = "cpu"
) -> AbstractFeatureNetwork:
    """The network of that name, ready to use.

    Args:
        name: Key of the table.
        weights: File of its weights, for networks that do not bring them.
        device: Where it computes: "cpu", "cuda", or "auto" for CUDA where there is a card.

    Raises:
        ConfigError: No network has this name, its weights or package are not installed, or the
            device is not there.
    """
    if name not in FEATURE_NETWORKS:
        raise unknown_name("feature network", name, FEATURE_NETWORKS)
    module, _, attribute = FEATURE_NETWORKS[name].partition(":")
    network: AbstractFeatureNetwork = getattr(import_module(module), attribute)(weights)
    return network.to(torch_device(device))
