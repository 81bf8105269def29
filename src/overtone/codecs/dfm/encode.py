"""Fitting a picture: choose the size of the networks, fit every tile, collect the integers."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from overtone.bitstream.container import Container, Layout, Metadata
from overtone.codecs.base import EncodeOptions
from overtone.codecs.dfm.config import DfmConfig, Size, rd_weight
from overtone.codecs.dfm.fit.network import FittedNetwork, Problem
from overtone.codecs.dfm.fit.settings import FitSettings
from overtone.codecs.dfm.fit.tiles import fit_tiles
from overtone.codecs.dfm.render import colour_axes
from overtone.codecs.dfm.stream import (
    CODEC_ID,
    QUANTISED,
    RAW,
    Plan,
    QuantisedNets,
    check_limits,
    clip_step_indices,
    layer_of_weights,
    pack_plan,
    pack_quantised,
    pack_raw,
)
from overtone.codecs.dfm.tiling import axis
from overtone.entropy.tables import best_table, cost_bits
from overtone.kernels.fourier import NetSpec
from overtone.shapes import Float32, Float64, Int32, UInt8

TRIAL_PX = 256  # side of the regions on which sizes are tried
PIXELS_PER_BATCH = 16  # a tile of n pixels takes batches of n / 16, within the settings' limit
MIN_BATCH = 256
RATE_PIXELS = 1 << 10  # bits of a smaller tile count as if it had so many: its file is small anyway
_SIDE_BITS = 9.0  # step and scale of one layer, about


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FittedPicture:
    """Everything the file needs; `quantised` is None for kind raw."""

    plan: Plan
    weights: Float32[np.ndarray, "tiles weights"]
    quantised: QuantisedNets | None

    def to_bytes(self, metadata: Metadata) -> bytes:
        """The file."""
        if self.quantised is None:
            weights = pack_raw(self.weights)
        else:
            weights = pack_quantised(self.plan, self.quantised)
        return Container(
            codec_id=CODEC_ID,
            width=self.plan.horizontal.length,
            height=self.plan.vertical.length,
            layout=Layout(self.plan.spec.num_outputs),
            sections=(pack_plan(self.plan), weights),
            metadata=metadata,
        ).to_bytes()


def fit_picture(
    image: UInt8[np.ndarray, "h w c"], config: DfmConfig, options: EncodeOptions
) -> FittedPicture:
    """Networks for a picture, in the size that pays."""
    weight = rd_weight(options.quality)
    size = _choose_size(image, config, weight, options)
    plan, problems, means = picture_problems(image, config, size, weight)
    check_limits(plan)
    settings = batched(config.fit, problems[0])

    def report(fraction: float, fitted: Sequence[FittedNetwork | None]) -> None:
        if options.progress is not None:
            ready = [net for net in fitted if net is not None]
            options.progress(fraction, _message(ready, problems, config))

    fitted = fit_tiles(
        problems, settings, seed=options.seed, num_threads=options.num_threads, report=report
    )
    return picture_of_networks(plan, means, fitted, config)


def picture_of_networks(
    plan: Plan,
    means: Int32[np.ndarray, "tiles c"],
    fitted: Sequence[FittedNetwork],
    config: DfmConfig,
) -> FittedPicture:
    """What the file needs of fitted networks, in the order of the plan's tiles."""
    weights = np.stack([net.weights for net in fitted])
    if config.kind == "raw":
        return FittedPicture(plan=plan, weights=weights, quantised=None)
    quantised = QuantisedNets(
        means=means,
        step_indices=np.stack([clip_step_indices(net.step_indices) for net in fitted]),
        levels=np.stack([net.levels for net in fitted]),
    )
    return FittedPicture(plan=plan, weights=weights, quantised=quantised)


def rate_bits(net: FittedNetwork, groups: np.ndarray) -> float:
    """Bits of a network in a file, estimated for choices."""
    layers = [net.levels[groups == layer] for layer in range(int(groups.max()) + 1)]
    return sum(cost_bits(levels, best_table(levels)) + _SIDE_BITS for levels in layers)


def _choose_size(
    image: UInt8[np.ndarray, "h w c"],
    config: DfmConfig,
    weight: float,
    options: EncodeOptions,
) -> Size:
    """The candidate of least distortion + weight * rate on trial regions, after shorter fits.

    Candidates are in the order of their rate; only the one the dial points at and its neighbours
    are tried. Without trials, the dial decides.
    """
    place = size_of_quality(config, options.quality)
    if config.trial_fraction == 0:
        return config.sizes[place]
    num_steps = max(1, round(config.fit.num_steps * config.trial_fraction))
    short = dataclasses.replace(config.fit, num_steps=num_steps, num_starts=1)
    candidates = config.sizes[max(0, place - 1) : place + 2]
    costs = []
    for size in candidates if len(candidates) > 1 else ():
        problems = []
        for region in _trial_regions(image):
            problems += picture_problems(region, config, size, weight)[1]
        fitted = fit_tiles(
            problems,
            batched(short, problems[0]),
            seed=options.seed,
            num_threads=options.num_threads,
            report=lambda fraction, nets: _keep_alive(options),
        )
        costs.append(sum(_loss(net, task) for net, task in zip(fitted, problems, strict=True)))
    return candidates[int(np.argmin(costs)) if costs else 0]


def size_of_quality(config: DfmConfig, quality: float) -> int:
    """Which of the sizes the dial points at."""
    last = len(config.sizes) - 1
    return min(last, round(quality / 100 * last + 0.5))


def _keep_alive(options: EncodeOptions) -> None:
    if options.progress is not None:
        options.progress(0.0, "trying sizes")


def _loss(net: FittedNetwork, task: Problem) -> float:
    """Squared error + weight * bits, both summed over the tile's pixels."""
    num_pixels = task.positions.shape[1]
    bits = rate_bits(net, task.groups)
    return num_pixels * (net.mean_squared_error + task.rate_weight * bits)


def _trial_regions(image: UInt8[np.ndarray, "h w c"]) -> list[UInt8[np.ndarray, "h w c"]]:
    """Two regions on a diagonal, or the whole picture when it is small."""
    height, width, _ = image.shape
    if height * width <= 2 * TRIAL_PX**2:
        return [image]
    tall, wide = min(TRIAL_PX, height), min(TRIAL_PX, width)
    corners = [((height - tall) * i // 3, (width - wide) * i // 3) for i in (1, 2)]
    return [image[top : top + tall, left : left + wide] for top, left in corners]


def plan_of(shape: tuple[int, ...], config: DfmConfig, size: Size) -> Plan:
    """Which networks a picture of `shape`, height, width and channels, gets in a size."""
    height, width, num_channels = shape
    spec = NetSpec(
        input_scales=size.input_scales,
        hidden=size.hidden,
        num_outputs=num_channels,
        has_residual=config.has_residual,
        output=config.output,
    )
    return Plan(
        kind=RAW if config.kind == "raw" else QUANTISED,
        spec=spec,
        horizontal=axis(width, size.tile_px, config.margin_px),
        vertical=axis(height, size.tile_px, config.margin_px),
    )


def picture_problems(
    image: UInt8[np.ndarray, "h w c"], config: DfmConfig, size: Size, weight: float
) -> tuple[Plan, list[Problem], np.ndarray]:
    """The plan, a fitting problem a tile, and the mean colours that the file stores for them."""
    plan = plan_of(image.shape, config, size)
    spec = plan.spec
    problems, means = [], []
    for row in range(plan.vertical.count):
        for column in range(plan.horizontal.count):
            at_y, at_x = plan.vertical.pixels(row), plan.horizontal.pixels(column)
            pixels = image[at_y.start : at_y.stop, at_x.start : at_x.stop]
            x = plan.horizontal.local(column, np.array(at_x) + 0.5)
            y = plan.vertical.local(row, np.array(at_y) + 0.5)
            mean = _stored_mean(pixels, config)
            means.append(mean)
            problems.append(
                Problem(
                    spec=spec,
                    positions=_grid(x, y),
                    targets=_targets(pixels, mean, config.output == "tanh"),
                    groups=_groups(spec, config),
                    rate_weight=weight / max(pixels.shape[0] * pixels.shape[1], RATE_PIXELS),
                )
            )
    return plan, problems, np.stack(means)


def _stored_mean(pixels: UInt8[np.ndarray, "h w c"], config: DfmConfig) -> Int32[np.ndarray, " c"]:
    """The mean colour of a tile, to which its network adds; zero for raw files, which have none."""
    if config.kind == "raw":
        return np.zeros(pixels.shape[2], np.int32)
    return np.rint(pixels.mean(axis=(0, 1))).astype(np.int32)


def _groups(spec: NetSpec, config: DfmConfig) -> np.ndarray:
    groups = layer_of_weights(spec)
    return np.zeros_like(groups) if config.kind == "raw" else groups


def _grid(x: Float64[np.ndarray, " w"], y: Float64[np.ndarray, " h"]) -> Float32[np.ndarray, "2 n"]:
    columns, rows = np.meshgrid(x, y)
    return np.stack([columns.ravel(), rows.ravel()]).astype(np.float32)


def _targets(
    pixels: UInt8[np.ndarray, "h w c"], mean: np.ndarray, has_tanh: bool
) -> Float32[np.ndarray, "c n"]:
    values = pixels.reshape(-1, pixels.shape[2]).astype(np.float64)
    if has_tanh:
        return np.ascontiguousarray((values / 127.5 - 1).T, dtype=np.float32)
    rotated = colour_axes(pixels.shape[2]) @ ((values - mean) / 255).T
    return np.ascontiguousarray(rotated, dtype=np.float32)


def batched(settings: FitSettings, task: Problem) -> FitSettings:
    """Batches in proportion to the tile for our own fits; the published one stays as it is."""
    if settings.init == "published":
        return settings
    fair = max(MIN_BATCH, task.positions.shape[1] // PIXELS_PER_BATCH)
    return dataclasses.replace(settings, batch_size=min(settings.batch_size, fair))


def _message(ready: list[FittedNetwork], problems: list[Problem], config: DfmConfig) -> str:
    """Rate and PSNR of the tiles that are ready."""
    if not ready:
        noun = "network" if len(problems) == 1 else "networks"
        return f"fitting {len(problems)} {noun} of {problems[0].spec.num_weights} weights"
    error = float(np.mean([net.mean_squared_error for net in ready]))
    if config.output == "tanh":
        error /= 4  # targets on [-1, 1]
    psnr = -10 * np.log10(max(error, 1e-10))
    num_pixels = problems[0].positions.shape[1]
    if config.kind == "raw":
        bits = 32.0 * ready[0].weights.size
    else:
        bits = float(np.mean([rate_bits(net, problems[0].groups) for net in ready]))
    return f"{bits / num_pixels:.3f} bpp, {psnr:.2f} dB"
