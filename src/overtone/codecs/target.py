"""Finds the quality that meets a size or a PSNR, or keeps below a size: bracketed interpolation."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from overtone.codecs.base import (
    MAX_QUALITY,
    MIN_QUALITY,
    AbstractCodec,
    EncodeOptions,
    SizedCodec,
    full_view,
)
from overtone.codecs.dct_list import DctListCodec
from overtone.codecs.view import render
from overtone.errors import ConfigError, FitError
from overtone.metrics.psnr import psnr_db
from overtone.shapes import UInt8

SIZE_TOLERANCE = 0.03  # of the size
LIMIT_TOLERANCE = 0.01  # how far below a limit of the size is near enough
PSNR_TOLERANCE_DB = 0.1
MAX_TRIES = 16
# What one step of quality is worth before two points are known.
_USUAL_SLOPE = {"size": math.log(30) / 99, "limit": math.log(30) / 99, "psnr": 15 / 99}


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A file size or a PSNR to reach.

    Attributes:
        kind: What is to be met; of a limit, at most this size.
        value: Bytes, or decibels.
        goal: The caller's words, for messages: "0.3 bpp".
    """

    kind: Literal["size", "limit", "psnr"]
    value: float
    goal: str

    @classmethod
    def from_goal(cls, name: str, value: float, *, num_pixels: int) -> "Target":
        """From an argument of `encode`: "bpp", "size_bytes", "max_size_bytes" or "psnr_db"."""
        if not (math.isfinite(value) and value > 0):
            raise ConfigError(f"{name} must be a positive number, got {value:g}")
        match name:
            case "bpp":
                return cls("size", value * num_pixels / 8, f"{value:g} bpp")
            case "size_bytes":
                return cls("size", value, f"{value} bytes")
            case "max_size_bytes":
                return cls("limit", value, f"at most {value} bytes")
            case "psnr_db":
                return cls("psnr", value, f"{value:g} dB")
            case _:
                raise ValueError(f"unknown goal {name}")

    @property
    def aim(self) -> float:
        """What the search steers at: of a limit, the middle of what is near enough."""
        return self.value * (1 - LIMIT_TOLERANCE / 2) if self.kind == "limit" else self.value

    def is_met(self, gap: float) -> bool:
        """Whether a `gap` as of `_Point.gap` is within tolerance."""
        if self.kind == "psnr":
            return abs(gap) <= PSNR_TOLERANCE_DB
        if self.kind == "limit":
            return 1 - LIMIT_TOLERANCE <= self.aim * math.exp(gap) / self.value <= 1
        return abs(math.expm1(gap)) <= SIZE_TOLERANCE


@dataclasses.dataclass(frozen=True, slots=True)
class _Point:
    """One encoding: `gap` is how far it is above the aim, in dB or in log size."""

    quality: float
    data: bytes
    gap: float
    reached: str


def check_goals(
    codec: AbstractCodec[Any], options: EncodeOptions, goals: Mapping[str, float | None]
) -> dict[str, float]:
    """The goal that was given, if any, once it, the preset and the settings are found to fit.

    Args:
        codec: What is to encode.
        options: Its options.
        goals: What `encode` was given to reach, by its names: "quality", "bpp", "psnr_db" ...

    Raises:
        ConfigError: Something is unknown, out of range, or contradicts something else.
    """
    given = {name: value for name, value in goals.items() if value is not None}
    if len(given) > 1:
        raise ConfigError(f"give only one of {', '.join(goals)}, got {', '.join(given)}")
    if isinstance(codec, DctListCodec) and given:
        raise ConfigError(f"a model codes at its own quality; leave out {next(iter(given))}")
    codec.check(options)
    for name in given.keys() - {"quality"}:
        Target.from_goal(name, given[name], num_pixels=1)  # or it is refused
    if "quality" in given and isinstance(codec, SizedCodec) and not codec.has_quality(options):
        raise ConfigError(
            f"{codec.name} with these settings has no quality; leave it out, and give a size, or "
            "settings such as steps, width and depth"
        )
    return given


def encode_to_target(
    codec: AbstractCodec[Any],
    image: UInt8[np.ndarray, "h w c"],
    options: EncodeOptions,
    target: Target,
) -> bytes:
    """The file whose size or PSNR is within tolerance of the target.

    Of a limit it is the largest file found that is not above it, which is within 1 % of it unless
    the dial is too coarse or ends before.

    Where the codec knows the size beforehand, it encodes once and the size is an upper limit. Else
    each try encodes the whole picture; three or four usually do. Size and PSNR are taken to
    grow with quality, and the last two tries on either side to lie on a line.

    Raises:
        ConfigError: The codec knows sizes beforehand, and a PSNR was asked for.
        FitError: The target is outside the codec's range on this picture, or between two
            neighbouring qualities.
    """
    if isinstance(codec, SizedCodec) and codec.knows_size(options):
        if target.kind == "size":
            return codec.encode(image, codec.options_within(image, options, int(target.value)))
        if not codec.has_quality(options):
            raise ConfigError(
                f"{codec.name} with these settings has no quality to search for {target.goal}; "
                "give a size, or settings such as steps, width and depth, and see the PSNR reached"
            )
    low: _Point | None = None
    high: _Point | None = None
    quality = _on_grid(codec, (MIN_QUALITY + MAX_QUALITY) / 2)
    for number in range(1, MAX_TRIES + 1):
        point = _try(codec, image, options, target, quality, number)
        if target.is_met(point.gap):
            return point.data
        if point.gap < 0:
            low = point
        else:
            high = point
        if quality >= MAX_QUALITY if point.gap < 0 else quality <= MIN_QUALITY:
            if target.kind == "limit" and point.gap < 0:
                return point.data
            end = "highest" if point.gap < 0 else "lowest"
            raise FitError(
                f"{codec.name} reaches {point.reached} at its {end} quality on this picture, "
                f"not {target.goal}; ask for what it can reach"
            )
        quality = _next_quality(codec, target, low, high)
        if low is not None and quality == low.quality:
            break
    if target.kind == "limit" and low is not None:
        return low.data
    tried = [f"{p.reached} (quality {p.quality:g})" for p in (low, high) if p is not None]
    raise FitError(
        f"{codec.name} comes no nearer to {target.goal} on this picture than "
        f"{' and '.join(tried)}; give one of these qualities instead"
    )


def _next_quality(
    codec: AbstractCodec[Any], target: Target, low: _Point | None, high: _Point | None
) -> float:
    """Where to try next, strictly inside the bracket; its lower end if nothing is inside.

    With both ends known that is where the line through them meets the target.
    """
    step = codec.quality_step
    if low is None or high is None:
        only = low or high
        assert only is not None
        # Twice the usual step, so that the target is bracketed sooner.
        guess = only.quality - 2 * only.gap / _USUAL_SLOPE[target.kind]
        floor = MIN_QUALITY if low is None else low.quality + step
        ceiling = MAX_QUALITY if high is None else high.quality - step
    else:
        span = high.quality - low.quality
        if span < 1.5 * step:
            return low.quality
        guess = low.quality - low.gap * span / (high.gap - low.gap)
        margin = max(span / 10, step)
        floor, ceiling = low.quality + margin, high.quality - margin
    return _on_grid(codec, min(max(guess, floor), ceiling))


def _on_grid(codec: AbstractCodec[Any], quality: float) -> float:
    steps = round((quality - MIN_QUALITY) / codec.quality_step)
    return min(max(round(MIN_QUALITY + steps * codec.quality_step, 6), MIN_QUALITY), MAX_QUALITY)


def _try(
    codec: AbstractCodec[Any],
    image: UInt8[np.ndarray, "h w c"],
    options: EncodeOptions,
    target: Target,
    quality: float,
    number: int,
) -> _Point:
    report = options.progress

    def progress(fraction: float, message: str) -> None:
        assert report is not None
        report(fraction, f"try {number}, quality {quality:g}: {message}")

    settings = dataclasses.replace(
        options, quality=quality, progress=None if report is None else progress
    )
    data = codec.encode(image, settings)
    height, width, _ = image.shape
    if target.kind != "psnr":
        gap = math.log(len(data) / target.aim)
        return _Point(quality, data, gap, f"{len(data)} bytes, {_rate(data, width, height)}")
    decoded = render(codec, data, full_view(width, height), num_threads=options.num_threads)
    reached = psnr_db(reference=image, reconstruction=decoded)
    return _Point(quality, data, reached - target.aim, f"{reached:.2f} dB")


def _rate(data: bytes, width: int, height: int) -> str:
    return f"{8 * len(data) / (width * height):.3f} bpp"
