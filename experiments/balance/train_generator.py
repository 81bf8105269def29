"""Trains the generators that `experiments.balance.cifar` fills rare classes from.

    python -m experiments.balance.train_generator CIFAR10 --share 0.01 --out RUN

On CIFAR-10 with three classes cut to a share of their pictures, as the classifiers see it; the
rare pictures are repeated, so that the generator meets each class. What was stopped goes on.
"""

import argparse
import pathlib

import torch

from experiments.balance.cut import cut, train_generator
from overtone.data import load_images


def main() -> None:
    """Parses the command line and trains."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("data", help="CIFAR-10")
    parser.add_argument("--share", type=float, required=True, help="of the rare classes' pictures")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the run")
    parser.add_argument("--model", default="local-series-generator")
    parser.add_argument("--preset", default="cifar10")
    parser.add_argument("--core-minutes", type=float, default=25)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images, rare = cut(load_images(arguments.data), arguments.share)
    train_generator(
        arguments.model, arguments.preset, images, rare, arguments.out, arguments.core_minutes
    )


if __name__ == "__main__":
    main()
