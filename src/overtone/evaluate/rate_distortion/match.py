"""Files of one size by any codec: the fair way to look at two of them side by side."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any, final

import numpy as np
from typing_extensions import override

from overtone.codecs.base import MIN_QUALITY, AbstractCodec, EncodeOptions, SizedCodec, View
from overtone.codecs.target import SIZE_TOLERANCE, Target, encode_to_target
from overtone.errors import FitError
from overtone.shapes import UInt8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One encoding: its quality, 1..100, the file, and the seconds it took."""

    quality: float
    data: bytes
    encode_s: float


def encode_once(
    codec: AbstractCodec[Any], image: UInt8[np.ndarray, "h w c"], options: EncodeOptions
) -> Attempt:
    """Encodes with the quality of `options`, timed."""
    start = time.perf_counter()
    data = codec.encode(image, options)
    return Attempt(quality=options.quality, data=data, encode_s=time.perf_counter() - start)


def encode_near(
    codec: AbstractCodec[Any],
    image: UInt8[np.ndarray, "h w c"],
    options: EncodeOptions,
    size_bytes: float,
) -> Attempt:
    """The file nearest in size to `size_bytes`, in the ratio of the two, that a search found.

    The search stops within 3 %. Where the dial is too coarse for that, or ends before, the result
    is the nearest file there is; its length says so. A codec that knows sizes encodes once.
    """
    if isinstance(codec, SizedCodec) and codec.knows_size(options):
        return encode_once(codec, image, _sized(codec, image, options, size_bytes))
    recorder = _Recorder(codec)
    target = Target("size", size_bytes, f"{size_bytes:.0f} bytes")
    try:
        encode_to_target(recorder, image, options, target)
    except FitError:
        if not recorder.attempts:
            raise

    def ratio(attempt: Attempt) -> float:
        size = len(attempt.data)
        return max(size / size_bytes, size_bytes / size)

    return min(recorder.attempts, key=ratio)


def _sized(
    codec: SizedCodec,
    image: UInt8[np.ndarray, "h w c"],
    options: EncodeOptions,
    size_bytes: float,
) -> EncodeOptions:
    """The options of a file of at most 3 % more, or of the smallest there is."""
    try:
        return codec.options_within(image, options, int((1 + SIZE_TOLERANCE) * size_bytes))
    except FitError:
        if not codec.has_quality(options):
            raise
        return dataclasses.replace(options, quality=MIN_QUALITY)


@final
class _Recorder(AbstractCodec[Any]):
    """A codec that remembers what it wrote."""

    def __init__(self, codec: AbstractCodec[Any]) -> None:
        self.attempts: list[Attempt] = []
        self._codec = codec
        self.name = codec.name  # pyright: ignore[reportAttributeAccessIssue]
        self.quality_step = codec.quality_step  # pyright: ignore[reportAttributeAccessIssue]

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        self.attempts.append(encode_once(self._codec, image, options))
        return self.attempts[-1].data

    @override
    def open(self, data: bytes) -> Any:
        return self._codec.open(data)

    @override
    def decode_rows(
        self, file: Any, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        return self._codec.decode_rows(file, view, num_threads)

    @override
    def describe(self, file: Any, *, full: bool) -> dict[str, object]:
        return self._codec.describe(file, full=full)
