"""A flow over the coefficients of local cosine series themselves."""

from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from overtone.models.base import ImageSpec
from overtone.models.grid_latent import AbstractGridModel
from overtone.models.layers.cells import grid_of
from overtone.models.local_series.config import LocalSeriesFlowConfig
from overtone.models.local_series.tiles import synthesize, tile_bases
from overtone.shapes import Float


class LocalSeriesFlow(AbstractGridModel):
    """Image -> coefficients of every tile by least squares -> a flow over all of them.

    The tiles are those of the local series generator; nothing but the flow is trained.
    """

    name: ClassVar[str] = "local-series-flow"
    config_class: ClassVar[type] = LocalSeriesFlowConfig
    config: LocalSeriesFlowConfig
    basis_y: Tensor
    basis_x: Tensor
    analysis_y: Tensor
    analysis_x: Tensor

    def __init__(
        self, config: LocalSeriesFlowConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__(
            config,
            spec,
            grid=(*grid_of(spec, config.cell_px), spec.channels * config.num_frequencies**2),
            flow=config.flow,
            flips=config.flips,
            generator=generator,
        )
        for axis, basis in zip("yx", self._bases((spec.height, spec.width)), strict=True):
            self.register_buffer(f"basis_{axis}", basis, persistent=False)
            inverse = _least_squares(basis, config.ridge)
            self.register_buffer(f"analysis_{axis}", inverse, persistent=False)

    @override
    def analyse(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b r s d"]:
        rows, columns, _ = self.grid
        k = self.config.num_frequencies
        series = self.analysis_y.T @ images @ self.analysis_x
        series = series.unflatten(3, (columns, k)).unflatten(2, (rows, k))
        return series.permute(0, 2, 4, 1, 3, 5).flatten(3)

    @override
    def synthesise(
        self, tokens: Float[Tensor, "b r s d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        basis_y, basis_x = self.basis_y, self.basis_x
        if size is not None:
            basis_y, basis_x = (basis.to(tokens.device) for basis in self._bases(size))
        return synthesize(tokens.permute(0, 3, 1, 2), basis_y, basis_x, self.spec.channels)

    def _bases(self, size: tuple[int, int]) -> list[Float[Tensor, "k n"]]:
        config = self.config
        return tile_bases(self.grid[:2], config.num_frequencies, config.cell_px, self.spec, size)


def _least_squares(basis: Float[Tensor, "k n"], ridge: float) -> Float[Tensor, "n k"]:
    """What takes pixels along an axis to the coefficients of least squares with a ridge."""
    basis = basis.double()
    gram = basis @ basis.T
    strongest = torch.linalg.eigvalsh(gram)[-1]
    return torch.linalg.solve(gram + ridge * strongest * torch.eye(len(gram)), basis).T.float()
