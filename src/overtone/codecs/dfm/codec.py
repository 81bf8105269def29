"""The codec `dfm`, weights of Deep Fourier Machines, behind the common interface."""

from collections.abc import Iterator
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container
from overtone.codecs.base import EncodeOptions, NativeCodec, View
from overtone.codecs.dfm.render import Picture
from overtone.codecs.dfm.stream import (
    CODEC_ID,
    RAW,
    unpack_plan,
    unpack_quantised,
    unpack_raw,
)
from overtone.shapes import UInt8

SECTION_NAMES = ("plan", "weights")


@final
class DfmCodec(NativeCodec):
    """Deep Fourier networks, one a tile; presets "deep" (ours) and "thesis" (as published)."""

    name: ClassVar[str] = "dfm"
    codec_id: ClassVar[int] = CODEC_ID
    quality_step: ClassVar[float] = 0.5

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        # Imported here, so that decoding loads no fitting code.
        from overtone.codecs.dfm.config import resolve
        from overtone.codecs.dfm.encode import fit_picture

        config = resolve(options.preset, options.effort)
        return fit_picture(image, config, options).to_bytes(options.metadata)

    @override
    def decode_rows(
        self, file: Container, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        plan = unpack_plan(file)
        reader = file.reader(1)
        means = np.zeros((plan.num_tiles, plan.spec.num_outputs))
        if plan.kind == RAW:
            weights = unpack_raw(reader, plan)
        else:
            nets = unpack_quantised(reader, plan)
            weights, means = nets.weights(plan.spec), nets.means / 255
        return Picture(plan, weights, means, num_threads=num_threads).rows(view)

    @override
    def describe(self, file: Container) -> dict[str, object]:
        plan = unpack_plan(file)
        sizes = map(len, file.sections)
        return {
            "sections": dict(zip(SECTION_NAMES, sizes, strict=True)),
            "weights": "float32" if plan.kind == RAW else "quantised",
            "tiles": [plan.horizontal.count, plan.vertical.count],
            "margin_px": [plan.horizontal.margin, plan.vertical.margin],
            "hidden": list(plan.spec.hidden),
            "input_scales": list(plan.spec.input_scales),
            "has_residual": plan.spec.has_residual,
            "output": plan.spec.output,
            "weights_per_tile": plan.spec.num_weights,
        }
