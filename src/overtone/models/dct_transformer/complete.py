"""Colours for gray pictures and detail for small ones: the rest of a list of DCT triples."""

import pathlib

import numpy as np
import torch

from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, ProgressCallback
from overtone.models.class_index import class_index
from overtone.models.dct_transformer.model import DctTransformer
from overtone.models.dct_transformer.sample import SamplingOptions
from overtone.models.dct_transformer.vocabulary import Vocabulary
from overtone.models.store import resolve_model
from overtone.shapes import Int16, UInt8
from overtone.transform.color import rgb_to_ycbcr, with_luma
from overtone.transform.levels import to_levels
from overtone.transform.quant import quantize
from overtone.transform.scan import zigzag, zigzag_number
from overtone.transform.triples import TripleLists, dense_images, to_triples


def colorize(
    model: str | pathlib.Path | AbstractModel,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    num_results: int = 1,
    seed: int = 0,
    temperature: float = 1.0,
    class_name: str | None = None,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n results h w 3"]:
    """Draws colours for gray pictures, whose luma stays as it is.

    The model sees luma as quantised levels and keeps these bit for bit; what it draws is the
    chroma. The luma samples that were given are put back afterwards, so the luma of a result
    differs from them by at most 1, the rounding of its RGB samples. Where a colour does not fit
    RGB at that luma, its saturation is reduced (`overtone.transform.color.with_luma`).

    Args:
        model: A dct-transformer of colour pictures, trained in the order "luma-first".
        images: Gray or colour, of which the luma is used; of the model's height and width.
        num_results: Different results for each picture.
        seed: Seed for all randomness; the same arguments give the same pictures.
        temperature: Spread of the colours; smaller is less varied.
        class_name: Which class all of them are of, by name or by its number.
        progress: Called with the fraction done and a message.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model is of another kind or order, or the pictures do not fit it.
    """
    chosen = _completer(model, "luma-first", "colorize")
    spec = chosen.spec
    _check_shape(images, spec.height, spec.width)
    luma = images if images.shape[3] == 1 else rgb_to_ycbcr(images[..., :3])[..., :1]
    size = chosen.config.block_size
    (levels,) = to_levels(luma, chosen.vocabulary.tables[:1], size)
    num_bands = size * size
    dense = _dense(chosen.vocabulary, [(0, levels, np.arange(num_bands))])
    drawn = _completed(
        chosen, dense, num_bands, num_results, seed, temperature, class_name, progress
    )
    samples = np.broadcast_to(luma[:, None, ..., 0], drawn.shape[:-1])
    return with_luma(drawn, samples)


def upscale(
    model: str | pathlib.Path | AbstractModel,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    factor: int = 2,
    num_results: int = 1,
    seed: int = 0,
    temperature: float = 1.0,
    class_name: str | None = None,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n results out_h out_w c"]:
    """Draws the high frequencies of small pictures; the levels of the low ones stay, bit for bit.

    A block of B x B coefficients begins with those of the block of the small picture, times the
    factor, because the transform is orthonormal.

    Args:
        model: A dct-transformer trained in the order "low-first".
        images: Small pictures with the model's channels, and its height and width over the factor.
        factor: 2, 4, ... below the model's block size.
        num_results: Different results for each picture.
        seed: Seed for all randomness; the same arguments give the same pictures.
        temperature: Spread of the detail; smaller is less varied.
        class_name: Which class all of them are of, by name or by its number.
        progress: Called with the fraction done and a message.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model is of another kind or order, or the pictures do not fit it.
    """
    chosen = _completer(model, "low-first", "upscale")
    spec, size = chosen.spec, chosen.config.block_size
    if factor < 2 or factor & (factor - 1) or factor >= size:
        raise ConfigError(f"factor must be 2, 4, ... below the block size {size}, got {factor}")
    if spec.height % factor or spec.width % factor:
        raise ConfigError(
            f"pictures of {spec.width}x{spec.height} cannot be divided by {factor}; "
            "give another factor"
        )
    _check_shape(images, spec.height // factor, spec.width // factor)
    if images.shape[3] != spec.channels:
        raise ConfigError(
            f"the model takes pictures of {spec.channels} channels, got {images.shape[3]}"
        )
    small = size // factor
    # Fine steps, so that what is lost by rounding is not seen after the model's own steps.
    fine = [np.ones(small * small, np.int64)] * spec.channels
    parts = []
    raster = zigzag(small)
    bands = zigzag_number(size)[raster // small * size + raster % small]
    for component, own in enumerate(to_levels(images, fine, small)):
        steps = chosen.vocabulary.tables[component][bands][:, None, None]
        parts.append((component, quantize(own * float(factor), steps), bands))
    dense = _dense(chosen.vocabulary, parts)
    first_channel = spec.channels * small * small
    return _completed(
        chosen, dense, first_channel, num_results, seed, temperature, class_name, progress
    )


def _completer(
    model: str | pathlib.Path | AbstractModel, order: str, purpose: str
) -> DctTransformer:
    found = resolve_model(model)
    if not isinstance(found, DctTransformer):
        raise ConfigError(
            f"a dct-completer of the task {purpose} or a dct-transformer is needed to {purpose}, "
            f"this is a {found.name}; train one with overtone train dct-completer"
        )
    if found.config.order != order:
        raise ConfigError(
            f"a model of the order {order} is needed to {purpose}, this one has the order "
            f"{found.config.order}; train one with network.order={order}"
        )
    if purpose == "colorize" and found.spec.channels != 3:
        raise ConfigError("a model of colour pictures is needed to colorize, this one is gray")
    return found


def _check_shape(images: np.ndarray, height: int, width: int) -> None:
    if images.ndim != 4 or images.shape[1:3] != (height, width):
        raise ConfigError(
            f"pictures of {width}x{height} are needed, got the shape {images.shape}; "
            "resize and crop them first"
        )


def _dense(
    vocabulary: Vocabulary, parts: list[tuple[int, np.ndarray, np.ndarray]]
) -> Int16[np.ndarray, "n rows columns k"]:
    """Dense images of some bands of some components; the levels pixels can have, others clipped."""
    sampling, num_bands = vocabulary.sampling, vocabulary.block_size**2
    count = len(parts[0][1])
    levels = [
        np.zeros((count, num_bands, *sampling.grid(c)), np.int16) for c in range(sampling.channels)
    ]
    bounds = vocabulary.bounds.numpy()[vocabulary.rank]
    for component, own, bands in parts:
        most = bounds[component * num_bands + bands][:, None, None]
        levels[component][:, bands] = np.clip(own, -most, most)
    return dense_images(levels, sampling)


def _completed(
    model: DctTransformer,
    dense: Int16[np.ndarray, "n rows columns k"],
    first_channel: int,
    num_results: int,
    seed: int,
    temperature: float,
    class_name: str | None,
    progress: ProgressCallback | None,
) -> UInt8[np.ndarray, "n results h w c"]:
    if num_results < 1:
        raise ConfigError(f"at least 1 result is needed, got {num_results}")
    vocabulary = model.vocabulary
    repeated = np.repeat(dense, num_results, axis=0)
    lists = to_triples(repeated, vocabulary.block_size, vocabulary.order)
    triples = lists.triples.copy()
    triples[:, 0] = vocabulary.rank[triples[:, 0]]
    own = TripleLists(triples, lists.counts).split()
    label = len(model.spec.class_names)
    label = label if class_name is None else class_index(model, class_name)
    generator = torch.Generator().manual_seed(seed)
    results = []
    for start in range(0, len(own), model.num_together):
        some = own[start : start + model.num_together]
        given = TripleLists(np.concatenate(some), np.array([len(each) for each in some]))
        drawn = model.complete(
            given,
            torch.full((len(some),), label),
            first_channel=first_channel,
            generator=generator,
            options=SamplingOptions(temperature=temperature),
        )
        results.append(vocabulary.images_of(drawn))
        if progress is not None:
            progress((start + len(some)) / len(own), f"{start + len(some)} pictures")
    pictures = np.concatenate(results)
    return pictures.reshape(len(dense), num_results, *pictures.shape[1:])
