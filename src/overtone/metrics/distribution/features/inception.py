"""inception: the network of the literature's FID, through the optional package torch-fidelity."""

import importlib
import pathlib
import pickle
from typing import Any, ClassVar

import numpy as np
import torch
from typing_extensions import override

from overtone.errors import ConfigError, ImageError
from overtone.metrics.distribution.features.base import (
    AbstractFeatureNetwork,
    Features,
    hash_of_weights,
)
from overtone.shapes import UInt8

MODULE = "torch_fidelity.feature_extractor_inceptionv3"
SPATIAL_CHANNELS = 7  # Nash et al., arXiv:2103.03841: of mixed_6/conv, 17 x 17 positions


class InceptionFeatures(AbstractFeatureNetwork):
    """2048 features and 1008 classes of RGB images, resized as TensorFlow's graph did.

    The weights are downloaded by torch-fidelity at the first use, or read from a file. Without
    them there is no number: no other network takes its place.
    """

    name: ClassVar[str] = "inception"
    num_features: ClassVar[int] = 2048
    batch_size: ClassVar[int] = 16

    def __init__(self, weights: str | None = None) -> None:
        self._network = _load(weights)
        self.weights_hash = hash_of_weights(self._network.state_dict())
        self._inner = torch.empty(0)
        self._network.Mixed_6d.branch1x1.conv.register_forward_hook(self._keep)

    def _keep(self, module: object, inputs: object, output: torch.Tensor) -> None:
        self._inner = output

    @override
    def check(self, height: int, width: int, num_channels: int) -> None:
        if num_channels not in (1, 3):
            raise ImageError(f"inception takes gray or RGB images, got {num_channels} channels")

    @override
    def run(self, images: UInt8[np.ndarray, "b h w c"]) -> Features:
        planes = self.on_device(images).to(torch.uint8)
        pooled, logits = self._network(planes.expand(-1, 3, -1, -1))
        spatial = self._inner[:, :SPATIAL_CHANNELS].flatten(1)
        return Features.of(pooled, logits.softmax(1), spatial)


def _load(weights: str | None) -> Any:
    try:
        module = importlib.import_module(MODULE)
    except ImportError as error:
        raise ConfigError(
            "feature network inception needs the package torch-fidelity, which is not installed: "
            f"pip install 'overtone-image[inception]' ({error})"
        ) from error
    if weights is not None and not pathlib.Path(weights).is_file():
        raise ConfigError(f"there is no file of weights {weights}")
    try:
        if weights is not None:
            torch.load(weights, map_location="cpu", weights_only=True)  # refuses code in the file
        return module.FeatureExtractorInceptionV3(
            "inception", ["2048", "logits_unbiased"], feature_extractor_weights_path=weights
        )
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"the weights of inception cannot be loaded: {reason}; give a file "
            "of weights as feature_weights"
        ) from error
