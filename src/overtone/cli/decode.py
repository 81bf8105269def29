"""`overtone decode`: compressed files to pictures, at any size and of any part."""

import pathlib
import sys
from collections.abc import Sequence
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from overtone.cli.arguments import Inputs, Output, Size, whole_numbers
from overtone.cli.files import (
    STREAM,
    Job,
    find_inputs,
    plan_jobs,
    read_bytes,
    run_jobs,
    write_bytes,
)
from overtone.errors import ConfigError

DEFAULT_SUFFIX = ".png"


def _crop(_: object, tokens: Sequence[cyclopts.Token]) -> tuple[int, int, int, int]:
    x, y, width, height = whole_numbers(tokens[0].value, ",", 4, "X,Y,W,H")
    return x, y, width, height


def decode(
    inputs: Inputs,
    /,
    *,
    output: Output = None,
    scale: float | None = None,
    size: Size = None,
    crop: Annotated[
        tuple[int, int, int, int] | None, Parameter(converter=_crop, n_tokens=1)
    ] = None,
    max_pixels: int | None = None,
    threads: int | None = None,
    force: bool = False,
) -> int:
    """Decode .ovt files to pictures, one file out for each.

    Other sizes are evaluated by the codec itself, not resampled from decoded pixels.

    Example: overtone decode photo.ovt -o large.png --scale 2.5

    Args:
        inputs: Files, folders of .ovt files, globs, or - for standard input.
        output: File, folder (for several inputs) or - for a PNG on standard output; the ending
            chooses the format, PNG by default.
        scale: Output pixels per source pixel.
        size: Output size WxH, instead of a scale.
        crop: Part to decode, X,Y,W,H in source pixels: left, top, width, height.
        max_pixels: Refuse pictures and outputs of more pixels; 268435456 by default.
        threads: Worker threads; all processors by default.
        force: Replace files that exist.
    """
    from overtone.bitstream.container import DEFAULT_MAX_PIXELS, Container
    from overtone.codecs.registry import decode as decode_bytes
    from overtone.image import Picture, picture_to_bytes

    limit = DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels

    def work(job: Job) -> None:
        suffix = _suffix_for(job.destination)
        data = read_bytes(job.source)
        pixels = decode_bytes(
            data, scale=scale, size=size, crop=crop, max_pixels=limit, num_threads=threads
        )
        picture = Picture(pixels, Container.from_bytes(data).metadata)
        write_bytes(job.destination, picture_to_bytes(picture, suffix), force=force)
        height, width, _ = pixels.shape
        print(f"{job.source} -> {job.destination}: {width}x{height} pixels", file=sys.stderr)

    sources = find_inputs(inputs, {".ovt"})
    return run_jobs(plan_jobs(sources, output, DEFAULT_SUFFIX, force=force), work)


def _suffix_for(destination: str) -> str:
    if destination == STREAM:
        return DEFAULT_SUFFIX
    suffix = pathlib.Path(destination).suffix.lower()
    if suffix in ("", ".ovt"):
        raise ConfigError(f"the name {destination} must end in a picture format, such as .png")
    return suffix
