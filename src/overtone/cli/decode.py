"""`overtone decode`: compressed files to pictures, at any size and of any part."""

import pathlib
import sys
from collections.abc import Sequence
from typing import Annotated

import cyclopts
from cyclopts import Parameter

import overtone
from overtone.cli.arguments import (
    Inputs,
    ModelOption,
    Output,
    Size,
    Threads,
    whole_numbers,
)
from overtone.cli.files import STREAM, Job, Outcome, plan_jobs, run_jobs, write_bytes
from overtone.cli.sources import find_inputs, read_bytes
from overtone.errors import ConfigError

DEFAULT_SUFFIX = ".png"
JPEG_SUFFIX = ".jpg"


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
        tuple[int, int, int, int] | None, Parameter(converter=_crop, n_tokens=1, metavar="X,Y,W,H")
    ] = None,
    max_bytes: int | None = None,
    to_jpeg: bool = False,
    model: ModelOption = None,
    max_pixels: int | None = None,
    threads: Threads = None,
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
        max_bytes: Use the first bytes of each file only (codec sparse-dct); no more need be there.
        to_jpeg: Write the JPEG file with the same coefficients (codec sparse-dct, extra `jpeg`).
        model: The trained model that the files were coded with.
        max_pixels: Refuse pictures and outputs of more pixels; 268435456 by default.
        threads: Number of worker threads; all processors by default.
        force: Replace files that exist.
    """
    from overtone.bitstream.container import DEFAULT_MAX_PIXELS
    from overtone.codecs.registry import decode as decode_file
    from overtone.codecs.registry import read_container
    from overtone.imaging.image import Picture, picture_to_bytes

    limit = DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels
    sources = find_inputs(inputs, {".ovt"})
    jobs = plan_jobs(sources, output, JPEG_SUFFIX if to_jpeg else DEFAULT_SUFFIX, force=force)
    if to_jpeg:
        chosen = {"scale": scale, "size": size, "crop": crop}
        given = [name for name, value in chosen.items() if value is not None]
        if given:
            raise ConfigError(f"--to-jpeg keeps the coefficients; leave out --{given[0]}")
        return run_jobs(jobs, lambda job: _to_jpeg(job, max_bytes, force=force))

    list_model = None
    if model is not None:
        from overtone.codecs.dct_list import as_list_model
        from overtone.models.store import load_model

        list_model = as_list_model(load_model(model))

    def work(job: Job) -> None:
        suffix = _suffix_for(job.destination)
        file = read_container(read_bytes(job.source), max_bytes=max_bytes, max_pixels=limit)
        pixels = decode_file(
            file,
            scale=scale,
            size=size,
            crop=crop,
            max_pixels=limit,
            num_threads=threads,
            model=list_model,
        )
        picture = Picture(pixels, file.metadata)
        write_bytes(job.destination, picture_to_bytes(picture, suffix), force=force)
        height, width, _ = pixels.shape
        print(f"{job.source} -> {job.destination}: {width}x{height} pixels", file=sys.stderr)

    outcome = Outcome()
    for job in jobs:
        with outcome.of(job):
            work(job)
    return outcome.exit_code()


def _to_jpeg(job: Job, max_bytes: int | None, *, force: bool) -> None:
    if job.destination != STREAM and _suffix_for(job.destination) not in (JPEG_SUFFIX, ".jpeg"):
        raise ConfigError(f"--to-jpeg writes JPEG files, not {job.destination}; name it .jpg")
    data = read_bytes(job.source)
    jpeg = overtone.to_jpeg(data if max_bytes is None else overtone.shorten(data, max_bytes))
    write_bytes(job.destination, jpeg, force=force)
    print(f"{job.source} -> {job.destination}: {len(jpeg)} bytes", file=sys.stderr)


def _suffix_for(destination: str) -> str:
    if destination == STREAM:
        return DEFAULT_SUFFIX
    suffix = pathlib.Path(destination).suffix.lower()
    if suffix in ("", ".ovt"):
        raise ConfigError(f"the name {destination} must end in a picture format, such as .png")
    return suffix
