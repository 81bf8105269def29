"""What is to be measured: samples of a model, or pictures that exist already."""

import dataclasses
import pathlib

import numpy as np

from overtone.data import ImageSet, load_images
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


def draw(
    source: str,
    num_images: int,
    *,
    seed: int,
    prior: str | None = None,
    temperature: float = 1.0,
    device: Device = "cpu",
    progress: ProgressCallback | None = None,
) -> Drawn:
    """Samples of a model (a shipped name, a file, the folder of a run), or stored pictures.

    Of more pictures than asked for, so many are chosen by the seed. The device is the model's,
    see `load_model`.

    Raises:
        ModelError: It is a model's file, but damaged, or a run that has not finished.
        DataError: Neither a model nor readable pictures of one size are there.
        ConfigError: The model has no such prior.
    """
    path = pathlib.Path(source)
    is_model = path.suffix == ".safetensors" or any(
        (path / name).is_file() for name in (MODEL_FILE, RUN_FILE)
    )
    if path.exists() and not is_model:
        images = load_images(source, split="all").images
        if len(images) > num_images:
            chosen = np.random.default_rng(seed).choice(len(images), num_images, replace=False)
            images = images[chosen]
        return Drawn(SampleSource(name=path.resolve().name), images, None)
    model = load_model(source, device=device)
    images = sample(
        model, num_images, seed=seed, prior=prior, temperature=temperature, progress=progress
    )
    is_latent = isinstance(model, AbstractLatentModel)
    summary = read_summary(source)["summary"]
    drawn_from = SampleSource(
        name=_name_of(path),
        model=model.name,
        preset=summary.get("preset"),
        core_minutes=summary.get("core_minutes"),
        steps=summary.get("steps"),
        num_parameters=sum(p.numel() for p in model.parameters()),
        prior=prior or (model.prior_config.default if is_latent else None),
        temperature=temperature,
    )
    return Drawn(drawn_from, images, model)


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
    if not isinstance(model, AbstractLatentModel):
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
