"""Pictures x codecs x settings to rows, one file at a time, skipping what is already known."""

import dataclasses
import pathlib
import statistics
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import numpy as np

from overtone.bitstream.container import Layout
from overtone.codecs.base import AbstractCodec, Effort, EncodeOptions, ProgressCallback, full_view
from overtone.codecs.registry import get_codec
from overtone.codecs.view import render
from overtone.errors import ConfigError, OvertoneError
from overtone.evaluate.provenance import commit, machine, now
from overtone.evaluate.rate_distortion.match import Attempt, encode_near, encode_once
from overtone.evaluate.rate_distortion.rows import (
    Row,
    append_row,
    codec_version,
    image_hash,
    read_rows,
)
from overtone.imaging.image import read_picture
from overtone.metrics import all_metrics, rate_bpp
from overtone.shapes import UInt8

NUM_DECODES = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How to encode: a codec and either a quality or a rate to search for.

    Attributes:
        codec: Key in the table of codecs.
        quality: Quality to encode with, 1..100; None with a target.
        target_bpp: Rate to come nearest to, bits per pixel; None with a quality.
        preset: Preset of the codec; None is its own choice.
        effort: Effort of the encoder.
        seed: Seed of the encoder.
        num_threads: Number of threads for encoding and decoding.
    """

    codec: str
    quality: float | None = None
    target_bpp: float | None = None
    preset: str | None = None
    effort: Effort = "default"
    seed: int = 0
    num_threads: int = 2

    def __post_init__(self) -> None:
        if (self.quality is None) == (self.target_bpp is None):
            raise ConfigError("a setting has a quality or a rate, and not both")


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """A picture and its name in the suite."""

    name: str
    image: UInt8[np.ndarray, "h w c"]


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """A row with the file that was measured and the pixels decoded from it."""

    row: Row
    data: bytes
    decoded: UInt8[np.ndarray, "h w c"]


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row to be measured, and the file it belongs in."""

    sample: Sample
    setting: Setting
    path: pathlib.Path


def load_sample(path: pathlib.Path) -> Sample:
    """The picture in a file, named after it."""
    return Sample(path.stem, read_picture(str(path)).pixels)


def plan(
    samples: Sequence[Sample],
    settings: Iterable[Setting],
    folder: pathlib.Path,
    *,
    force: bool = False,
) -> list[PlannedRow]:
    """What is left to do for every setting on every sample.

    A row that the same code has measured with the same setting on the same pixels is not measured
    again unless `force`. Settings come in the outer order, so that an early look at unfinished
    results compares whole sets.
    """
    known = set() if force else {_identity(row) for row in read_rows(folder)}
    planned = []
    hashes = [image_hash(sample.image) for sample in samples]
    for setting in settings:
        get_codec(setting.codec)  # an unknown one is named before anything is measured
        version = codec_version(setting.codec)
        code = None if version.startswith("Pillow") else commit()
        for sample, digest in zip(samples, hashes, strict=True):
            identity = (
                digest,
                setting.codec,
                setting.preset,
                setting.effort,
                setting.target_bpp or setting.quality,
                setting.target_bpp is None,
                setting.seed,
                version,
                code,
            )
            if identity not in known:
                planned.append(PlannedRow(sample, setting, folder / f"{setting.codec}.jsonl"))
    return planned


def _identity(row: Row) -> tuple[object, ...]:
    return (
        row.image_hash,
        row.codec,
        row.preset,
        row.effort,
        row.target_bpp or row.quality,
        row.target_bpp is None,
        row.seed,
        row.version,
        None if row.version.startswith("Pillow") else row.commit,
    )


def run(
    planned: Iterable[PlannedRow],
    *,
    suite: str,
    progress: ProgressCallback | None = None,
    on_error: Callable[[PlannedRow, Exception], None] | None = None,
) -> Generator[Measured, None, None]:
    """Measures each planned row, appends its row to its file, and yields it.

    Args:
        planned: What is to be measured.
        suite: Name of the set of pictures, in the rows.
        progress: Called by the codecs at work.
        on_error: Called for a row that cannot be measured, which then does not stop the others.
    """
    warm: set[str] = set()
    for each in planned:
        if each.setting.codec not in warm:
            warm.add(each.setting.codec)
            warm_up(each.setting)
        try:
            measured = measure_picture(each.sample, each.setting, suite=suite, progress=progress)
        except (OvertoneError, MemoryError) as error:
            if on_error is None:
                raise
            on_error(each, error)
            continue
        append_row(each.path, measured.row)
        yield measured


def measure_picture(
    sample: Sample, setting: Setting, *, suite: str, progress: ProgressCallback | None = None
) -> Measured:
    """Encodes a picture, decodes the file, and scores the 8-bit pixels that come back."""
    codec = get_codec(setting.codec)
    image = as_held_by(codec, sample.image)
    options = _options(setting, progress)
    if setting.target_bpp is None:
        attempt = encode_once(codec, image, options)
    else:
        size_bytes = setting.target_bpp * image.shape[0] * image.shape[1] / 8
        attempt = encode_near(codec, image, options, size_bytes)
    return score(sample, setting, attempt, suite=suite)


def score(sample: Sample, setting: Setting, attempt: Attempt, *, suite: str) -> Measured:
    """The row of a file that has been written; decoding it is timed."""
    codec = get_codec(setting.codec)
    image = as_held_by(codec, sample.image)
    height, width, _ = image.shape
    decoded, decode_s = _timed_decode(codec, attempt.data, width, height, setting.num_threads)
    scores = {
        name: metric.fn(reference=image, reconstruction=decoded)
        for name, metric in all_metrics().items()
    }
    row = Row(
        suite=suite,
        image=sample.name,
        image_hash=image_hash(sample.image),
        height=height,
        width=width,
        codec=setting.codec,
        preset=setting.preset,
        effort=setting.effort,
        quality=attempt.quality,
        target_bpp=setting.target_bpp,
        size_bytes=len(attempt.data),
        rate_bpp=rate_bpp(size_bytes=len(attempt.data), width=width, height=height),
        encode_s=attempt.encode_s,
        decode_s=decode_s,
        num_threads=setting.num_threads,
        seed=setting.seed,
        version=codec_version(setting.codec),
        commit=commit(),
        machine=machine(),
        date=now(),
        psnr_db=scores.pop("psnr_db"),
        ms_ssim=scores.pop("ms_ssim"),
        other_scores=scores,
    )
    return Measured(row, attempt.data, decoded)


def as_held_by(
    codec: AbstractCodec[Any], image: UInt8[np.ndarray, "h w c"]
) -> UInt8[np.ndarray, "h w c2"]:
    """The picture in a layout the codec's files hold: gray is repeated as RGB if need be.

    Raises:
        ConfigError: The picture has an alpha channel and the files have none.
    """
    channels = image.shape[2]
    if channels in codec.layouts:
        return image
    wider = Layout.RGB if channels == Layout.GRAY else Layout.RGBA
    if channels > Layout.GRAY_ALPHA or wider not in codec.layouts:
        raise ConfigError(f"{codec.name} files hold no alpha channel; leave {codec.name} out")
    gray, rest = image[..., :1], image[..., 1:]
    return np.concatenate([gray, gray, gray, rest], axis=2)


def _timed_decode(
    codec: AbstractCodec[Any], data: bytes, width: int, height: int, num_threads: int
) -> tuple[UInt8[np.ndarray, "h w c"], float]:
    view = full_view(width, height)
    decoded = render(codec, data, view, num_threads=num_threads)
    times = []
    for _ in range(NUM_DECODES):
        start = time.perf_counter()
        render(codec, data, view, num_threads=num_threads)
        times.append(time.perf_counter() - start)
    return decoded, statistics.median(times)


def warm_up(setting: Setting) -> None:
    """Loads the codec's libraries, so that the first row does not pay for it."""
    codec = get_codec(setting.codec)
    tiny = as_held_by(codec, np.zeros((16, 24, 3), np.uint8))
    options = dataclasses.replace(_options(setting, None), effort="fast", quality=20.0)
    render(codec, codec.encode(tiny, options), full_view(24, 16), num_threads=setting.num_threads)


def _options(setting: Setting, progress: ProgressCallback | None) -> EncodeOptions:
    return EncodeOptions(
        quality=50.0 if setting.quality is None else setting.quality,
        effort=setting.effort,
        preset=setting.preset,
        seed=setting.seed,
        num_threads=setting.num_threads,
        progress=progress,
    )
