"""The codec `dfm`: settings of a quality, the section of the file, and its strips of pixels."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container, Layout
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.codecs.base import AbstractCodec, EncodeOptions, View
from overtone.codecs.dfm.color import decorrelating_angles
from overtone.codecs.dfm.parameters import QUALITY_STEP, Parameters, step_index_of
from overtone.codecs.dfm.series import SeriesReader, encode_planes, to_pixels, to_planes
from overtone.errors import ConfigError, CorruptError
from overtone.image import to_uint8
from overtone.shapes import UInt8

RD_WEIGHT = 0.13  # squared steps a bit; high-rate theory says ln 2 / 6 = 0.116


class DfmCodec(AbstractCodec):
    """A picture as a Deep Fourier Machine with a wide first layer of overlapping tiles."""

    name: ClassVar[str] = "dfm"
    codec_id: ClassVar[int] = 1
    quality_step: ClassVar[float] = QUALITY_STEP

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        if options.preset is not None:
            raise ConfigError(f"codec dfm has no preset {options.preset}; leave it out")
        height, width, channels = image.shape
        parameters = Parameters(
            step_index=step_index_of(options.quality),
            angles=decorrelating_angles(image[:, :, :3]) if channels >= 3 else None,
        )
        planes = to_planes(image, parameters.angles)
        stream = encode_planes(
            planes,
            parameters,
            rd_weight=RD_WEIGHT,
            num_pixels=width * height,
            progress=options.progress,
        )
        writer = Writer()
        parameters.write(writer)
        writer.put(stream)
        return Container(
            codec_id=self.codec_id,
            width=width,
            height=height,
            layout=Layout(channels),
            sections=(writer.to_bytes(),),
            metadata=options.metadata,
        ).to_bytes()

    @override
    def decode_rows(
        self, data: bytes, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        container = Container.from_bytes(data)
        parameters, reader = _open(container, num_threads)
        for xs, ys in reader.strips(view):
            yield to_uint8(to_pixels(reader.values(xs, ys), parameters.angles))
        if view.y + view.height >= container.height:
            reader.finish()

    @override
    def describe(self, data: bytes) -> dict[str, object]:
        container = Container.from_bytes(data)
        parameters, reader = _open(container, num_threads=1)
        reader.finish()
        head = Writer()
        parameters.write(head)
        return {
            "sections": {
                "parameters": len(head.to_bytes()),
                "coefficients": len(container.sections[0]) - len(head.to_bytes()),
            },
            "quality": 1 + parameters.step_index * QUALITY_STEP,
            "step": round(parameters.step, 4),
            "overlap_px": parameters.overlap_px,
            "tiles": {f"{size}x{size}": count for size, count in reader.tile_counts.items()},
        }


def _open(container: Container, num_threads: int) -> tuple[Parameters, SeriesReader]:
    if len(container.sections) != 1:
        raise CorruptError(f"codec dfm has 1 section, the file {len(container.sections)}")
    reader: Reader = container.reader(0)
    has_color = container.layout >= Layout.RGB
    parameters = Parameters.read(reader, has_color=has_color)
    stream = reader.take(reader.remaining, "coefficients")
    series = SeriesReader(
        stream,
        parameters,
        width=container.width,
        height=container.height,
        channels=int(container.layout),
        num_threads=num_threads,
    )
    return parameters, series
