"""What is to be measured: samples of a model, or pictures that exist already."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from overtone.data import ImageSet, load_images
from overtone.errors import DataError
from overtone.evaluate.distribution.reference import RealPictures, find_class, of_class
from overtone.evaluate.distribution.rows import DistributionRow, SampleSource
from overtone.metrics.psnr import psnr_db_from_mse
from overtone.models.base import AbstractModel, ProgressCallback
from overtone.models.compute import Device
from overtone.models.latent import AbstractLatentModel
from overtone.models.store import MODEL_FILE, load_model, read_summary
from overtone.shapes import UInt8
from overtone.tasks.reconstruct import reconstruct
from overtone.tasks.sample import sample

RUN_FILE = "run.json"  # a run under way has this and no model yet
NUM_RECONSTRUCTED = 1000  # the mean over a thousand images is good to a tenth of a decibel
_CHUNK = 250


@dataclasses.dataclass(frozen=True, slots=True)
class Drawn:
    """Images to be measured, and the model that drew them if one did."""

    source: SampleSource
    images: UInt8[np.ndarray, "n h w c"]
    model: AbstractModel | None


@dataclasses.dataclass(frozen=True, slots=True)
class Conditioning:
    """What samples are drawn towards.

    Attributes:
        class_number: The class of all samples; every class if None. Pictures without classes are
            taken for pictures of that class.
        guidance: How far a model goes towards the class of each sample; 1 is what was learned.
    """

    class_number: int | None = None
    guidance: float = 1.0


UNCONDITIONAL = Conditioning()


def open_source(source: str, *, device: Device = "cpu") -> AbstractModel | ImageSet:
    """The model of that name, file or run, or the pictures at that path.

    The device is the model's, see `load_model`.

    Raises:
        ModelError: It is a model's file, but damaged, or a run that has not finished.
        DataError: Neither a model nor readable pictures of one size are there.
    """
    path = pathlib.Path(source)
    is_model = path.suffix == ".safetensors" or any(
        (path / name).is_file() for name in (MODEL_FILE, RUN_FILE)
    )
    if path.exists() and not is_model:
        return load_images(source, split="all")
    return load_model(source, device=device)


def class_names_of(opened: AbstractModel | ImageSet) -> tuple[str, ...]:
    """The classes it knows; none of pictures without."""
    if isinstance(opened, ImageSet):
        return opened.class_names
    return opened.class_titles or opened.spec.class_names


def class_title(opened: AbstractModel | ImageSet, conditioning: Conditioning) -> str | None:
    """What the class of all samples is called; None without one, or of pictures without classes."""
    number, names = conditioning.class_number, class_names_of(opened)
    return names[number] if number is not None and names else None


def restrict_to_class(
    class_name: str, real: RealPictures, opened: AbstractModel | ImageSet
) -> tuple[RealPictures, int]:
    """The real pictures of a class, and the number of the class where samples come from.

    Args:
        class_name: Its name or number.
        real: Real pictures of all classes.
        opened: The model or pictures that samples come from.

    Raises:
        ConfigError: There is no such class.
        DataError: The real pictures have no classes, or none of this one.
    """
    if real.images.labels is None:
        raise DataError(f"{real.images.name} has no classes; leave out the class")
    names = class_names_of(opened)
    number, *more = find_class(class_name, *filter(None, (real.images.class_names, names)))
    return real.of_class(number), more[0] if more else number


def draw(
    source: str,
    num_images: int,
    *,
    seed: int,
    prior: str | None = None,
    temperature: float = 1.0,
    conditioning: Conditioning = UNCONDITIONAL,
    opened: AbstractModel | ImageSet | None = None,
    progress: ProgressCallback | None = None,
) -> Drawn:
    """Samples of a model (a shipped name, a file, the folder of a run), or stored pictures.

    Of more pictures than asked for, so many are chosen by the seed.

    Args:
        source: Name or path of the model or of the pictures.
        num_images: Number of samples to draw, or to choose.
        seed: Seed for the samples, or for the choice.
        prior: Distribution of the latents; the model's default if None.
        temperature: Spread of the latents.
        conditioning: The class of all samples, and how far towards it.
        opened: What `open_source` gave for the source, so that it is not read again.
        progress: Called with the fraction done and a message.

    Raises:
        ModelError: It is a model's file, but damaged, or a run that has not finished.
        DataError: Neither a model nor readable pictures of one size are there.
        ConfigError: The model has no such prior or no guidance, or no picture is of the class.
    """
    opened = open_source(source) if opened is None else opened
    class_number, name = conditioning.class_number, class_title(opened, conditioning)
    if isinstance(opened, ImageSet):
        if class_number is not None and name is not None:
            opened = of_class(opened, class_number)
        images = opened.images
        if len(images) > num_images:
            chosen = np.random.default_rng(seed).choice(len(images), num_images, replace=False)
            images = images[chosen]
        stored = SampleSource(name=pathlib.Path(source).resolve().name, class_name=name)
        return Drawn(stored, images, None)
    model = opened
    images = sample(
        model,
        num_images,
        seed=seed,
        prior=prior,
        temperature=temperature,
        class_name=name,
        guidance=conditioning.guidance,
        progress=progress,
    )
    return drawn_from(model, source, images, prior, temperature, conditioning)


def drawn_from(
    model: AbstractModel,
    source: str,
    images: UInt8[np.ndarray, "n h w c"],
    prior: str | None,
    temperature: float,
    conditioning: Conditioning,
) -> Drawn:
    """Samples with what is to be told of them.

    Args:
        model: The model that drew them.
        source: Its name or path.
        images: The samples.
        prior: Distribution of the latents; the model's default if None.
        temperature: Spread of the latents.
        conditioning: The class of all samples, and how far towards it.
    """
    name = class_title(model, conditioning)
    usual = None
    if isinstance(model, AbstractLatentModel):
        usual = model.prior_config.default if name is None else model.class_prior()
    summary = read_summary(source)["summary"]
    drawn_from = SampleSource(
        name=_name_of(pathlib.Path(source)),
        model=model.name,
        preset=summary.get("preset"),
        core_minutes=summary.get("core_minutes"),
        steps=summary.get("steps"),
        images_seen=_images_seen(summary),
        num_parameters=sum(p.numel() for p in model.parameters()),
        prior=prior or usual,
        temperature=temperature,
        guidance=conditioning.guidance,
        class_name=name,
    )
    return Drawn(drawn_from, images, model)


def _images_seen(summary: Mapping[str, Any]) -> int | None:
    """Training images in all steps; None of models of other programs, which do not say."""
    if "steps" not in summary or "batch_size" not in summary.get("train", {}):
        return None
    return summary["steps"] * summary["train"]["batch_size"]


def _name_of(path: pathlib.Path) -> str:
    """The run's folder, or the file's own name, or that of a model of the package."""
    path = path.resolve()
    return path.parent.name if path.name == MODEL_FILE else path.name.removesuffix(".safetensors")


def with_reconstruction(
    row: DistributionRow, model: AbstractModel | None, images: ImageSet, *, seed: int
) -> DistributionRow:
    """The row with the PSNR of reconstructions, if there is a model with an encoder.

    Of the mean squared error over a thousand images chosen by the seed, or all if they are fewer.
    """
    if not isinstance(model, AbstractLatentModel) or not model.has_encoder:
        return row
    pixels = images.images
    if len(pixels) > NUM_RECONSTRUCTED:
        rng = np.random.default_rng(seed)
        pixels = pixels[np.sort(rng.choice(len(pixels), NUM_RECONSTRUCTED, replace=False))]
    squared = 0
    for start in range(0, len(pixels), _CHUNK):
        part = pixels[start : start + _CHUNK]
        squared += int(np.square(part.astype(np.int64) - reconstruct(model, part)).sum())
    return dataclasses.replace(
        row,
        reconstruction_psnr_db=psnr_db_from_mse(squared / pixels.size),
        num_reconstructed=len(pixels),
    )
