"""Files of synthetic pictures, each marked as such in the manifest and in itself."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL.PngImagePlugin import PngInfo

from overtone import __version__
from overtone.data import ImageSet
from overtone.data.class_folders import FOLDERS_KEY
from overtone.data.pixels import to_image
from overtone.imaging.image import saved
from overtone.shapes import UInt8
from overtone.tasks.rare_classes import FilledClass, as_json

# Key of the text inside each PNG that repeats its entry of the manifest.
PNG_KEY = "Synthetic"
NOTE = (
    "Every picture in this folder is synthetic: drawn by the model named below, not recorded. "
    "Each file says so itself, in its PNG text 'Synthetic'."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The model and settings that synthetic pictures come from, for the manifest.

    Attributes:
        model: Name or path the model was given by.
        model_kind: Its name in the table of models.
        model_sha256: SHA-256 of the model's file.
        prior: Distribution the latents were drawn from; None for a model without latents.
        temperature: Spread of the latents.
    """

    model: str
    model_kind: str
    model_sha256: str
    prior: str | None
    temperature: float


def write_class(
    folder: pathlib.Path,
    sub_folder: str,
    class_name: str,
    seed: int,
    pictures: UInt8[np.ndarray, "n h w c"],
    origin: Origin,
) -> list[dict[str, Any]]:
    """Writes the pictures of a class into a new sub-folder; their entries in the manifest."""
    (folder / sub_folder).mkdir()
    entries = []
    for index, pixels in enumerate(pictures):
        file = f"{sub_folder}/synthetic-{origin.model_sha256[:8]}-{seed}-{index:05d}.png"
        entry = {
            "file": file,
            "synthetic": True,
            "class": class_name,
            "seed": seed,
            "index": index,
            "num_drawn": len(pictures),
            **dataclasses.asdict(origin),
        }
        write_marked(folder, pixels, entry)
        entries.append(entry)
    return entries


def write_marked(
    folder: pathlib.Path, pixels: UInt8[np.ndarray, "h w c"], entry: Mapping[str, Any]
) -> None:
    """Writes one picture to the file that its entry of the manifest names, with the entry in it."""
    text = PngInfo()
    text.add_text(PNG_KEY, json.dumps(dict(entry)))
    data = saved(to_image(pixels), "PNG", {"pnginfo": text})
    (folder / entry["file"]).write_bytes(data)


def manifest_of(
    images: ImageSet,
    classes: Mapping[str, FilledClass],
    folders: Mapping[str, str],
    entries: list[dict[str, Any]],
    origin: Origin,
) -> dict[str, Any]:
    """What `manifest.json` says of the folder; the prior is that of each class.

    Args:
        images: The source.
        classes: What was done for each class, by its name.
        folders: Sub-folder of each class, by its name.
        entries: What is said of each file.
        origin: Where the pictures come from.
    """
    counts = zip(images.class_names, map(int, images.class_counts()), strict=True)
    return {
        "synthetic": True,
        "note": NOTE,
        "overtone": __version__,
        **{key: value for key, value in dataclasses.asdict(origin).items() if key != "prior"},
        "source": {
            "name": images.name,
            "fingerprint": images.fingerprint(),
            "counts": dict(counts),
        },
        "added": {name: filled.num_added for name, filled in classes.items()},
        "classes": as_json(classes),
        FOLDERS_KEY: {folder: name for name, folder in folders.items() if folder != name},
        "files": entries,
    }
