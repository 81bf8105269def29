"""The codec `coin`: the section of the file, and its strips of pixels."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container, Layout
from overtone.bitstream.field import Field
from overtone.bitstream.writer import Writer
from overtone.codecs.base import MAX_QUALITY, MIN_QUALITY, EncodeOptions, NativeCodec, View
from overtone.codecs.coin.config import LADDER, MAX_LAYERS, MAX_WIDTH, quality_of, resolve
from overtone.codecs.coin.siren import Shape, Weights, from_flat, grid, to_flat, values
from overtone.errors import CorruptError, FitError
from overtone.imaging.image import to_uint8
from overtone.shapes import UInt8

STRIP_PX = 1 << 15  # of a strip, about
LAYERS = Field("number of layers", 1, MAX_LAYERS)
WIDTH = Field("width of layers", 1, MAX_WIDTH)


@final
class CoinCodec(NativeCodec):
    """A sine network from position to colour, with float16 weights.

    Source: Dupont et al., arXiv:2103.03123; the preset "paper" is theirs to the letter, "short",
    which is the default, takes far fewer steps.
    """

    name: ClassVar[str] = "coin"
    codec_id: ClassVar[int] = 5
    quality_step: ClassVar[float] = 1.0

    @override
    def check(self, options: EncodeOptions) -> None:
        resolve(options.preset, options.effort, options.settings)

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        from overtone.codecs.coin.fit import fit_siren

        config = resolve(options.preset, options.effort, options.settings)
        shape = config.shape_at(options.quality, image.shape[2])

        def report(fraction: float, message: str) -> None:
            if options.progress is not None:
                options.progress(fraction, message)

        weights = fit_siren(
            image, shape, config, seed=options.seed, num_threads=options.num_threads, report=report
        )
        head = Writer()
        LAYERS.write(head, shape.layers)
        WIDTH.write(head, shape.width)
        return Container(
            codec_id=self.codec_id,
            width=image.shape[1],
            height=image.shape[0],
            layout=Layout(image.shape[2]),
            sections=(head.to_bytes() + to_flat(weights).astype("<f2").tobytes(),),
            metadata=options.metadata,
        ).to_bytes()

    def knows_size(self, options: EncodeOptions) -> bool:
        """See `SizedCodec`: always."""
        return True

    def has_quality(self, options: EncodeOptions) -> bool:
        """See `SizedCodec`: unless the settings give the sizes of the network."""
        return resolve(options.preset, options.effort, options.settings).width is None

    def options_within(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions, max_bytes: int
    ) -> EncodeOptions:
        """See `SizedCodec`: the largest network of the ladder."""
        channels = image.shape[2]
        config = resolve(options.preset, options.effort, options.settings)
        empty = Container(
            codec_id=self.codec_id,
            width=image.shape[1],
            height=image.shape[0],
            layout=Layout(channels),
            sections=(b"",),
            metadata=options.metadata,
        )
        head_bytes = len(empty.to_bytes()) + 5  # two fields, and a longer length of the section
        sizes = [
            head_bytes + 2 * config.shape_at(quality_of(place), channels).num_weights
            for place in range(len(LADDER))
        ]
        for place in reversed(range(len(LADDER))):
            if sizes[place] <= max_bytes:
                quality = min(max(quality_of(place), MIN_QUALITY), MAX_QUALITY)
                return dataclasses.replace(options, quality=quality)
        raise FitError(
            f"the smallest network of {self.name} takes {sizes[0]} bytes, over {max_bytes}; "
            "allow more"
        )

    @override
    def decode_rows(
        self, file: Container, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        _, weights = _read_section(file)
        xs, ys = view.positions()
        x, y = 2 * xs / file.width - 1, 2 * ys / file.height - 1
        rows = max(1, STRIP_PX // view.out_width)
        for top in range(0, view.out_height, rows):
            strip = y[top : top + rows]
            colours = values(weights, grid(x, strip))
            yield to_uint8(255 * colours).reshape(len(strip), view.out_width, -1)

    @override
    def describe(self, file: Container, *, full: bool) -> dict[str, object]:
        shape, _ = _read_section(file)
        return {
            "sections": {"network": len(file.sections[0])},
            "layers": shape.layers,
            "layer_width": shape.width,
            "weights": shape.num_weights,
        }


def _read_section(container: Container) -> tuple[Shape, Weights]:
    """Sizes and weights of the network in the file."""
    if len(container.sections) != 1:
        raise CorruptError(f"codec coin has 1 section, the file {len(container.sections)}")
    reader = container.reader(0)
    shape = Shape(
        layers=LAYERS.read(reader),
        width=WIDTH.read(reader),
        num_outputs=int(container.layout),
    )
    stored = np.frombuffer(reader.take(2 * shape.num_weights, "weights"), "<f2")
    reader.finish()
    if not np.isfinite(stored).all():
        raise CorruptError("a weight is not finite")
    return shape, from_flat(stored.astype(np.float32), shape)
