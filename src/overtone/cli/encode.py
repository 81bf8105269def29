"""`overtone encode`: pictures to compressed files."""

import functools
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
    Seed,
    Settings,
    Strip,
    Threads,
)
from overtone.cli.cluster import ClusterAddress, ManifestName, OnCluster, Request, Workers
from overtone.cli.encode_ways import check_only_way, encode_with_model, repack_jpegs
from overtone.cli.files import plan_jobs, write_result
from overtone.cli.outcome import Job, Outcome
from overtone.cli.sources import find_inputs, read_8_bits
from overtone.config import parse_assignments
from overtone.errors import ConfigError
from overtone.imaging.formats import PICTURE_SUFFIXES, endings_like

if TYPE_CHECKING:
    from overtone.batch.work import Conversion
    from overtone.codecs.base import AbstractCodec
    from overtone.imaging.image import Picture

JPEG_SUFFIXES = frozenset({".jpeg", ".jpg"})


def encode(
    inputs: Inputs,
    /,
    *,
    output: Output = None,
    quality: float | None = None,
    bpp: float | None = None,
    size_bytes: Annotated[ByteCount, Parameter(name="--bytes")] = None,
    max_size: ByteCount = None,
    psnr_db: Annotated[float | None, Parameter(name="--psnr")] = None,
    effort: Literal["fast", "default", "best"] = "default",
    codec: str = "tiled-dct",
    lossless: bool = False,
    model: ModelOption = None,
    preset: str | None = None,
    settings: Settings = (),
    seed: Seed = 0,
    threads: Threads = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_seconds: float | None = None,
    convert: bool = False,
    strip: Strip = None,
    recursive: Recursive = False,
    skip_existing: bool = False,
    cluster: ClusterAddress = None,
    workers: Workers = None,
    manifest: ManifestName = None,
    force: bool = False,
    quiet: Quiet = False,
) -> int:
    """Compress pictures, one file out for each.

    Example: overtone encode photo.png -o photo.ovt --bpp 0.3

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: File, folder (for several inputs or a folder) or - for standard output; without it
            each result goes beside its source.
        quality: 1..100, larger is better and bigger; 50 if no goal is given.
        bpp: File size to reach within 3 %, bits per pixel; an upper limit for raw weights.
        size_bytes: File size to reach within 3 %, such as 5k or 1.5M; an upper limit for raw
            weights.
        max_size: File size to come near to but never above, such as 200k.
        psnr_db: PSNR to reach within 0.1 dB.
        effort: Time spent for fewer bytes.
        codec: Name of the codec.
        lossless: Pack JPEG files without loss, with --codec sparse-dct; needs the extra `jpeg`.
        model: Code small pictures with a trained dct-transformer, for this machine only.
        preset: Named settings of the codec, or a TOML file with such.
        settings: Change of a setting of `dfm`, `dfm-latent` or `coin`, such as steps=500; may be
            given often.
        seed: Seed for all randomness.
        threads: Number of worker threads; all processors by default, on a cluster 1 a picture.
        max_pixels: Refuse pictures of more pixels, before they are decoded.
        max_seconds: Give up a picture that takes longer; no limit by default.
        convert: Read CMYK, 16 bits a sample and the first of several frames too, as 8 bits.
        strip: Leave out EXIF and ICC, or with `gps` only where the picture was taken.
        recursive: Search the folders in a folder too; -o gets the same folders.
        skip_existing: Leave out pictures that have a result.
        cluster: Work by Ray: `local` on this machine, `ray` or an address for a running cluster;
            inputs may be lists (@FILE), tar files and s3://, gs://, hf://, and outputs tar files.
        workers: On a cluster: most pictures at a time; one a processor by default.
        manifest: On a cluster: JSON-lines or .parquet file of what became of each picture, which
            the same command goes on from; by default manifest.jsonl in the folder of results.
        force: Replace files that exist.
        quiet: Print errors only.
    """
    from overtone.codecs.registry import get_codec, resolve_num_threads
    from overtone.imaging.metadata import stripped

    chosen = get_codec(codec)
    values = parse_assignments(settings)
    goals = {
        "quality": quality,
        "bpp": bpp,
        "size_bytes": size_bytes,
        "max_size_bytes": max_size,
        "psnr_db": psnr_db,
    }
    if lossless or model is not None:
        check_only_way(codec, goals, values, strip, convert=convert, lossless=lossless)
    on_cluster = OnCluster(cluster, workers, threads, manifest)
    num_threads = resolve_num_threads(threads) if cluster is None else on_cluster.num_threads
    how: dict[str, Any] = dict(effort=effort, preset=preset, settings=values, seed=seed)
    how["num_threads"] = num_threads
    limits = {"max_pixels": max_pixels, "max_seconds": max_seconds}
    outcome = Outcome(quiet=quiet)
    suffixes = JPEG_SUFFIXES if lossless else PICTURE_SUFFIXES
    if cluster is not None:
        reading = convert, strip
        conversion = _conversion(chosen, goals, how, limits, reading, lossless, model)
        request = Request(inputs, output, recursive, skip_existing, force)
        return on_cluster.convert(request, suffixes, conversion, chosen.suffix, outcome)
    sources = find_inputs(inputs, suffixes, outcome, recursive=recursive, output=output)
    plan = functools.partial(plan_jobs, skip_existing=skip_existing, force=force)
    jobs = plan(sources, output, chosen.suffix, outcome, endings=endings_like(chosen.suffix))
    if model is not None:
        return encode_with_model(jobs, model, max_seconds, outcome, force=force)
    if lossless:
        return repack_jpegs(jobs, limits, strip, outcome, force=force)

    def read(source: str) -> "Picture":
        return stripped(read_8_bits(source, convert=convert, max_pixels=max_pixels), strip)

    _check_settings(chosen, goals, how)
    # `_encode_picture` decodes the file, to measure its PSNR.
    encode_pixels = functools.partial(
        overtone.encode, codec=codec, verify=False, max_seconds=max_seconds, **goals, **how
    )
    for job in jobs:
        with outcome.of(job, is_slow=True) as report:
            encode_job = functools.partial(encode_pixels, progress=report)
            outcome.say(_encode_picture(encode_job, chosen, job, read, num_threads, force=force))
    return outcome.exit_code()


def _conversion(
    codec: "AbstractCodec",
    goals: Mapping[str, float | None],
    how: Mapping[str, Any],
    limits: Mapping[str, Any],
    reading: "tuple[bool, Literal['all', 'gps'] | None]",
    lossless: bool,
    model: str | None,
) -> "Conversion":
    """What workers of a cluster do with each picture.

    Args:
        codec: The codec.
        goals: What is to be reached.
        how: The other arguments of `overtone.encode`.
        limits: The most pixels of a picture, and the longest time.
        reading: Whether pictures are converted, and what is not kept of their metadata.
        lossless: Repack JPEG files.
        model: Name of a model to code with, which is refused.
    """
    from overtone.batch.work import Encoding, Repacking

    convert, strip = reading
    if model is not None:
        raise ConfigError("--model codes on this machine alone; leave out --cluster")
    if lossless:
        return Repacking(limits, strip)
    _check_settings(codec, goals, how)
    own = {"codec": codec.name, "max_seconds": limits["max_seconds"]}
    return Encoding({**own, **goals, **how}, convert, limits["max_pixels"], strip)


def _check_settings(
    codec: "AbstractCodec", goals: Mapping[str, float | None], how: Mapping[str, Any]
) -> None:
    """Mistakes that are no picture's fault are reported once, before the first picture is read."""
    from overtone.codecs.base import EncodeOptions
    from overtone.codecs.target import check_goals

    quality = goals["quality"]
    options = EncodeOptions(quality=50.0 if quality is None else quality, **how)
    check_goals(codec, options, goals)


def _encode_picture(
    encode_pixels: Callable[..., bytes],
    codec: "AbstractCodec",
    job: Job,
    read: "Callable[[str], Picture]",
    num_threads: int,
    *,
    force: bool,
) -> str:
    """One picture through `overtone.encode` with the settings of the command, and a line about it.

    The line has the size, the rate, the PSNR of what is decoded, and the time.
    """
    from overtone.codecs.base import full_view
    from overtone.codecs.view import render
    from overtone.metrics.psnr import psnr_db

    started = time.perf_counter()
    picture = read(job.source)
    height, width, _ = picture.pixels.shape
    data = encode_pixels(picture.pixels, metadata=picture.metadata)
    decoded = render(codec, data, full_view(width, height), num_threads=num_threads)
    reached_db = psnr_db(reference=picture.pixels, reconstruction=decoded)
    write_result(job, data, force=force)
    return (
        f"{job.source} -> {job.destination}: {len(data)} bytes, "
        f"{8 * len(data) / (width * height):.3f} bpp, {reached_db:.2f} dB, "
        f"{time.perf_counter() - started:.1f} s"
    )
