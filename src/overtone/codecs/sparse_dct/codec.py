"""The codec `sparse-dct`: the section of the file, and its pixels."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container, Layout
from overtone.bitstream.writer import Writer
from overtone.codecs.base import AbstractCodec, EncodeOptions, View
from overtone.codecs.sparse_dct.header import SparseDctHeader
from overtone.codecs.sparse_dct.stream import pack_levels, unpack_levels
from overtone.errors import ConfigError, CorruptError, TruncatedError
from overtone.shapes import Int16, Int64, UInt8
from overtone.transform.levels import Sampling, from_levels, to_levels


@dataclasses.dataclass(frozen=True)
class Coefficients:
    """What a file holds.

    Attributes:
        levels: Of each component: Y, Cb, Cr, alpha, or gray, alpha.
        tables: Quantiser steps of each component, zigzag order.
        sampling: Sizes of the components.
    """

    levels: list[Int16[np.ndarray, "bands _rows _columns"]]
    tables: list[Int64[np.ndarray, " bands"]]
    sampling: Sampling


class SparseDctCodec(AbstractCodec):
    """The pixels of a JPEG file of that quality, 4:2:0, in fewer bytes and coarse to fine."""

    name: ClassVar[str] = "sparse-dct"
    codec_id: ClassVar[int] = 3
    quality_step: ClassVar[float] = 1.0

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        if options.preset is not None:
            raise ConfigError(f"codec sparse-dct has no preset {options.preset}; leave it out")
        if options.progress is not None:
            options.progress(0.0, "transforming")
        header = SparseDctHeader(quality=round(options.quality))
        levels = to_levels(image, header.steps(image.shape[2]))
        if options.progress is not None:
            options.progress(0.5, "coding")
        head = Container(
            codec_id=self.codec_id,
            width=image.shape[1],
            height=image.shape[0],
            layout=Layout(image.shape[2]),
            sections=(b"",),
            metadata=options.metadata,
        )
        return write_file(head, header, levels)

    @override
    def decode_rows(
        self, data: bytes, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        found = read_file(data)
        box = (view.x, view.y, view.width, view.height)
        is_aligned = all(float(value).is_integer() for value in box)
        if is_aligned and (view.out_width, view.out_height) == (view.width, view.height):
            x, y, width, height = map(int, box)
            pixels = from_levels(found.levels, found.tables, found.sampling)
            yield pixels[y : y + height, x : x + width]
            return
        from overtone.codecs.sparse_dct.evaluate import evaluate_strips

        yield from evaluate_strips(found.levels, found.tables, found.sampling, view)

    @override
    def describe(self, data: bytes) -> dict[str, object]:
        container = Container.from_bytes(data)
        header, stream = open_section(container)
        found = coefficients_of(container)
        chroma = {(2, 2): "4:2:0", (1, 2): "4:2:2", (2, 1): "4:4:0", (1, 1): "4:4:4"}
        has_color = container.layout >= Layout.RGB
        return {
            "sections": {
                "parameters": len(container.sections[0]) - len(stream),
                "coefficients": len(stream),
            },
            "quality": header.quality or "tables of its own",
            "chroma": chroma[header.down, header.across] if has_color else "none",
            "triples": sum(int(np.count_nonzero(levels)) for levels in found.levels),
            "is_complete": not header.is_prefix,
        }

    def shorten(self, data: bytes, max_bytes: int) -> bytes:
        """See `ProgressiveCodec.shorten`."""
        if len(data) <= max_bytes:
            # Only what is cut already needs to be made whole.
            with contextlib.suppress(TruncatedError):
                Container.from_bytes(data)
                return data
        head = Container.from_prefix(data[:max_bytes])
        header, stream = open_section(head)
        header = dataclasses.replace(header, is_prefix=True)
        surplus = len(_with_stream(head, header, stream)) - max_bytes
        if surplus > len(stream):
            raise TruncatedError(f"{max_bytes} bytes hold no picture; {max_bytes + surplus} do")
        return _with_stream(head, header, stream[: len(stream) - max(0, surplus)])


def write_file(
    head: Container,
    header: SparseDctHeader,
    levels: list[Int16[np.ndarray, "bands _rows _columns"]],
) -> bytes:
    """The file of levels under the tables of `header`; `head` has everything but sections."""
    return _with_stream(head, header, pack_levels(levels, header.steps(len(levels))))


def read_file(data: bytes) -> Coefficients:
    """The coefficients in a file of this codec.

    Raises:
        BitstreamError: The file is damaged.
    """
    return coefficients_of(Container.from_bytes(data))


def coefficients_of(container: Container) -> Coefficients:
    """As `read_file`, of a file that has been taken apart."""
    header, stream = open_section(container)
    sampling = header.sampling(container)
    tables = header.steps(sampling.channels)
    levels = unpack_levels(stream, tables, sampling, is_prefix=header.is_prefix)
    return Coefficients(levels, tables, sampling)


def open_section(container: Container) -> tuple[SparseDctHeader, bytes]:
    """Settings and coefficient stream of a file."""
    if len(container.sections) != 1:
        raise CorruptError(f"codec sparse-dct has 1 section, the file {len(container.sections)}")
    reader = container.reader(0)
    header = SparseDctHeader.read(reader, channels=int(container.layout))
    return header, reader.take(reader.remaining, "coefficients")


def _with_stream(head: Container, header: SparseDctHeader, stream: bytes) -> bytes:
    writer = Writer()
    header.write(writer)
    writer.put(stream)
    return dataclasses.replace(head, sections=(writer.to_bytes(),)).to_bytes()
