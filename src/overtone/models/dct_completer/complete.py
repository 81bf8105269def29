"""Colours for gray pictures and detail for small ones, of any size, by a completer."""

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from overtone.errors import ConfigError
from overtone.models.base import ProgressCallback, from_pixels, to_pixels
from overtone.models.dct_completer.cells import (
    FACTOR,
    cell_side,
    chroma_of,
    doubled,
    enlarged,
    given_of_luma,
    num_missing,
    padded,
    to_images,
    to_planes,
)
from overtone.models.dct_completer.config import Task
from overtone.models.dct_completer.model import DctCompleter
from overtone.models.dct_completer.net import MULTIPLE
from overtone.shapes import Float, UInt8
from overtone.transform.color import rgb_to_ycbcr, with_luma

WINDOW = 128  # samples a side of a small picture that are completed at once
HALO = 24  # and around them, even; networks see further, but by less than a level of 255
MAX_CELLS = 1 << 15  # of pictures that are completed together
GUIDE_EPSILON = 0.0003  # variance of luma, of 2, below which chroma does not follow it


def colorize(
    model: DctCompleter,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    num_results: int,
    generator: torch.Generator,
    temperature: float,
    progress: ProgressCallback | None,
) -> UInt8[np.ndarray, "n results h w 3"]:
    """Colours pictures whose luma samples stay, to within 1 of 255.

    Pictures whose shorter side is longer than the model's `work_side` are coloured at that size.
    Their colours are enlarged as local linear functions of luma, so that they end at its edges.

    Source of the enlargement: He, Sun, Tang, "Guided image filtering", 2013, equations 5 and 6.

    Args:
        model: A completer of the task "colorize".
        images: Gray or colour, of which the luma is used.
        num_results: Different results for each picture.
        generator: Source of all randomness.
        temperature: Spread of the colours; 0 gives the mean alone.
        progress: Called with the fraction done and a message.
    """
    check_pictures(model, "colorize", images)
    luma = images[..., 0] if images.shape[3] == 1 else rgb_to_ycbcr(images[..., :3])[..., 0]
    small = _reduced(luma, model.config.work_side or min(model.spec.height, model.spec.width))
    guide = _values_of(small[..., None])
    given = given_of_luma(padded(guide, MULTIPLE * cell_side("colorize")))
    found = _completed(model, given, num_results, generator, temperature, progress)
    rows, columns = (-(-length // 2) for length in guide.shape[2:])
    results = []
    for own, cells in zip(luma, found, strict=True):
        here = guide[len(results) : len(results) + 1]
        chroma = chroma_of(cells)[..., :rows, :columns]
        full = _values_of(own[None, ..., None])
        if small.shape == luma.shape:
            chroma = doubled(chroma)[..., : own.shape[0], : own.shape[1]]
        else:
            chroma = _following(chroma, here, full)
        planes = torch.cat([full.expand(len(chroma), -1, -1, -1), chroma], 1)
        results.append(
            with_luma(to_pixels(to_images(planes)), np.broadcast_to(own, chroma[:, 0].shape))
        )
    return np.stack(results)


def upscale(
    model: DctCompleter,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    num_results: int,
    generator: torch.Generator,
    temperature: float,
    progress: ProgressCallback | None,
) -> UInt8[np.ndarray, "n results out_h out_w c"]:
    """Enlarges pictures twice; the mean of each 2x2 pixels stays, but for rounding and clipping.

    Large pictures are completed in windows that see what is around them.

    Args:
        model: A completer of the task "upscale".
        images: Small pictures with the model's channels.
        num_results: Different results for each picture.
        generator: Source of all randomness.
        temperature: Spread of the detail; 0 gives the mean alone.
        progress: Called with the fraction done and a message.
    """
    check_pictures(model, "upscale", images)
    channels, (height, width) = model.spec.channels, images.shape[1:3]
    if images.shape[3] != channels:
        raise ConfigError(
            f"the model takes {channels} channels, these pictures have {images.shape[3]}"
        )
    given = padded(to_planes(_values_of(images)), MULTIPLE)
    found = _completed(model, given, num_results, generator, temperature, progress)
    results = []
    for own, cells in zip(given, found, strict=True):
        planes = enlarged(own.expand(len(cells), -1, -1, -1), cells)
        results.append(to_pixels(to_images(planes)[..., : FACTOR * height, : FACTOR * width]))
    return np.stack(results)


def check_pictures(model: DctCompleter, task: Task, images: np.ndarray) -> None:
    """Raises `ConfigError` unless the model has the task and these are n pictures (n, h, w, c)."""
    if model.config.task != task:
        raise ConfigError(
            f"a model with network.task={task} is needed to {task}, this one's is "
            f"{model.config.task}; train one"
        )
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        raise ConfigError(f"gray or RGB pictures are needed, got an array of {images.shape}")


def _values_of(pixels: UInt8[np.ndarray, "n h w c"]) -> Float[Tensor, "n c h w"]:
    """Pixels in [-1, 1]; copied, since PyTorch takes no arrays that are only to be read."""
    return from_pixels(torch.from_numpy(pixels.copy()))


@torch.no_grad()
def _completed(
    model: DctCompleter,
    given: Float[Tensor, "n g rows columns"],
    num_results: int,
    generator: torch.Generator,
    temperature: float,
    progress: ProgressCallback | None,
) -> Float[Tensor, "n results m rows columns"]:
    """Missing coefficients of each result of each picture, on the processor."""
    device = model.given_mean.device
    missing = num_missing(model.config.task, model.spec.channels)
    count, _, rows, columns = given.shape
    found = torch.empty(count, num_results, missing, rows, columns)
    together = max(1, MAX_CELLS // (num_results * min(rows * columns, (WINDOW + 2 * HALO) ** 2)))
    for start in range(0, count, together):
        some = given[start : start + together]
        shape = (len(some), num_results, missing, rows, columns)
        noise = torch.randn(shape, generator=generator)
        for outer, inner, kept in _windows(rows, columns, whole=model.config.heads > 0):
            around = some[..., outer[0], outer[1]].repeat_interleave(num_results, 0)
            own = noise[..., outer[0], outer[1]].flatten(0, 1)
            done = model.complete(around.to(device), temperature=temperature, noise=own.to(device))
            done = done.unflatten(0, (-1, num_results))[..., kept[0], kept[1]]
            found[start : start + together, ..., inner[0], inner[1]] = done.cpu()
        if progress is not None:
            at = start + len(some)
            progress(at / count, f"{at} pictures")
    return found


Box = tuple[slice, slice]


def _windows(rows: int, columns: int, *, whole: bool) -> Iterator[tuple[Box, Box, Box]]:
    """What is seen, what of it is kept, and where that lies in what is seen."""
    step = max(rows, columns) if whole else WINDOW
    for top in range(0, rows, step):
        for left in range(0, columns, step):
            spans = [
                (max(0, at - HALO), min(end, at + step + HALO), at, min(end, at + step))
                for at, end in ((top, rows), (left, columns))
            ]
            outer = tuple(slice(first, last) for first, last, _, _ in spans)
            inner = tuple(slice(first, last) for _, _, first, last in spans)
            kept = tuple(slice(at - first, last - first) for first, _, at, last in spans)
            yield outer, inner, kept  # pyright: ignore[reportReturnType]


def _reduced(
    luma: UInt8[np.ndarray, "n h w"], side: int
) -> UInt8[np.ndarray, "n _small_h _small_w"]:
    """Pictures whose shorter side is longer than this made as small, by Lanczos's filter."""
    height, width = luma.shape[1:]
    shorter = min(height, width)
    if shorter <= side:
        return luma
    size = (round(width * side / shorter), round(height * side / shorter))
    return np.stack(
        [np.asarray(Image.fromarray(own).resize(size, Image.Resampling.LANCZOS)) for own in luma]
    )


def _resized(
    planes: Float[Tensor, "b c rows columns"],
    extent: tuple[int, ...],
    size: tuple[int, ...],
) -> Float[Tensor, "b c _h _w"]:
    """At another size, by straight lines between the samples.

    Args:
        planes: Each sample is of 2x2 pixels; where a side is odd the last ones reach beyond it.
        extent: Height and width of the picture in those pixels.
        size: Height and width of the result, which is all of the picture and nothing beyond.
    """
    places = [
        (2 * torch.arange(length) + 1) / length * (reached / (2 * samples)) - 1
        for length, reached, samples in zip(size, extent, planes.shape[2:], strict=True)
    ]
    grid = torch.stack(torch.meshgrid(places[1], places[0], indexing="xy"), -1)
    grid = grid.expand(len(planes), -1, -1, -1)
    return grid_sample(planes, grid, padding_mode="border", align_corners=False)


def _following(
    chroma: Float[Tensor, "b 2 rows columns"],
    guide: Float[Tensor, "1 1 small_h small_w"],
    luma: Float[Tensor, "1 1 h w"],
) -> Float[Tensor, "b 2 h w"]:
    """Chroma as the local linear function of the small luma that fits it best, of the full luma."""

    def around(x: Tensor) -> Tensor:
        return avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)

    halved = avg_pool2d(padded(guide, 2), 2)
    mean, target = around(halved), around(chroma)
    variance = around(halved * halved) - mean * mean
    slope = (around(halved * chroma) - mean * target) / (variance + GUIDE_EPSILON)
    start = target - slope * mean
    slope, start = (
        _resized(around(each), guide.shape[2:], luma.shape[2:]) for each in (slope, start)
    )
    return slope * luma + start
