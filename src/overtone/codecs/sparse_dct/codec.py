"""The codec `sparse-dct`: the section of the file, and its pixels."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container, Layout
from overtone.codecs import library
from overtone.codecs.base import EncodeOptions, NativeCodec, View
from overtone.codecs.shorten import shorten_stream
from overtone.codecs.sparse_dct.header import SparseDctHeader
from overtone.codecs.sparse_dct.stream import (
    pack_levels,
    read_coefficients,
    read_section,
    write_section,
)
from overtone.shapes import UInt8
from overtone.transform.levels import to_levels


class SparseDctCodec(NativeCodec):
    """The pixels of a JPEG file of that quality, 4:2:0, in fewer bytes and coarse to fine."""

    name: ClassVar[str] = "sparse-dct"
    codec_id: ClassVar[int] = 3
    quality_step: ClassVar[float] = 1.0

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        self.check(options)
        if options.progress is not None:
            options.progress(0.0, "transforming")
        header = SparseDctHeader(quality=round(options.quality))
        tables = header.steps(image.shape[2])
        levels = to_levels(image, tables)
        if options.progress is not None:
            options.progress(0.5, "coding")
        return Container(
            codec_id=self.codec_id,
            width=image.shape[1],
            height=image.shape[0],
            layout=Layout(image.shape[2]),
            sections=(write_section(header, pack_levels(levels, tables)),),
            metadata=options.metadata,
        ).to_bytes()

    @override
    def decode_rows(
        self, file: Container, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        return library.decode_rows(file, view, num_threads)

    @override
    def describe(self, file: Container, *, full: bool) -> dict[str, object]:
        header, stream = read_section(file)
        chroma = {(2, 2): "4:2:0", (1, 2): "4:2:2", (2, 1): "4:4:0", (1, 1): "4:4:4"}
        has_color = file.layout >= Layout.RGB
        described: dict[str, object] = {
            "sections": {
                "parameters": len(file.sections[0]) - len(stream),
                "coefficients": len(stream),
            },
            "quality": header.quality or "tables of its own",
            "chroma": chroma[header.down, header.across] if has_color else "none",
            "is_complete": not header.is_prefix,
        }
        if full:
            levels = read_coefficients(file).levels
            described["triples"] = sum(int(np.count_nonzero(each)) for each in levels)
        return described

    def shorten(self, data: bytes, max_bytes: int) -> bytes:
        """See `ProgressiveCodec.shorten`."""
        return shorten_stream(data, max_bytes, _prefix_parts)


def _prefix_parts(file: Container) -> tuple[bytes, bytes]:
    """The head of a beginning, and what there is of the stream."""
    header, stream = read_section(file)
    return write_section(dataclasses.replace(header, is_prefix=True), b""), stream
