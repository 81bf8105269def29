"""Synthetic pictures for the rare classes of a data set, each of them marked as synthetic."""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
from typing import Any

from overtone.data import ImageSet, load_images
from overtone.data.base import OnCorrupt, Split
from overtone.data.class_folders import MANIFEST, folders_of_classes
from overtone.errors import ConfigError, DataError, PathError
from overtone.files import check_folder_of, new_folder
from overtone.models.base import AbstractModel, ProgressCallback
from overtone.models.class_index import class_index
from overtone.models.compute import Device
from overtone.models.latent import AbstractLatentModel
from overtone.models.store import find_model, load_model
from overtone.tasks.rare_classes import FilledClass, describe
from overtone.tasks.sample import sample
from overtone.tasks.synthetic import Origin, manifest_of, write_class


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
) -> dict[str, FilledClass]:
    """Writes synthetic pictures of each class that has fewer than the target.

    The new folder holds one sub-folder a class and `manifest.json`, whose entries and whose copies
    inside the PNG files mark every picture synthetic, with the model, its hash, class, seed, prior
    and temperature. A class that no folder can be called is renamed on disk only: `load_images`
    reads its name in the manifest. The source is only read, never written to.

    A class of few examples is drawn near these, from the prior "kernel", where the model has one;
    of fewer than 100 a warning says what to expect, in the result and in the manifest.

    Args:
        source: Labelled data: what `load_images` takes, or a set.
        out: Folder to make; it must not exist, or be empty. It appears complete or not at all.
        model: Name or path of a model trained on these classes.
        target: Number of pictures that each class shall have, real and synthetic; as many as the
            largest class has if None.
        split: Part of the source to count: "train", "test" or "all".
        seed: Each class is drawn with this seed plus its number in the model.
        temperature: Spread of the latents, see `sample`.
        prior: Distribution of the latents of every class, see `sample`; by default "kernel" for
            small classes and the model's own for others.
        size: Height and width of the new pictures; those of the model by default.
        on_corrupt: See `load_images`.
        device: Where the model computes, see `load_model`.
        progress: Called with the fraction done and a message.

    Returns:
        What was done for each class that had too few, by its name, in the source's order.

    Raises:
        DataError: The source is damaged or has no classes.
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model draws no pictures or does not know a class, nothing is to be done,
            or `out` is in use or the folder around it is missing.
        OSError: The folder cannot be written.
    """
    folder = pathlib.Path(out)
    refuse_used(folder, source)
    chosen = load_model(model, device=device)
    chosen.check_draws()
    images = load_source(source, chosen, split, on_corrupt)
    if images.labels is None:
        raise DataError(
            f"{images.name} has no classes to balance; make a sub-folder for each, or fill thin "
            "places instead: balance --by density"
        )
    missing = missing_of(images, target)
    labels = {name: class_index(chosen, name) for name in missing}
    origin = Origin(
        model=str(model),
        model_kind=chosen.name,
        model_sha256=hashlib.sha256(find_model(model).read_bytes()).hexdigest(),
        prior=prior,
        temperature=temperature,
    )
    folders = folders_of_classes(missing)
    with new_folder(folder) as partial:
        entries: list[dict[str, Any]] = []
        classes: dict[str, FilledClass] = {}
        for done, (name, count) in enumerate(missing.items()):
            number = labels[name]
            own = dataclasses.replace(origin, prior=_prior_of(chosen, number, prior))
            draw = functools.partial(
                sample, chosen, count, seed=seed + number, class_name=name,
                temperature=temperature, prior=own.prior,
            )  # fmt: skip
            drawn = draw(size=size)
            entries += write_class(partial, folders[name], name, seed + number, drawn, own)
            classes[name] = describe(
                name,
                images,
                drawn if size is None else draw(),  # distances are measured at the source's size
                num_learned=chosen.num_of_class(number),
                prior=own.prior,
            )
            if progress is not None:
                progress((done + 1) / len(missing), f"{len(entries)} pictures")
        manifest = manifest_of(images, classes, folders, entries, origin)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return classes


def refuse_used(folder: pathlib.Path, source: str | ImageSet) -> None:
    """Raises `ConfigError` unless the folder can be made, outside of the source."""
    check_folder_of(folder)
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise PathError(f"{folder} exists and is not empty; nothing is replaced, name another")
    if isinstance(source, str) and pathlib.Path(source).resolve() in folder.resolve().parents:
        raise ConfigError(
            f"{folder} lies inside the source {source}, which stays as it is; name another folder"
        )


def load_source(
    source: str | ImageSet, model: AbstractModel, split: Split, on_corrupt: OnCorrupt
) -> ImageSet:
    """The set itself, or the data loaded at the model's size.

    Raises:
        DataError: The source is damaged.
    """
    if isinstance(source, ImageSet):
        return source
    spec = model.spec
    return load_images(
        source,
        split=split,
        size=(spec.height, spec.width),
        channels=spec.channels,
        on_corrupt=on_corrupt,
    )


def missing_of(images: ImageSet, target: int | None) -> dict[str, int]:
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


def _prior_of(model: AbstractModel, number: int, prior: str | None) -> str | None:
    """The name of what the latents of a class are drawn from; see `sample_latents`."""
    if prior is not None or not isinstance(model, AbstractLatentModel):
        return prior
    return model.priors.kind_of_class(number, model.class_prior())
