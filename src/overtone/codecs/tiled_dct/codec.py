"""The codec `tiled-dct`: the section of the file, and its strips of pixels."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container, Layout
from overtone.bitstream.writer import Writer
from overtone.codecs.base import AbstractCodec, EncodeOptions, View
from overtone.codecs.tiled_dct.decode import decode_strips, tile_counts
from overtone.codecs.tiled_dct.header import QUALITY_STEP, TiledDctHeader
from overtone.errors import ConfigError, CorruptError
from overtone.shapes import UInt8


class TiledDctCodec(AbstractCodec):
    """A picture as cosine series on overlapping tiles, chosen by rate and distortion."""

    name: ClassVar[str] = "tiled-dct"
    codec_id: ClassVar[int] = 1
    quality_step: ClassVar[float] = QUALITY_STEP

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        from overtone.codecs.tiled_dct.search import encode_best

        if options.preset is not None:
            raise ConfigError(f"codec tiled-dct has no preset {options.preset}; leave it out")
        return Container(
            codec_id=self.codec_id,
            width=image.shape[1],
            height=image.shape[0],
            layout=Layout(image.shape[2]),
            sections=(encode_best(image, options).section(),),
            metadata=options.metadata,
        ).to_bytes()

    @override
    def decode_rows(
        self, data: bytes, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        container = Container.from_bytes(data)
        header, stream = _open(container)
        shape = (container.height, container.width, int(container.layout))
        return decode_strips(stream, header, shape, view, num_threads)

    @override
    def describe(self, data: bytes) -> dict[str, object]:
        container = Container.from_bytes(data)
        header, stream = _open(container)
        shape = (container.height, container.width, int(container.layout))
        head = Writer()
        header.write(head)
        return {
            "sections": {"parameters": len(head), "coefficients": len(stream)},
            "quality": round(1 + header.step_index * QUALITY_STEP, 1),
            "step": round(header.step, 4),
            "overlap_px": header.overlap_px,
            "post_filter": {
                "luma": header.uses_post_filter[0],
                "chroma": header.uses_post_filter[1],
            },
            "tiles": tile_counts(stream, header, shape),
        }


def _open(container: Container) -> tuple[TiledDctHeader, bytes]:
    """Settings and coefficient stream of the file."""
    if len(container.sections) != 1:
        raise CorruptError(f"codec tiled-dct has 1 section, the file {len(container.sections)}")
    reader = container.reader(0)
    header = TiledDctHeader.read(reader, has_color=container.layout >= Layout.RGB)
    return header, reader.take(reader.remaining, "coefficients")
