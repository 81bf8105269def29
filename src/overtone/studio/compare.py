"""A picture as `tiled-dct`, and as JPEG, WebP and AVIF of the same number of bytes."""

import math
from collections.abc import Iterator

from overtone.codecs.base import resolve_num_threads
from overtone.codecs.registry import DEFAULT_CODEC, get_codec
from overtone.errors import ConfigError, OvertoneError
from overtone.evaluate.rate_distortion.run import Measured, Sample, Setting, measure_picture
from overtone.evaluate.rate_distortion.side_by_side import equal_bytes
from overtone.studio.shelf import HeldFile
from overtone.studio.tasks import CompareRequest, Part, Pictures, Report

OTHERS = ("jpeg", "webp", "avif")
BPP_RANGE = (0.01, 8.0)
_SUITE = "studio"
_MEDIA_TYPES = {".ovt": "image/x-overtone", ".jpg": "image/jpeg", ".webp": "image/webp"}
_MEDIA_TYPES[".avif"] = "image/avif"


def compare(request: CompareRequest, pictures: Pictures, report: Report) -> Iterator[Part]:
    """The `.ovt` file of about the rate that was asked for, then the others at its size.

    A codec that cannot hold the picture is a part with its error.

    Raises:
        ConfigError: The rate is out of range, or a codec is none of these.
    """
    lowest, highest = BPP_RANGE
    if not lowest <= request.bpp <= highest:
        raise ConfigError(f"the rate must be in {lowest:g}..{highest:g} bpp, got {request.bpp:g}")
    for name in request.codecs:
        if name not in OTHERS:
            raise ConfigError(f"codecs must be of {', '.join(OTHERS)}, got {name}")
    sample = Sample("picture", pictures["picture"])
    total, threads = 1 + len(request.codecs), resolve_num_threads(None)

    def progress(fraction: float, message: str) -> None:
        report(fraction / total, f"{DEFAULT_CODEC}: {message}")

    setting = Setting(
        codec=DEFAULT_CODEC, target_bpp=request.bpp, effort=request.effort, num_threads=threads
    )
    first = measure_picture(sample, setting, suite=_SUITE, progress=progress)
    yield _part(first)
    for number, name in enumerate(request.codecs, 1):
        report(number / total, f"{name}: a file of {len(first.data)} bytes")
        other = Setting(codec=name, target_bpp=request.bpp, num_threads=threads)
        try:
            (found,) = equal_bytes(sample, first, [other], suite=_SUITE)
        except OvertoneError as error:
            yield Part({"codec": name, "error": " ".join(str(error).split())})
        else:
            yield _part(found)


def _part(measured: Measured) -> Part:
    row = measured.row
    suffix = get_codec(row.codec).suffix
    facts = {
        "codec": row.codec,
        "suffix": suffix,
        "size_bytes": row.size_bytes,
        "rate_bpp": row.rate_bpp,
        "psnr_db": row.psnr_db if math.isfinite(row.psnr_db) else None,  # None: no error at all
        "ms_ssim": row.ms_ssim,
        "encode_s": row.encode_s,
        "decode_s": row.decode_s,
        "quality": row.quality,
    }
    return Part(facts, {"file": HeldFile(_MEDIA_TYPES[suffix], measured.data)})
