"""The table of feature networks."""

from importlib import import_module

from overtone import shipped
from overtone.errors import ConfigError, unknown_name
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
_COLOR32_SHAPE = (32, 32, 3)


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
    return _built(name, weights).to(torch_device(device))


def network_for_images(
    shape: tuple[int, int, int],
    name: str | None = None,
    weights: str | None = None,
    *,
    device: Device = "cpu",
) -> AbstractFeatureNetwork:
    """The network of that name, or the one that suits images of this shape, ready to use.

    Args:
        shape: Height, width and channels of the images.
        name: Key of the table; by default `name_of_network_for` chooses.
        weights: File of its weights, for networks that do not bring them.
        device: See `get_feature_network`.

    Raises:
        ConfigError: See `get_feature_network`.
    """
    try:
        network = _built(name or name_of_network_for(*shape), weights)
    except ConfigError as error:
        is_installed = shipped.features_folder() is not None
        if is_installed and name is None and weights is None and shape == _COLOR32_SHAPE:
            raise ConfigError(
                f"{error}; or name color32 (--features color32), which is installed and has "
                "learned from CIFAR-10"
            ) from error
        raise
    return network.to(torch_device(device))


def _built(name: str, weights: str | None) -> AbstractFeatureNetwork:
    if name not in FEATURE_NETWORKS:
        raise unknown_name("feature network", name, FEATURE_NETWORKS)
    module, _, attribute = FEATURE_NETWORKS[name].partition(":")
    network: AbstractFeatureNetwork = getattr(import_module(module), attribute)(weights)
    return network
