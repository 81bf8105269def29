"""`overtone decode`: compressed files to pictures, at any size and of any part."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

import overtone
from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.cli.arguments import (
    ByteCount,
    Inputs,
    ModelOption,
    Output,
    Quiet,
    Recursive,
    Size,
    Strip,
    Threads,
    whole_numbers,
)
from overtone.cli.cluster import ClusterAddress, ManifestName, OnCluster, Request, Workers
from overtone.cli.files import STREAM, plan_jobs, run_jobs, write_result
from overtone.cli.outcome import Job, Outcome
from overtone.cli.sources import find_inputs, read_bytes
from overtone.errors import ConfigError
from overtone.files import is_stream

if TYPE_CHECKING:
    from overtone.codecs.dct_list import PictureListModel

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
    max_bytes: ByteCount = None,
    to_jpeg: bool = False,
    model: ModelOption = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_seconds: float | None = None,
    strip: Strip = None,
    recursive: Recursive = False,
    skip_existing: bool = False,
    threads: Threads = None,
    cluster: ClusterAddress = None,
    workers: Workers = None,
    manifest: ManifestName = None,
    force: bool = False,
    quiet: Quiet = False,
) -> int:
    """Decode .ovt files to pictures, one file out for each.

    Other sizes are evaluated by the codec itself, not resampled from decoded pixels.

    Example: overtone decode photo.ovt -o large.png --scale 2.5

    Args:
        inputs: Files, folders of .ovt files, globs, or - for standard input.
        output: File, folder (for several inputs or a folder) or - for a PNG on standard output;
            the ending chooses the format, PNG by default.
        scale: Output pixels per source pixel.
        size: Output size WxH, instead of a scale.
        crop: Part to decode, X,Y,W,H in source pixels: left, top, width, height.
        max_bytes: Use the first bytes of each file only (codec sparse-dct); no more need be there.
        to_jpeg: Write the JPEG file with the same coefficients (codec sparse-dct, extra `jpeg`).
        model: The trained model that the files were coded with.
        max_pixels: Refuse pictures and outputs of more pixels.
        max_seconds: Give up a file that takes longer; no limit by default.
        threads: Number of worker threads; all processors by default, on a cluster 1 a picture.
        strip: Leave out EXIF and ICC, or with `gps` only where the picture was taken.
        recursive: Search the folders in a folder too; -o gets the same folders.
        skip_existing: Leave out files that have a result.
        cluster: Work by Ray: `local` on this machine, `ray` or an address for a running cluster;
            inputs may be lists (@FILE), tar files and s3://, gs://, hf://, and outputs tar files.
        workers: On a cluster: most pictures at a time; one a processor by default.
        manifest: On a cluster: JSON-lines or .parquet file of what became of each picture, which
            the same command goes on from; by default manifest.jsonl in the folder of results.
        force: Replace files that exist.
        quiet: Print errors only.
    """
    from overtone.batch.work import Decoding, ToJpeg
    from overtone.codecs.registry import decode as decode_file
    from overtone.codecs.registry import read_container
    from overtone.imaging.image import Picture, picture_to_bytes
    from overtone.imaging.metadata import stripped

    outcome = Outcome(quiet=quiet)
    on_cluster = OnCluster(cluster, workers, threads, manifest)
    limits: dict[str, Any] = {"max_pixels": max_pixels, "max_seconds": max_seconds}
    view: dict[str, Any] = {"scale": scale, "size": size, "crop": crop}
    if to_jpeg:
        _check_only_jpeg({**view, "strip": strip})
    ending = JPEG_SUFFIX if to_jpeg else DEFAULT_SUFFIX
    if cluster is not None:
        if model is not None:
            raise ConfigError("--model decodes on this machine alone; leave out --cluster")
        decoding = Decoding(
            view | limits | {"num_threads": on_cluster.num_threads}, max_bytes, strip, ending
        )
        conversion = ToJpeg(limits, max_bytes) if to_jpeg else decoding
        request = Request(inputs, output, recursive, skip_existing, force)
        return on_cluster.convert(request, {".ovt"}, conversion, ending, outcome)
    sources = find_inputs(inputs, {".ovt"}, outcome, recursive=recursive, output=output)
    jobs = plan_jobs(sources, output, ending, outcome, skip_existing=skip_existing, force=force)
    if to_jpeg:
        return run_jobs(
            jobs, outcome, lambda job: _to_jpeg(job, max_bytes, limits, outcome, force=force)
        )

    how: Any = {"num_threads": threads, "model": None if model is None else _list_model(model)}

    def work(job: Job) -> None:
        suffix = _suffix_for(job.destination)
        file = read_container(read_bytes(job.source), max_bytes=max_bytes, max_pixels=max_pixels)
        pixels = decode_file(file, **view, **limits, **how)
        picture = stripped(Picture(pixels, file.metadata), strip)
        write_result(job, picture_to_bytes(picture, suffix), force=force)
        height, width, _ = picture.pixels.shape
        outcome.say(f"{job.source} -> {job.destination}: {width}x{height} pixels")

    for job in jobs:
        with outcome.of(job):
            work(job)
    return outcome.exit_code()


def _list_model(name: str) -> "PictureListModel":
    from overtone.codecs.dct_list import as_list_model
    from overtone.models.store import load_model

    return as_list_model(load_model(name))


def _check_only_jpeg(chosen: Mapping[str, Any]) -> None:
    """Refuses what changes the picture."""
    given = [name for name, value in chosen.items() if value is not None]
    if given:
        raise ConfigError(f"--to-jpeg keeps the coefficients; leave out --{given[0]}")


def _to_jpeg(
    job: Job, max_bytes: int | None, limits: Mapping[str, Any], outcome: Outcome, *, force: bool
) -> None:
    named = not (job.destination == STREAM or is_stream(job.destination))
    if named and _suffix_for(job.destination) not in (JPEG_SUFFIX, ".jpeg"):
        raise ConfigError(f"--to-jpeg writes JPEG files, not {job.destination}; name it .jpg")
    data = read_bytes(job.source)
    data = data if max_bytes is None else overtone.shorten(data, max_bytes)
    jpeg = overtone.to_jpeg(data, **limits)
    write_result(job, jpeg, force=force)
    outcome.say(f"{job.source} -> {job.destination}: {len(jpeg)} bytes")


def _suffix_for(destination: str) -> str:
    if destination == STREAM or is_stream(destination):
        return DEFAULT_SUFFIX
    suffix = pathlib.Path(destination).suffix.lower()
    if suffix in ("", ".ovt"):
        raise ConfigError(f"the name {destination} must end in a picture format, such as .png")
    return suffix
