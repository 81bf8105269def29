"""The codec `tiled-dct`: the section of the file, and its strips of pixels."""

import collections
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container, Layout
from overtone.bitstream.writer import Writer
from overtone.codecs import library
from overtone.codecs.base import EncodeOptions, NativeCodec, View
from overtone.codecs.tiled_dct.header import CODEC_ID, QUALITY_STEP, TiledDctHeader
from overtone.codecs.tiled_dct.tiles import read_tiles
from overtone.errors import CorruptError
from overtone.shapes import UInt8


class TiledDctCodec(NativeCodec):
    """A picture as cosine series on overlapping tiles, chosen by rate and distortion."""

    name: ClassVar[str] = "tiled-dct"
    codec_id: ClassVar[int] = CODEC_ID
    quality_step: ClassVar[float] = QUALITY_STEP

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        from overtone.codecs.tiled_dct.search import Search

        self.check(options)
        search = Search(image, options)
        how = search.start.reconstruction
        first = search.code(how, rd_weight=search.rd_weight / how.step**2)
        best = search.improved(first)
        return best.container(image.shape, options.metadata).to_bytes()

    @override
    def decode_rows(
        self, file: Container, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        return library.decode_rows(file, view, num_threads)

    @override
    def describe(self, file: Container, *, full: bool) -> dict[str, object]:
        header, stream = _read_section(file)
        head = Writer()
        header.write(head)
        described: dict[str, object] = {
            "sections": {"parameters": len(head), "coefficients": len(stream)},
            "quality": round(1 + header.step_index * QUALITY_STEP, 1),
            "step": round(header.step, 4),
            "overlap_px": header.overlap_px,
            "post_filter": {
                "luma": header.uses_post_filter[0],
                "chroma": header.uses_post_filter[1],
            },
        }
        if full:
            shape = (file.height, file.width, int(file.layout))
            sizes = collections.Counter(levels.shape[1] for *_, levels in read_tiles(stream, shape))
            described["tiles"] = {f"{size}x{size}": sizes[size] for size in sorted(sizes)}
        return described


def _read_section(container: Container) -> tuple[TiledDctHeader, bytes]:
    """Settings and coefficient stream of the file."""
    if len(container.sections) != 1:
        raise CorruptError(f"codec tiled-dct has 1 section, the file {len(container.sections)}")
    reader = container.reader(0)
    header = TiledDctHeader.read(reader, has_color=container.layout >= Layout.RGB)
    return header, reader.take(reader.remaining, "coefficients")
