"""Pictures changed through a model: gains on the atoms of a dictionary, moves of the latent."""

import dataclasses
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from overtone.editing.bands import BandGains
from overtone.editing.mix import Mix
from overtone.errors import ConfigError
from overtone.imaging.image import to_uint8
from overtone.models.base import AbstractModel, ProgressCallback
from overtone.models.class_index import class_index
from overtone.models.latent import AbstractLatentModel
from overtone.models.priors.gaussian import GaussianPrior
from overtone.shapes import Float, Float64, UInt8
from overtone.tasks.latents import (
    check_output,
    decode_latents,
    encode_pixels,
    latent_model,
)

# What becomes of the part of a picture that the model cannot express.
Residual = Literal["keep", "drop"]


@runtime_checkable
class HasAtoms(Protocol):
    """A latent model whose latents are weights of atoms: 0 is what the atom adds in the mean."""

    def atom_frequencies(self) -> Float[Tensor, " d"]:
        """The frequency of each latent's atom, cycles per image; 0 is a mean."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """A walk from the latent of a picture.

    Attributes:
        direction: 1, 2, ... of the principal directions of the training set's latents, whose unit
            is the standard deviation along it; or the name of a class, whose unit is the way to its
            mean from the mean of the class that the picture most likely is of.
        amounts: How far, in units, for each result.
    """

    direction: int | str
    amounts: tuple[float, ...]


def edit_through(
    model: str | pathlib.Path | AbstractModel,
    image: UInt8[np.ndarray, "h w c"],
    bands: BandGains,
    *,
    mix: Mix | None,
    move: Mapping[int | str, float] | None,
) -> UInt8[np.ndarray, "h w c"]:
    """One picture of `overtone.edit`: `move_latents` with moves, `edit_atoms` without.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: A band, direction or amount makes no sense, or there are gains and moves.
    """
    chosen = latent_model(model, "edit")
    if move is None:
        return edit_atoms(chosen, image[None], bands, mix=mix)[0]
    if mix is not None or not bands.change_nothing:
        raise ConfigError("a model either moves pictures or changes their bands; do one first")
    moves = [Move(direction, (float(amount),)) for direction, amount in move.items()]
    return move_latents(chosen, image[None], moves)[0, 0]


def edit_atoms(
    model: AbstractLatentModel,
    images: UInt8[np.ndarray, "n h w c"],
    bands: BandGains,
    *,
    mix: Mix | None = None,
    size: tuple[int, int] | None = None,
    residual: Residual = "keep",
) -> UInt8[np.ndarray, "n out_h out_w c"]:
    """Pictures with the weights of a dictionary's atoms changed by the atoms' frequencies.

    Args:
        model: A latent model that `HasAtoms`.
        images: 8-bit pixels with the model's height, width and channels.
        bands: Factors of the weights; the weights of atoms outside the bands kept become 0.
        mix: A picture of the same shape whose atoms above the cutoff are taken, before that.
        size: Height and width of the result; those of the images by default.
        residual: Whether what the atoms cannot express is added again, which needs the same size;
            then gains of 1 change nothing.

    Raises:
        ConfigError: The model has no atoms, a band makes no sense, or the pictures do not fit.
    """
    if not isinstance(model, HasAtoms):
        raise ConfigError(
            f"gains by frequency need a model of atoms, a spectral dictionary; {model.name} has "
            "none; move along a direction or toward a class instead"
        )
    _check_residual(model, size, residual)
    cycles = model.atom_frequencies().detach().double().numpy()
    length_px = max(model.spec.height, model.spec.width)
    latents = encode_pixels(model, images).double()
    changed = latents
    if mix is not None:
        share = torch.from_numpy(mix.share_at(cycles, length_px))
        changed = changed + share * (encode_pixels(model, mix.picture[None]).double() - changed)
    factors = bands.at(cycles, length_px)
    factors[cycles == 0] = 1
    changed = changed * torch.from_numpy(factors)
    return _drawn(model, images, latents, changed[:, None], size, residual)[:, 0]


def move_latents(
    model: AbstractLatentModel,
    images: UInt8[np.ndarray, "n h w c"],
    moves: Sequence[Move],
    *,
    size: tuple[int, int] | None = None,
    residual: Residual = "drop",
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n steps out_h out_w c"]:
    """Pictures moved along directions of a model's latents.

    Args:
        model: Any model with latents and a fitted "gaussian" prior.
        images: 8-bit pixels with the model's height, width and channels.
        moves: Each result makes one step of each: all combinations, those of the last move
            varying first.
        size: Height and width of the results; those of the images by default.
        residual: Whether what the model cannot express of a picture is added again, which needs the
            same size.
        progress: Called with the fraction done and a message.

    Raises:
        ConfigError: There is no such direction or prior, an amount is not finite, or the pictures
            do not fit the model.
    """
    if not moves:
        raise ConfigError("at least one direction is needed, such as 1=2 for two deviations")
    _check_residual(model, size, residual)
    for move in moves:
        if not (move.amounts and all(map(math.isfinite, move.amounts))):
            raise ConfigError(f"amounts must be finite numbers, got {move.amounts}")
    num_steps = math.prod(len(move.amounts) for move in moves)
    check_output(model, len(images) * num_steps, size)
    latents = encode_pixels(model, images).double()
    changed = latents[:, None]
    for move in moves:
        if isinstance(move.direction, str):
            units = way_to_class(model, latents.numpy(), move.direction)
        else:
            units = principal_direction(model, move.direction)[None]
        amounts = torch.tensor(move.amounts, dtype=torch.float64)[:, None]
        offsets = amounts * torch.from_numpy(units)[:, None]
        changed = (changed[:, :, None] + offsets[:, None]).flatten(1, 2)
    return _drawn(model, images, latents, changed, size, residual, progress)


def principal_direction(model: AbstractLatentModel, number: int) -> Float64[np.ndarray, " d"]:
    """A standard deviation along the direction of the first, second, ... largest variance.

    Its largest component is positive.

    Raises:
        ConfigError: There is no such direction, or no fitted prior "gaussian".
    """
    whole = model.priors.whole.get(GaussianPrior.kind)
    if not isinstance(whole, GaussianPrior):
        raise _no_prior(model, "of all latents")
    if not 1 <= number <= len(whole.mean):
        raise ConfigError(f"directions of this {model.name} are 1..{len(whole.mean)}, got {number}")
    # Left singular vectors of the factor are the covariance's eigenvectors, largest first.
    vectors, deviations, _ = np.linalg.svd(whole.factor)
    vector = vectors[:, number - 1]
    return vector * np.sign(vector[np.abs(vector).argmax()]) * deviations[number - 1]


def way_to_class(
    model: AbstractLatentModel, latents: Float64[np.ndarray, "n d"], class_name: str
) -> Float64[np.ndarray, "n d"]:
    """The way from the mean of each latent's likeliest class to the mean of the class named.

    Raises:
        ConfigError: There is no such class, or no fitted prior "gaussian" of it.
    """
    target = class_index(model, class_name)
    by_class = model.priors.by_class.get(GaussianPrior.kind)
    priors = by_class.priors if by_class else []
    fitted = {k: prior for k, prior in enumerate(priors) if isinstance(prior, GaussianPrior)}
    if target not in fitted:
        raise _no_prior(model, f"of class {class_name}")
    means = np.stack([prior.mean for prior in fitted.values()])
    scores = [_log_likelihood(prior, latents) for prior in fitted.values()]
    return fitted[target].mean - means[np.argmax(scores, axis=0)]


def _log_likelihood(
    prior: GaussianPrior, latents: Float64[np.ndarray, "n d"]
) -> Float64[np.ndarray, " n"]:
    """The logarithm of the likelihood, up to a constant that all priors share."""
    whitened = np.linalg.solve(prior.factor, (latents - prior.mean).T)
    return -0.5 * np.square(whitened).sum(0) - np.log(np.diag(prior.factor)).sum()


def _no_prior(model: AbstractLatentModel, which: str) -> ConfigError:
    kind = GaussianPrior.kind
    return ConfigError(
        f"directions come from the prior {kind} {which}, which this {model.name} has not; "
        f'give a model trained with network.prior.fitted = ["{kind}"], such as series-generator'
    )


def _check_residual(
    model: AbstractLatentModel, size: tuple[int, int] | None, residual: Residual
) -> None:
    if residual == "keep" and size not in (None, (model.spec.height, model.spec.width)):
        raise ConfigError(
            "the residual can be kept at the model's own size only; drop it or the size"
        )


def _drawn(
    model: AbstractLatentModel,
    images: UInt8[np.ndarray, "n h w c"],
    latents: Float[Tensor, "n d"],
    changed: Float[Tensor, "n steps d"],
    size: tuple[int, int] | None,
    residual: Residual,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n steps out_h out_w c"]:
    num_images, num_steps, _ = changed.shape
    flat = changed.flatten(0, 1).float()
    if residual == "drop":
        drawn = decode_latents(model, flat, size, progress)
        return drawn.reshape(num_images, num_steps, *drawn.shape[1:])
    before, after = (_levels(model, each) for each in (latents.float(), flat))
    after = after.reshape(num_images, num_steps, *after.shape[1:])
    return to_uint8(images[:, None] + after - before[:, None])


def _levels(
    model: AbstractLatentModel, latents: Float[Tensor, "n d"]
) -> Float64[np.ndarray, "n h w c"]:
    """What the model decodes on the scale 0..255, neither rounded nor clipped."""
    with torch.no_grad():
        drawn = torch.cat([model.decode(chunk) for chunk in latents.split(256)])
    return (drawn.double().permute(0, 2, 3, 1).numpy() + 1) * 127.5
