"""The trials of spectral dictionaries, and what is measured of a trained one."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import torch

from experiments.harness.trials import Trial
from overtone.data import ImageSet
from overtone.evaluate.provenance import provenance
from overtone.metrics.psnr import psnr_db_from_mse
from overtone.metrics.ssim import ms_ssim
from overtone.models.base import from_pixels
from overtone.models.latent import AbstractLatentModel
from overtone.models.spectral_dictionary.model import SpectralDictionary
from overtone.models.spectral_dictionary.order import flatten_order
from overtone.models.spectral_dictionary.stft import stft_distance
from overtone.models.store import MODEL_FILE, load_model, read_summary, save_model
from overtone.tasks.reconstruct import reconstruct

DATA = ("mnist", "fashion-mnist", "photo32")
PRIORS = (("gaussian", 1.0), ("mixture", 1.0), ("normal", 1.0))
SHORT = (("gaussian", 1.0), ("mixture", 1.0))
QUICK = (("gaussian", 1.0),)  # a mixture takes longer to fit than such a dictionary to train
_MODEL = SpectralDictionary.name
STFT_SIZES = (64, 128, 256)  # of the published presets
_CHUNK = 256
_NUM_SSIM = 1000


def published(data: str) -> Trial:
    """Plain gradient descent on the published form."""
    return Trial(data, _MODEL, f"published-{data}", PRIORS, label="published")


def squared_only(data: str) -> Trial:
    """Plain gradient descent on the published form without its STFT term: steps cost a third."""
    changes = ("network.stft_weight=0.0",)
    return Trial(data, _MODEL, f"published-{data}", SHORT, 0, False, "published-no-stft", changes)


def ours(data: str) -> Trial:
    """Our preset."""
    return Trial(data, _MODEL, data, PRIORS, label="ours", has_own_length=True)


def projected_signal(data: str) -> Trial:
    """The published form of the atoms, by projection."""
    waves = 11 if data == "photo32" else 8
    changes = (
        "network.form=signal",
        "network.modulation_hidden=[128, 128]",
        f"network.modulation_waves={waves}",
        "train.steps=300",
    )
    return Trial(data, _MODEL, data, QUICK, 0, False, "projected-signal", changes, True)


def plane_waves(data: str) -> Trial:
    """Ours, with plane waves instead of products."""
    changes = ("network.form=wave",)
    return Trial(data, _MODEL, data, QUICK, 0, False, "plane-waves", changes, True)


def principal_components(data: str) -> Trial:
    """The control at equal K."""
    return Trial(data, "pca", data, QUICK, has_own_length=True)


def solved(trial: Trial) -> Trial:
    """The same dictionary with latents found by least squares."""
    return dataclasses.replace(trial, label=f"{trial.label}-solved", draws=QUICK)


def make_solved(trial: Trial, runs: pathlib.Path, images: ImageSet) -> None:
    """Stores the model of `solved`, from the trained one; priors are fitted to its latents."""
    path = runs / solved(trial).name / MODEL_FILE
    if not path.exists():
        trained = load_model(runs / trial.name)
        assert isinstance(trained, SpectralDictionary)
        config = dataclasses.replace(trained.config, solve=True)
        generator = torch.Generator().manual_seed(trial.seed)
        model = SpectralDictionary(config, trained.spec, generator=generator)
        model.load_state_dict(trained.state_dict())
        model.eval().finish(images, generator=generator)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_model(path, model, read_summary(runs / trial.name)["summary"])


def mean_squared_error(model: AbstractLatentModel, images: ImageSet) -> float:
    """Over all values of all images in [-1, 1], of reconstructions as they are, not clipped."""
    total = 0.0
    with torch.no_grad():
        for pixels in torch.from_numpy(images.images).split(_CHUNK):
            x = from_pixels(pixels)
            total += float((model.decode(model.encode(x)) - x).double().square().sum())
    return total / images.images.size


def published_loss(model: SpectralDictionary, images: ImageSet, weight: float) -> float:
    """Squared error and weighted STFT distance of reconstructions, as the published form has it."""
    spec = model.spec
    order = flatten_order("planes", spec.channels, spec.height, spec.width)
    losses = []
    with torch.no_grad():
        for pixels in torch.from_numpy(images.images).split(_CHUNK):
            x = from_pixels(pixels)
            again = model.decode(model.encode(x))
            signals = [images.flatten(1)[:, order] for images in (again, x)]
            distance = stft_distance(signals[0], signals[1], STFT_SIZES)
            error = (again - x).square().mean() + weight * distance
            losses.append(len(x) * error.item())
    return sum(losses) / len(images)


def reconstruction_row(
    trial: Trial, runs: pathlib.Path, train: ImageSet, test: ImageSet
) -> dict[str, Any]:
    """PSNR of the held-out split, MS-SSIM of its first thousand, error of the training set."""
    model = load_model(runs / trial.name)
    assert isinstance(model, AbstractLatentModel)
    again = np.concatenate([reconstruct(model, part) for part in np.array_split(test.images, 20)])
    squared = np.square(test.images.astype(np.int64) - again).mean()
    similar = [
        ms_ssim(reference=x, reconstruction=y)
        for x, y in zip(test.images[:_NUM_SSIM], again[:_NUM_SSIM], strict=True)
    ]
    summary = read_summary(runs / trial.name)["summary"]
    return {
        "data": trial.data,
        "name": trial.name,
        "model": model.name,
        "num_latents": model.latent_dim,
        "num_parameters": summary["num_parameters"],
        "core_minutes": summary["core_minutes"],
        "steps": summary["steps"],
        "psnr_db": round(psnr_db_from_mse(float(squared)), 4),
        "num_images": len(test),
        "ms_ssim": round(float(np.mean(similar)), 5),
        "num_ms_ssim": len(similar),
        "train_mean_squared_error": mean_squared_error(model, train),
        **provenance(),
    }
