"""The table of codecs, and the public `encode`, `decode` and `info` that use it."""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from overtone.bitstream.container import DEFAULT_MAX_PIXELS, Container, Metadata, read_header
from overtone.codecs.base import (
    AbstractCodec,
    Effort,
    EncodeOptions,
    NativeCodec,
    ProgressCallback,
    ProgressiveCodec,
    check_image,
    full_view,
    resolve_num_threads,
)
from overtone.codecs.dct_list import DctListCodec, PictureListModel
from overtone.codecs.inputs import FileSource, file_bytes, picture_of
from overtone.codecs.other_packages import PLUGIN_IDS, codec_named, codec_numbered
from overtone.codecs.target import Target, check_goals, encode_to_target
from overtone.codecs.view import assemble, render, resolve_view
from overtone.deadline import limits_time
from overtone.errors import (
    ConfigError,
    FitError,
    LimitExceededError,
    TruncatedError,
    UnsupportedCodecError,
)
from overtone.shapes import UInt8

# Key -> "module:Class", imported on first use.
CODECS: dict[str, str] = {
    "tiled-dct": "overtone.codecs.tiled_dct.codec:TiledDctCodec",
    "dfm": "overtone.codecs.dfm.codec:DfmCodec",
    "dfm-latent": "overtone.codecs.dfm_latent.codec:DfmLatentCodec",
    "sparse-dct": "overtone.codecs.sparse_dct.codec:SparseDctCodec",
    "coin": "overtone.codecs.coin.codec:CoinCodec",
    "jpeg": "overtone.codecs.pillow:JpegCodec",
    "webp": "overtone.codecs.pillow:WebpCodec",
    "avif": "overtone.codecs.pillow:AvifCodec",
    "jpeg2000": "overtone.codecs.pillow:Jpeg2000Codec",
}
# The same for codecs that need a trained model, which no setting brings along.
MODEL_CODECS: dict[str, str] = {"dct-list": "overtone.codecs.dct_list:DctListCodec"}
# Codec id in the `.ovt` header -> key. Ids are never reused.
CODEC_IDS: dict[int, str] = {
    1: "tiled-dct",
    2: "dfm",
    3: "sparse-dct",
    4: "dct-list",
    5: "coin",
    6: "dfm-latent",
}
# Keys of earlier versions, refused with the name of today; "dfm" was the default codec's then.
RENAMED: dict[str, str] = {"dfm-net": "dfm"}
DEFAULT_CODEC = "tiled-dct"


def get_codec(name: str) -> AbstractCodec[Any]:
    """The codec of that name.

    Raises:
        ConfigError: There is none.
    """
    if name in RENAMED:
        raise ConfigError(f"codec {name} is called {RENAMED[name]} now; use that name")
    known = CODECS | MODEL_CODECS
    if name not in known:
        return codec_named(name, list(CODECS))
    module, _, attribute = known[name].partition(":")
    return getattr(importlib.import_module(module), attribute)()


@limits_time(FitError, "encoding")
def encode(
    image: object,
    *,
    codec: str = DEFAULT_CODEC,
    model: PictureListModel | None = None,
    quality: float | None = None,
    bpp: float | None = None,
    size_bytes: int | None = None,
    max_size_bytes: int | None = None,
    psnr_db: float | None = None,
    effort: Effort = "default",
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    num_threads: int | None = None,
    metadata: Metadata | None = None,
    progress: ProgressCallback | None = None,
    verify: bool = True,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_seconds: float | None = None,
) -> bytes:
    """Compresses a picture into the bytes of a file.

    At most one of `quality`, `bpp`, `size_bytes`, `max_size_bytes` and `psnr_db` is given; without
    any, `quality` is 50. The other four search for the quality that meets them, which encodes
    several times: sizes are met within 3 %, PSNR within 0.1 dB. A raw network of `dfm`, as of the
    preset "thesis", has no quality: a size is the most its weights may take.

    Args:
        image: An array of 8-bit pixels, `h w c`, whose 1 to 4 channels are gray, gray + alpha, RGB,
            RGBA, or `h w`, which is gray and decodes as `h w 1`; a Pillow image; the path of a
            picture file, or one open in binary mode.
        codec: Name of the codec.
        model: Trained `dct-transformer`, from `overtone.load_model`, to code a picture of its size
            with, instead of a named codec; it has a quality of its own.
        quality: 1..100, larger is better and bigger.
        bpp: File size to reach, bits per pixel.
        size_bytes: File size to reach, bytes.
        max_size_bytes: File size to come as near to as the codec can, but never above, bytes.
        psnr_db: Quality to reach, decibels.
        effort: "fast", "default" or "best": time spent for fewer bytes.
        preset: A named set of settings of the codec, or the path of a TOML file with such.
        settings: Changes of the preset, {"width": 8, "fit.learning_rate": 1e-3}; only for
            `dfm`, `dfm-latent` and `coin`.
        seed: Seed for all randomness. The same image, settings, seed, number of threads and machine
            give the same bytes.
        num_threads: Number of worker threads; all processors by default.
        metadata: ICC profile, EXIF block and resolution to keep in the file; those of the Pillow
            image or the picture file by default.
        progress: Called with the fraction done and a message such as "0.312 bpp, 28.41 dB".
        verify: Decode the result once and check it before returning it.
        max_pixels: Largest number of pixels of a picture file; checked before they are decoded.
        max_seconds: Longest time to take; no limit by default.

    Raises:
        ImageError: The image is no 8-bit picture; the message says how to convert it.
        ConfigError: A setting is unknown or out of range.
        FitError: The target cannot be reached, fitting failed, or the time is over.
    """
    picture = picture_of(image, max_pixels=max_pixels)
    pixels = picture.pixels
    check_image(pixels)
    chosen = get_codec(codec) if model is None else DctListCodec(model)
    options = EncodeOptions(
        quality=50.0 if quality is None else quality,
        effort=effort,
        preset=preset,
        settings=settings or {},
        seed=seed,
        num_threads=resolve_num_threads(num_threads),
        metadata=picture.metadata if metadata is None else metadata,
        progress=progress,
    )
    goals = {
        "quality": quality,
        "bpp": bpp,
        "size_bytes": size_bytes,
        "max_size_bytes": max_size_bytes,
        "psnr_db": psnr_db,
    }
    given = check_goals(chosen, options, goals)
    if given.keys() - {"quality"}:
        target = Target.from_goal(*given.popitem(), num_pixels=pixels.shape[0] * pixels.shape[1])
        data = encode_to_target(chosen, pixels, options, target)
    else:
        data = chosen.encode(pixels, options)
    if verify:
        view = full_view(pixels.shape[1], pixels.shape[0])
        decoded = render(chosen, data, view, num_threads=options.num_threads)
        if decoded.shape != pixels.shape:
            raise AssertionError(f"{chosen.name} wrote {decoded.shape}, not {pixels.shape}")
    return data


@limits_time(LimitExceededError, "decoding")
def decode(
    data: FileSource | Container,
    *,
    scale: float | None = None,
    size: tuple[int, int] | None = None,
    crop: tuple[float, float, float, float] | None = None,
    max_bytes: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_seconds: float | None = None,
    num_threads: int | None = None,
    model: PictureListModel | None = None,
) -> UInt8[np.ndarray, "h w c"]:
    """The pixels of an `.ovt` file, at any size and of any part of the picture.

    Other sizes are evaluated by the codec, not resampled from decoded pixels.

    Args:
        data: The whole file, as bytes, by its path or open in binary mode; or what
            `read_container` made of it.
        scale: Output pixels per source pixel.
        size: Output width and height, instead of a scale.
        crop: Left, top, width and height of the part to decode, source pixels.
        max_bytes: Use the first bytes of the file only, with a codec that codes coarse to fine;
            `data` may then be a file that has arrived in part.
        max_pixels: Largest number of pixels of the picture in the file and of the output.
        max_seconds: Longest time to take; no limit by default, so that a file decodes everywhere.
        num_threads: Number of worker threads; all processors by default.
        model: The trained model that the file was coded with.

    Raises:
        BitstreamError: The file is foreign, damaged or over a limit.
        ConfigError: The part or the size asked for makes no sense.
    """
    if not isinstance(data, Container):
        container = read_container(data, max_bytes=max_bytes, max_pixels=max_pixels)
    elif max_bytes is None:
        container = data
    else:
        raise ConfigError("max_bytes shortens bytes; give it to read_container")
    codec = codec_of(container.codec_id) if model is None else DctListCodec(model)
    view = resolve_view(
        container.width, container.height, scale=scale, size=size, crop=crop, max_pixels=max_pixels
    )
    strips = codec.decode_rows(container, view, resolve_num_threads(num_threads))
    return assemble(strips, view)


def read_container(
    data: FileSource, *, max_bytes: int | None = None, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Container:
    """A file taken apart, with its metadata; `decode` takes it instead of bytes.

    Args:
        data: The whole file, as in `decode`.
        max_bytes: Use the first bytes of the file only, as in `decode`.
        max_pixels: Largest number of pixels of the picture in the file.

    Raises:
        BitstreamError: The file is foreign, damaged or over the limit.
        ConfigError: Its codec shows nothing before the last byte.
    """
    file = file_bytes(data)
    if max_bytes is not None:
        file = shorten(file, max_bytes)
    try:
        return Container.from_bytes(file, max_pixels=max_pixels)
    except TruncatedError as error:
        if not isinstance(codec_of(read_header(file).codec_id), ProgressiveCodec):
            raise
        raise TruncatedError(f"{error}; with max_bytes it shows what has arrived") from error


def shorten(data: FileSource, max_bytes: int) -> bytes:
    """A whole file of at most `max_bytes` that shows what the first bytes of `data` say.

    Args:
        data: A file of a codec that codes coarse to fine, or as much of it as has arrived; given
            as in `decode`.
        max_bytes: Largest size of the result, bytes.

    Raises:
        BitstreamError: The file is foreign or damaged, or so few bytes say nothing.
        ConfigError: Its codec shows nothing before the last byte.
    """
    file = file_bytes(data)
    codec = codec_of(read_header(file).codec_id)
    if not isinstance(codec, ProgressiveCodec):
        raise ConfigError(
            f"a file of codec {codec.name} shows nothing before its last byte; leave out max_bytes"
        )
    if max_bytes < 1:
        raise ConfigError(f"max_bytes must be at least 1, got {max_bytes}")
    return codec.shorten(file, max_bytes)


def codec_of(codec_id: int) -> NativeCodec:
    """The codec with that number in the header of a file.

    Raises:
        UnsupportedCodecError: There is none; the file may be newer than this version.
    """
    if codec_id not in CODEC_IDS:
        if codec_id in PLUGIN_IDS:
            return codec_numbered(codec_id)
        raise UnsupportedCodecError(
            f"codec id {codec_id} is not one of {sorted(CODEC_IDS)}; "
            "the file may need a newer version of Overtone",
            5,
        )
    codec = get_codec(CODEC_IDS[codec_id])
    assert isinstance(codec, NativeCodec)
    return codec
