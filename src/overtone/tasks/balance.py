"""Synthetic pictures for the rare classes of a data set, each of them marked as synthetic."""

import dataclasses
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL.PngImagePlugin import PngInfo

from overtone import __version__
from overtone.data import ImageSet, load_images
from overtone.data.base import OnCorrupt, Split
from overtone.data.pixels import to_image
from overtone.errors import ConfigError, DataError, PathError
from overtone.files import check_folder_of
from overtone.models.base import AbstractModel, ProgressCallback, class_index
from overtone.models.compute import Device
from overtone.models.latent import AbstractLatentModel
from overtone.models.store import find_model, load_model
from overtone.shapes import UInt8
from overtone.tasks.sample import sample

MANIFEST = "manifest.json"
# Key of the text inside each PNG that repeats its entry of the manifest.
PNG_KEY = "Synthetic"
_NOTE = (
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


def balance(
    source: str | ImageSet,
    out: str | pathlib.Path,
    *,
    model: str | pathlib.Path,
    target: int | None = None,
    split: Split = "train",
    seed: int = 0,
    temperature: float = 1.0,
    prior: str | None = None,
    size: tuple[int, int] | None = None,
    on_corrupt: OnCorrupt = "fail",
    device: Device = "cpu",
    progress: ProgressCallback | None = None,
) -> dict[str, int]:
    """Writes synthetic pictures of each class that has fewer than the target.

    The new folder holds one sub-folder a class and `manifest.json`, whose entries and whose copies
    inside the PNG files mark every picture synthetic, with the model, its hash, class, seed, prior
    and temperature. The source is only counted, never written to.

    Args:
        source: Labelled data: what `load_images` takes, or a set.
        out: Folder to make; it must not exist, or be empty. It appears complete or not at all.
        model: Name or path of a model trained on these classes.
        target: Number of pictures that each class shall have, real and synthetic; as many as the
            largest class has if None.
        split: Part of the source to count: "train", "test" or "all".
        seed: Each class is drawn with this seed plus its number in the model.
        temperature: Spread of the latents, see `sample`.
        prior: Distribution of the latents, see `sample`.
        size: Height and width of the new pictures; those of the model by default.
        on_corrupt: See `load_images`.
        device: Where the model computes, see `load_model`.
        progress: Called with the fraction done and a message.

    Returns:
        Number of new pictures by class, in the source's order.

    Raises:
        DataError: The source is damaged or has no classes.
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model does not know a class, nothing is to be done, or `out` is in use or
            the folder around it is missing.
        OSError: The folder cannot be written.
    """
    folder = pathlib.Path(out)
    _refuse_used(folder, source)
    chosen = load_model(model, device=device)
    images = _loaded(source, chosen, split, on_corrupt)
    missing = _missing(images, target)
    labels = {name: class_index(chosen, name) for name in missing}
    origin = Origin(
        model=str(model),
        model_kind=chosen.name,
        model_sha256=hashlib.sha256(find_model(model).read_bytes()).hexdigest(),
        prior=_prior_of(chosen, prior),
        temperature=temperature,
    )
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        partial.mkdir()
        entries: list[dict[str, Any]] = []
        for done, (name, count) in enumerate(missing.items()):
            class_seed = seed + labels[name]
            drawn = sample(
                chosen, count, seed=class_seed, class_name=name, temperature=temperature,
                size=size, prior=prior,
            )  # fmt: skip
            entries += _write_class(partial, name, class_seed, drawn, origin)
            if progress is not None:
                progress((done + 1) / len(missing), f"{len(entries)} pictures")
        manifest = _manifest(images, missing, entries, origin)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        partial.rename(folder)  # onto nothing, or onto an empty folder
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return missing


def _refuse_used(folder: pathlib.Path, source: str | ImageSet) -> None:
    check_folder_of(folder)
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise PathError(f"{folder} exists and is not empty; nothing is replaced, name another")
    if isinstance(source, str) and pathlib.Path(source).resolve() in folder.resolve().parents:
        raise ConfigError(
            f"{folder} lies inside the source {source}, which stays as it is; name another folder"
        )


def _loaded(
    source: str | ImageSet, model: AbstractModel, split: Split, on_corrupt: OnCorrupt
) -> ImageSet:
    if isinstance(source, ImageSet):
        images = source
    else:
        spec = model.spec
        images = load_images(
            source,
            split=split,
            size=(spec.height, spec.width),
            channels=spec.channels,
            on_corrupt=on_corrupt,
        )
    if images.labels is None:
        raise DataError(f"{images.name} has no classes to balance; make a sub-folder for each")
    return images


def _missing(images: ImageSet, target: int | None) -> dict[str, int]:
    """How many pictures each class lacks, of those that lack any."""
    counts = images.class_counts()
    wanted = int(counts.max()) if target is None else target
    pairs = zip(images.class_names, counts, strict=True)
    missing = {name: wanted - int(count) for name, count in pairs if count < wanted}
    if not missing:
        raise ConfigError(
            f"every class of {images.name} has at least {wanted} pictures already; "
            "nothing is to be done"
        )
    return missing


def _prior_of(model: AbstractModel, prior: str | None) -> str | None:
    """The name of what the latents of a class are drawn from; see `sample_latents`."""
    if prior is not None or not isinstance(model, AbstractLatentModel):
        return prior
    default, fitted = model.prior_config.default, model.priors.by_class
    return default if default in fitted else next(iter(fitted), default)


def _write_class(
    folder: pathlib.Path,
    class_name: str,
    seed: int,
    pictures: UInt8[np.ndarray, "n h w c"],
    origin: Origin,
) -> list[dict[str, Any]]:
    """Writes the pictures of a class; their entries in the manifest."""
    # A class may be called "T-shirt/top"; the manifest keeps the name.
    sub_folder = re.sub(r"[^\w.-]|^\.", "_", class_name)
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
        (folder / file).write_bytes(_png(pixels, entry))
        entries.append(entry)
    return entries


def _png(pixels: UInt8[np.ndarray, "h w c"], entry: Mapping[str, Any]) -> bytes:
    text = PngInfo()
    text.add_text(PNG_KEY, json.dumps(dict(entry)))
    buffer = io.BytesIO()
    to_image(pixels).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def _manifest(
    images: ImageSet, missing: Mapping[str, int], entries: list[dict[str, Any]], origin: Origin
) -> dict[str, Any]:
    counts = zip(images.class_names, map(int, images.class_counts()), strict=True)
    return {
        "synthetic": True,
        "note": _NOTE,
        "overtone": __version__,
        **dataclasses.asdict(origin),
        "source": {
            "name": images.name,
            "fingerprint": images.fingerprint(),
            "counts": dict(counts),
        },
        "added": dict(missing),
        "files": entries,
    }
