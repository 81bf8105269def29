"""The flow over local cosine coefficients as a model."""

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from overtone.models.base import ImageSpec
from overtone.models.dct_flow.blocks import block_waves
from overtone.models.dct_flow.config import DctFlowConfig
from overtone.models.grid_latent import AbstractGridModel
from overtone.models.layers.cells import grid_of
from overtone.models.layers.colors import color_matrix
from overtone.shapes import Float


class DctFlow(AbstractGridModel):
    """Luma and colour differences in blocks of orthonormal cosines, unquantised, under one flow.

    The continuous relative of `dct-transformer`: all coefficients of all blocks are drawn at once
    instead of one triple after the other. Analysis is exact: at the training size, synthesis
    undoes it. docs/design/grid-flow.md has the reasons.

    Source: tokens of 4x4 blocks after AFIG and DCTdiff (Ning et al., arXiv:2412.15032, section
        3.1), without their subsampling of chroma and without their thresholds.
    """

    name: ClassVar[str] = "dct-flow"
    config_class: ClassVar[type] = DctFlowConfig
    config: DctFlowConfig
    rows: Tensor
    columns: Tensor
    colors: Tensor

    def __init__(
        self, config: DctFlowConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        side = config.block_px
        super().__init__(
            config,
            spec,
            grid=(*grid_of(spec, side), spec.channels * side**2),
            flow=config.flow,
            flips=config.flips,
            generator=generator,
        )
        self.register_buffer("rows", block_waves(spec.height, side), persistent=False)
        self.register_buffer("columns", block_waves(spec.width, side), persistent=False)
        self.register_buffer("colors", color_matrix(spec.channels), persistent=False)

    @override
    def analyse(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b r s d"]:
        rows, columns, _ = self.grid
        side, (height, width) = self.config.block_px, images.shape[2:]
        missing = (0, columns * side - width, 0, rows * side - height)
        planes = torch.einsum("kc,bchw->bkhw", self.colors, images)
        planes = functional.pad(planes, missing, mode="replicate")
        cosines = block_waves(side, side).to(planes)
        blocks = planes.unflatten(3, (columns, side)).unflatten(2, (rows, side))
        return torch.einsum("yu,bkrysx,xv->brskuv", cosines, blocks, cosines).flatten(3)

    @override
    def synthesise(
        self, tokens: Float[Tensor, "b r s d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The images of tokens: cosines are evaluated at the pixels of the size.

        Below the training size they are evaluated there and the image is reduced, so that nothing
        aliases.
        """
        spec, side = self.spec, self.config.block_px
        height, width = size or (spec.height, spec.width)
        finest = (max(height, spec.height), max(width, spec.width))
        rows, columns = self.rows, self.columns
        if finest != (spec.height, spec.width):
            rows = block_waves(spec.height, side, finest[0]).to(rows)
            columns = block_waves(spec.width, side, finest[1]).to(columns)
        series = tokens.unflatten(3, (spec.channels, side, side)).permute(0, 3, 1, 4, 2, 5)
        planes = rows @ series.flatten(4, 5).flatten(2, 3) @ columns.T
        images = torch.einsum("ck,bkhw->bchw", torch.linalg.inv(self.colors), planes)
        if finest == (height, width):
            return images
        return functional.interpolate(images, (height, width), mode="bicubic", antialias=True)
