"""Pictures and codecs that tests share."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator

import numpy as np

from overtone.bitstream.container import Container, Layout
from overtone.codecs.base import EncodeOptions, NativeCodec, View
from overtone.errors import CorruptError

SHAPES = [(1, 1), (1, 9), (7, 1), (8, 8), (24, 40), (41, 23)]


def scene(height: int, width: int, channels: int = 3, *, seed: int = 0) -> np.ndarray:
    """A small photograph-like picture: smooth ramps, a wave, a hard edge, faint noise.

    No axis or channel equals another, so a swap of two of them shows.
    The last of 2 or 4 channels is an alpha channel with opaque and clear parts.
    """
    rng = np.random.default_rng(seed)
    y = ((np.arange(height) + 0.5) / height)[:, None]
    x = ((np.arange(width) + 0.5) / width)[None, :]
    edge = (x + 0.6 * y > 0.8).astype(np.float64)
    planes = [
        60 + 120 * x + 30 * edge,
        200 - 110 * y + 20 * np.sin(7 * x + 3 * y),
        90 + 70 * x * y + 60 * (1 - edge),
    ][: 1 if channels <= 2 else 3]
    noise = rng.normal(0, 2, (height, width))
    planes = [np.broadcast_to(plane, (height, width)) + noise for plane in planes]
    if channels in (2, 4):
        planes.append(np.broadcast_to(np.clip(400 * (x - 0.2), 0, 255), (height, width)))
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)


def mutate_section(payload: bytes, rng: random.Random) -> bytes:
    """The payload with one to three pieces of damage of the kinds that find bugs in parsers."""
    data = bytearray(payload)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(8):
            case 0 | 1 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 2 if at < len(data):
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 3:
                del data[at:]
            case 4:
                del data[at : at + rng.randint(1, 4)]
            case 5:
                data[at:at] = rng.randbytes(rng.randint(1, 4))
            case 6:
                data[at : at + 5] = b"\xff" * rng.randint(1, 5)
            case _:
                start = rng.randrange(len(data) + 1)
                data[at:at] = data[start : start + rng.randint(1, 8)]
    return bytes(data)


class RawCodec(NativeCodec):
    """The smallest complete codec: quantised pixels through zlib, nearest pixels for any view."""

    name = "raw"
    codec_id = 127
    quality_step = 1.0

    def encode(self, image: np.ndarray, options: EncodeOptions) -> bytes:
        step = round(2 ** ((100 - options.quality) / 16))
        levels = (image.astype(np.int32) + step // 2) // step
        if options.progress is not None:
            options.progress(0.5, "half way")
        payload = step.to_bytes(1, "little") + zlib.compress(levels.astype(np.uint8).tobytes(), 9)
        height, width, channels = image.shape
        return Container(
            self.codec_id, width, height, Layout(channels), (payload,), options.metadata
        ).to_bytes()

    def decode_rows(self, file: Container, view: View, num_threads: int) -> Iterator[np.ndarray]:
        reader = file.reader(0)
        if len(file.sections) != 1:
            raise reader.error(CorruptError, f"1 section expected, got {len(file.sections)}")
        step = reader.uint(1, "step")
        shape = (file.height, file.width, file.layout)
        try:
            raw = zlib.decompress(reader.take(reader.remaining, "pixels"))
        except zlib.error as error:
            raise reader.error(CorruptError, f"pixels are no zlib stream: {error}") from error
        if len(raw) != np.prod(shape):
            raise reader.error(CorruptError, f"{np.prod(shape)} samples expected, got {len(raw)}")
        levels = np.frombuffer(raw, np.uint8).reshape(shape)
        image = np.clip(levels.astype(np.int32) * step, 0, 255).astype(np.uint8)
        rows = view.y + (np.arange(view.out_height) + 0.5) * view.height / view.out_height
        columns = view.x + (np.arange(view.out_width) + 0.5) * view.width / view.out_width
        for strip in np.array_split(rows.astype(int), max(1, len(rows) // 8)):
            yield image[strip][:, columns.astype(int)]

    def describe(self, file: Container, *, full: bool) -> dict[str, object]:
        (payload,) = file.sections
        return {"sections": {"pixels": len(payload)}, "step": payload[0]}


def pictures(num: int, height: int, width: int, channels: int, *, seed: int = 0) -> np.ndarray:
    """Different small pictures; uint8 (num, height, width, channels)."""
    shape = (num, height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def labels_of(num: int) -> np.ndarray:
    """Classes 0, 1, 2, 0, 1, …, of int64."""
    return np.arange(num, dtype=np.int64) % 3


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file of unsigned bytes."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()
