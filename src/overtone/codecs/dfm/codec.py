"""The codec `dfm`, weights of Deep Fourier Machines, behind the common interface."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container
from overtone.codecs import library
from overtone.codecs.base import EncodeOptions, NativeCodec, View
from overtone.codecs.dfm.stream import CODEC_ID, RAW, unpack_plan
from overtone.shapes import UInt8

SECTION_NAMES = ("plan", "weights")


@final
class DfmCodec(NativeCodec):
    """Deep Fourier networks, one a tile; presets "deep" (ours) and "thesis" (as published)."""

    name: ClassVar[str] = "dfm"
    codec_id: ClassVar[int] = CODEC_ID
    quality_step: ClassVar[float] = 0.5

    @override
    def check(self, options: EncodeOptions) -> None:
        from overtone.codecs.dfm.config import resolve

        resolve(options.preset, options.effort, options.settings)

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        # Imported here, so that decoding loads no fitting code.
        from overtone.codecs.dfm.config import resolve
        from overtone.codecs.dfm.encode import fit_picture

        config = resolve(options.preset, options.effort, options.settings)
        return fit_picture(image, config, options).to_bytes(options.metadata)

    def knows_size(self, options: EncodeOptions) -> bool:
        """See `SizedCodec`: raw weights of networks of one size."""
        from overtone.codecs.dfm.config import resolve

        config = resolve(options.preset, options.effort, options.settings)
        return config.kind == "raw" and len(config.sizes) == 1

    def has_quality(self, options: EncodeOptions) -> bool:
        """See `SizedCodec`: unless weights are stored as they were fitted."""
        return not self.knows_size(options)

    def options_within(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions, max_bytes: int
    ) -> EncodeOptions:
        """See `SizedCodec`: the width and depth of the network that `choose_shape` takes."""
        from overtone.codecs.dfm.sizing import choose_shape

        width, depth = choose_shape(image.shape, options, max_bytes)
        settings = {**options.settings, "width": width, "depth": depth}
        return dataclasses.replace(options, settings=settings)

    @override
    def decode_rows(
        self, file: Container, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        return library.decode_rows(file, view, num_threads)

    @override
    def describe(self, file: Container, *, full: bool) -> dict[str, object]:
        plan = unpack_plan(file)
        sizes = map(len, file.sections)
        return {
            "sections": dict(zip(SECTION_NAMES, sizes, strict=True)),
            "kind": "raw" if plan.kind == RAW else "quantised",
            "tiles": [plan.horizontal.count, plan.vertical.count],
            "margin_px": [plan.horizontal.margin, plan.vertical.margin],
            "network": {
                "width": max(plan.spec.hidden, default=0),
                "depth": len(plan.spec.hidden),
                "hidden_layers": list(plan.spec.hidden),
                "weights": plan.spec.num_weights,
                "input_scales": list(plan.spec.input_scales),
                "residual": plan.spec.has_residual,
                "output": plan.spec.output,
            },
        }
