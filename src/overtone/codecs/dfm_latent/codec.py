"""The codec `dfm-latent` behind the common interface."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container
from overtone.bitstream.writer import Writer
from overtone.codecs import library
from overtone.codecs.base import EncodeOptions, NativeCodec, View
from overtone.codecs.dfm_latent.header import CODEC_ID, DfmLatentHeader
from overtone.codecs.dfm_latent.shared import shipped_starts
from overtone.codecs.shorten import shorten_stream
from overtone.errors import CorruptError
from overtone.kernels import latent_file
from overtone.kernels.latent_shape import Shapes
from overtone.shapes import UInt8


class DfmLatentCodec(NativeCodec):
    """Grids of integers that a machine of their own turns into a picture, coarse to fine."""

    name: ClassVar[str] = "dfm-latent"
    codec_id: ClassVar[int] = CODEC_ID
    quality_step: ClassVar[float] = 0.1

    @override
    def check(self, options: EncodeOptions) -> None:
        from overtone.codecs.dfm_latent.config import resolve

        resolve(options.preset, options.effort, options.settings)

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        # Imported here, so that decoding loads no training code.
        from overtone.codecs.dfm_latent.config import resolve
        from overtone.codecs.dfm_latent.encode import encode_picture

        config = resolve(options.preset, options.effort, options.settings)
        return encode_picture(image, config, options).container(options).to_bytes()

    @override
    def decode_rows(
        self, file: Container, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        return library.decode_rows(file, view, num_threads)

    @override
    def describe(self, file: Container, *, full: bool) -> dict[str, object]:
        header, stream = read_section(file)
        spec = header.spec
        described: dict[str, object] = {
            "sections": {
                "parameters": len(file.sections[0]) - len(stream),
                "networks and symbols": len(stream),
            },
            "trunk": f"{spec.trunk}, {spec.num_mixed} units",
            "residual layers": spec.num_residual_layers,
            "grids": spec.num_grids,
            "context": f"{spec.num_neighbours} neighbours, {spec.num_features} features",
            "start": header.start.number if header.start else 0,
            "weights": Shapes(spec).num_weights,
            "is_complete": not header.is_prefix,
        }
        if full:
            size = (spec.height, spec.width, spec.channels)
            symbols = latent_file.unpack(file.sections[0], size, table=shipped_starts()).symbols
            described["symbols other than 0"] = int(np.count_nonzero(symbols))
        return described

    def shorten(self, data: bytes, max_bytes: int) -> bytes:
        """See `ProgressiveCodec.shorten`."""
        return shorten_stream(data, max_bytes, _prefix_parts)


def _prefix_parts(file: Container) -> tuple[bytes, bytes]:
    """The head of a beginning, and what there is of the stream."""
    header, stream = read_section(file)
    head = Writer()
    dataclasses.replace(header, is_prefix=True).write(head)
    return head.to_bytes(), stream


def read_section(file: Container) -> tuple[DfmLatentHeader, bytes]:
    """The head, and what follows it."""
    if len(file.sections) != 1:
        raise CorruptError(f"codec dfm-latent has 1 section, the file {len(file.sections)}")
    reader = file.reader(0)
    header = DfmLatentHeader.read(reader, file)
    return header, reader.take(reader.remaining, "networks and symbols")
