"""What the stages share: options, images, presets, files of rows."""

import argparse
import dataclasses
import json
import os
import pathlib
from typing import Any, Literal, cast

import numpy as np

PACK = pathlib.Path(__file__).parents[2] / ".gpu"
DATA_FILE, DATA_NAME = "cifar10.tar.xz", "cifar10"
WEIGHTS_FILE = "efficientnet-lite0.pth"
IMAGES_FILE = "images.npz"
TINY_IMAGES, TINY_BATCH = 128, 8
# The first of these that a model has is its preset here; those of the first kind are for a GPU.
PRESETS = ("cifar10-gpu", "cifar10", "thesis-cifar10", "photo32")
BEST = ("local-series-generator", "series-generator")  # the first of them with a preset is trained
THESIS = ("fourier-generator", "thesis-cifar10")


@dataclasses.dataclass(frozen=True)
class Stage:
    """The options of a stage.

    Attributes:
        out: Folder of the results.
        work: Folder of what is only needed meanwhile.
        data: Anything `overtone train` takes, or a tar file of such a folder.
        weights: File of EfficientNet-Lite0's weights.
        device: "auto", "cpu" or "cuda".
        seconds: Time it has.
        tiny: Whether everything is small, to try the program itself.
        models: The models whose speed is measured; all if empty.
    """

    out: pathlib.Path
    work: pathlib.Path
    data: pathlib.Path
    weights: pathlib.Path
    device: Literal["auto", "cpu", "cuda"]
    seconds: float
    tiny: bool
    models: tuple[str, ...]

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Stage":
        """From what `add_common` and `seconds` parsed."""
        return cls(
            arguments.out,
            arguments.work,
            arguments.data or arguments.pack / DATA_FILE,
            arguments.feature_weights or arguments.pack / WEIGHTS_FILE,
            cast(Any, arguments.device),
            arguments.seconds,
            arguments.tiny,
            tuple(arguments.models.split(",")) if arguments.models else (),
        )

    def images(self, split: Literal["train", "test"]) -> Any:
        """The images that stage `data` has unpacked, as an `ImageSet`."""
        from overtone.data import ImageSet

        path = self.work / IMAGES_FILE
        if not path.is_file():
            raise SystemExit(f"gpu: {path} is not there; stage data makes it")
        with np.load(path) as stored:
            return ImageSet(
                str(stored[f"{split}_name"]),
                stored[f"{split}_images"],
                stored[f"{split}_labels"],
                tuple(map(str, stored["class_names"])),
            )

    def add_row(self, file: str, row: dict[str, Any]) -> None:
        """Writes a row at once, so that what comes later cannot lose it, and prints it."""
        line = json.dumps(row)
        with (self.out / file).open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
        print(line, flush=True)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options that the command has and hands on to each stage."""
    out = os.environ.get("OUT")
    parser.add_argument("--out", type=pathlib.Path, default=out and pathlib.Path(out))
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("runs/gpu"))
    parser.add_argument("--pack", type=pathlib.Path, default=PACK, help="folder that --pack filled")
    parser.add_argument("--data", type=pathlib.Path, help="CIFAR-10, where it is not in the pack")
    parser.add_argument("--feature-weights", type=pathlib.Path, help="of efficientnet-lite0")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a moment of everything")
    parser.add_argument("--models", default="", help="whose speed is measured; all by default")


def common_of(arguments: argparse.Namespace) -> list[str]:
    """The same options for a stage."""
    found = []
    for name in ("out", "work", "pack", "data", "feature_weights", "device", "models"):
        value = getattr(arguments, name)
        if value:
            found += [f"--{name.replace('_', '-')}", str(value)]
    return found + (["--tiny"] if arguments.tiny else [])


def parsed(description: str, *extra: str) -> tuple[Stage, argparse.Namespace]:
    """A stage's options; `extra` are switches of its own."""
    parser = argparse.ArgumentParser(description=description)
    add_common(parser)
    parser.add_argument("--seconds", type=float, required=True)
    for name in extra:
        parser.add_argument(f"--{name}", action="store_true")
    arguments = parser.parse_args()
    return Stage.of(arguments), arguments


def preset_of(model: str) -> str | None:
    """The preset of a model that is for these images, if it has one."""
    from overtone.config import preset_names

    names = preset_names(model)
    return next((preset for preset in PRESETS if preset in names), None)


def best_recipe() -> tuple[str, str]:
    """The model and preset that are trained."""
    for model in BEST:
        preset = preset_of(model)
        if preset is not None:
            return model, preset
    raise SystemExit(f"gpu: none of {', '.join(BEST)} has one of the presets {', '.join(PRESETS)}")
