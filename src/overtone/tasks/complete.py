"""Colours for gray pictures and detail for small ones, by the models that complete pictures."""

import dataclasses
import pathlib

import numpy as np
import torch

from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, ImageSpec, ProgressCallback
from overtone.models.dct_completer import complete as completer
from overtone.models.dct_completer.cells import FACTOR
from overtone.models.dct_completer.model import DctCompleter
from overtone.models.dct_transformer import complete as transformer
from overtone.models.store import resolve_model
from overtone.shapes import UInt8
from overtone.tasks.latents import check_output
from overtone.transform.color import rgb_to_ycbcr, with_luma


def colorize(
    model: str | pathlib.Path | AbstractModel,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    num_results: int = 1,
    average: int = 1,
    seed: int = 0,
    temperature: float = 1.0,
    class_name: str | None = None,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n results h w 3"]:
    """Draws colours for gray pictures, whose luma stays as it is.

    The luma samples of a result differ from those given by at most 1, the rounding of its RGB
    samples. Where a colour does not fit RGB at that luma, its saturation is reduced
    (`overtone.transform.color.with_luma`).

    Args:
        model: A dct-completer of the task "colorize", for pictures of any size; or a
            dct-transformer of the order "luma-first", for those of its own size.
        images: Gray or colour, of which the luma is used.
        num_results: Different results for each picture.
        average: How many draws each result is the mean of.
        seed: Seed for all randomness; the same arguments give the same pictures.
        temperature: Spread of the colours; smaller is less varied. With 0 a dct-completer gives
            the mean that it predicts, and draws nothing.
        class_name: Which class all of them are of, where the model is told classes.
        progress: Called with the fraction done and a message.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model is of another kind, the pictures do not fit it, or the results are
            more pixels than are drawn at once.
    """
    _check_counts(num_results, average, seed)
    chosen = resolve_model(model)
    count = num_results * average
    if isinstance(chosen, DctCompleter):
        _check_drawing(temperature, class_name)
        completer.check_pictures(chosen, "colorize", images)
        check_output(chosen, len(images) * count, images.shape[1:3])
        generator = torch.Generator().manual_seed(seed)
        drawn = completer.colorize(
            chosen,
            images,
            num_results=count,
            generator=generator,
            temperature=temperature,
            progress=progress,
        )
    else:
        drawn = transformer.colorize(
            chosen,
            images,
            num_results=count,
            seed=seed,
            temperature=temperature,
            class_name=class_name,
            progress=progress,
        )
    if average == 1:
        return drawn
    luma = images[..., 0] if images.shape[3] == 1 else rgb_to_ycbcr(images[..., :3])[..., 0]
    means = _averaged(drawn, average)
    return with_luma(means, np.broadcast_to(luma[:, None], means.shape[:-1]))


def upscale(
    model: str | pathlib.Path | AbstractModel,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    factor: int = 2,
    num_results: int = 1,
    average: int = 1,
    seed: int = 0,
    temperature: float | None = None,
    class_name: str | None = None,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n results out_h out_w c"]:
    """Draws the high frequencies of small pictures; the low ones stay.

    Args:
        model: A dct-completer of the task "upscale", for pictures of any size, of which the mean
            of each 2x2 pixels stays; or a dct-transformer of the order "low-first", for those of
            its own size over the factor, whose quantised levels stay.
        images: Small pictures with the model's channels.
        factor: 2, 4, ...; below the block size of a dct-transformer. A dct-completer enlarges
            twice, again and again.
        num_results: Different results for each picture.
        average: How many draws each result is the mean of.
        seed: Seed for all randomness; the same arguments give the same pictures.
        temperature: Spread of the detail; smaller is less varied. With 0 a dct-completer gives
            the mean that it predicts, and draws nothing. By default it does so where one result of
            one draw is asked for, since that is the best guess; otherwise 1.
        class_name: Which class all of them are of, where the model is told classes.
        progress: Called with the fraction done and a message.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model is of another kind, the pictures do not fit it, or the results are
            more pixels than are drawn at once.
    """
    _check_counts(num_results, average, seed)
    chosen = resolve_model(model)
    count = num_results * average
    if temperature is None:
        temperature = 0.0 if isinstance(chosen, DctCompleter) and count == 1 else 1.0
    if not isinstance(chosen, DctCompleter):
        drawn = transformer.upscale(
            chosen,
            images,
            factor=factor,
            num_results=count,
            seed=seed,
            temperature=temperature,
            class_name=class_name,
            progress=progress,
        )
        return drawn if average == 1 else _averaged(drawn, average)
    _check_drawing(temperature, class_name)
    if factor < FACTOR or factor & (factor - 1):
        raise ConfigError(f"factor must be 2, 4, 8, ..., got {factor}")
    completer.check_pictures(chosen, "upscale", images)
    height, width = images.shape[1:3]
    check_output(chosen, len(images) * count, (factor * height, factor * width))
    generator = torch.Generator().manual_seed(seed)
    drawn = images[:, None]
    while drawn.shape[2] < factor * height:
        num_pictures, num_before = drawn.shape[:2]
        side = drawn.shape[2] // height
        drawn = completer.upscale(
            chosen,
            drawn.reshape(-1, *drawn.shape[2:]),
            num_results=count // num_before,
            generator=generator,
            temperature=temperature,
            progress=progress and _part_of(progress, side, factor),
        )
        drawn = drawn.reshape(num_pictures, count, *drawn.shape[2:])
    return drawn if average == 1 else _averaged(drawn, average)


def _part_of(progress: ProgressCallback, side: int, factor: int) -> ProgressCallback:
    """Of all doublings, from the progress of that of pictures already enlarged to this side.

    The work of one goes with the pixels it makes.
    """
    whole = factor**2 - 1

    def of_all(fraction: float, message: str) -> None:
        progress((side**2 - 1 + 3 * side**2 * fraction) / whole, message)

    return of_all


def native_spec(model: AbstractModel, factor: int = 1) -> ImageSpec | None:
    """What pictures a model completes: its own over the factor, or None for those of any size."""
    if isinstance(model, DctCompleter):
        return None
    height, width = (max(1, length // factor) for length in (model.spec.height, model.spec.width))
    return dataclasses.replace(model.spec, height=height, width=width)


def _check_counts(num_results: int, average: int, seed: int) -> None:
    if num_results < 1 or average < 1:
        raise ConfigError(
            f"at least 1 result of at least 1 draw is needed, got {num_results} of {average}"
        )
    if not 0 <= seed < 1 << 63:
        raise ConfigError(f"seed must be in 0..{(1 << 63) - 1}, got {seed}")


def _check_drawing(temperature: float, class_name: str | None) -> None:
    """Of what a completer is asked for."""
    if not 0 <= temperature < float("inf"):
        raise ConfigError(f"temperature must not be below 0, got {temperature:g}")
    if class_name is not None:
        raise ConfigError("a dct-completer is not told classes; leave out the class")


def _averaged(
    drawn: UInt8[np.ndarray, "n draws h w c"], average: int
) -> UInt8[np.ndarray, "n results h w c"]:
    num_pictures, num_draws, *shape = drawn.shape
    groups = drawn.reshape(num_pictures, num_draws // average, average, *shape)
    return np.rint(groups.mean(2)).astype(np.uint8)
