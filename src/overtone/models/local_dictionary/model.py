"""The local dictionary as a model."""

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import ImageSpec, from_pixels
from overtone.models.grid_latent import AbstractGridModel
from overtone.models.layers.cells import grid_of
from overtone.models.local_dictionary.atoms import AbstractTileAtoms, ComponentAtoms, WaveAtoms
from overtone.models.local_dictionary.config import LocalDictionaryConfig
from overtone.models.spectral_dictionary.projection import SecondMoments
from overtone.shapes import Float

# Crops that atoms are fitted to, and how many cells a side of one has.
_NUM_CROPS = 8192
_CROP_CELLS = 4


class LocalDictionary(AbstractGridModel):
    """Pictures as weighted sums of atoms on overlapping tiles, the same atoms in every cell.

    The weights of an image are those of least squares, by one matrix for the whole grid; they are
    its latent. Atoms are fitted in `begin`, with the weights eliminated, then stay as they are
    while the flow over the weights is trained. docs/design/grid-flow.md has the reasons.

    Source: what Kiruluta, arXiv:2504.17804, does for whole images, made local; atoms are fitted as
        those of `spectral-dictionary`.
    """

    name: ClassVar[str] = "local-dictionary"
    config_class: ClassVar[type] = LocalDictionaryConfig
    config: LocalDictionaryConfig

    def __init__(
        self, config: LocalDictionaryConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        count, cell_px = config.num_atoms, config.cell_px
        most = spec.channels * cell_px**2
        if count > most:
            raise ConfigError(
                f"{count} atoms are more than the {most} values of a cell; set network.num_atoms "
                f"to at most {most}"
            )
        grid = (*grid_of(spec, cell_px), count)
        super().__init__(
            config, spec, grid=grid, flow=config.flow, flips=config.flips, generator=generator
        )
        self.atoms: AbstractTileAtoms = (
            WaveAtoms(count, spec.channels, cell_px, generator=generator)
            if config.form == "waves"
            else ComponentAtoms(count, spec.channels, cell_px)
        )
        self._analysis: Tensor | None = None
        self.register_load_state_dict_post_hook(lambda *_: self._forget())

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Fits the atoms to crops of the training images, then the scales of their weights."""
        self._forget()
        cell_px, (height, width) = self.config.cell_px, (self.spec.height, self.spec.width)
        size = (min(_CROP_CELLS * cell_px, height), min(_CROP_CELLS * cell_px, width))
        pixels = torch.from_numpy(images.images)
        tiles = _crops(pixels, (2 * cell_px, 2 * cell_px), generator)
        missing = (0, 2 * cell_px - tiles.shape[3], 0, 2 * cell_px - tiles.shape[2])
        self.atoms.start(functional.pad(tiles, missing, mode="replicate"))
        crops = _crops(pixels, size, generator)
        whole = (crops * 127.5 + 127.5).round().byte().permute(0, 2, 3, 1)
        moments = SecondMoments.of(whole, torch.zeros(crops[0].numel()), generator=generator)
        self.atoms.fit(moments.projected_error, size, self.config.fit_steps)
        super().begin(images, generator=generator)

    @override
    def analyse(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b r s d"]:
        if self._analysis is None:
            atoms = self.atoms.matrix(self.spec.height, self.spec.width)
            self._analysis = least_squares(atoms, self.config.ridge)
        if self._analysis.device != images.device:
            self._analysis = self._analysis.to(images.device)
        return (images.flatten(1) @ self._analysis).unflatten(1, self.grid)

    @override
    def solve(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        return self.encode(images)

    @override
    def synthesise(
        self, tokens: Float[Tensor, "b r s d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The images of weights: atoms evaluated at the size, or larger and reduced."""
        native = (self.spec.height, self.spec.width)
        height, width = size or native
        finest = (max(height, native[0]), max(width, native[1]))
        images = self.atoms.images(tokens, native, finest)
        if finest == (height, width):
            return images
        return functional.interpolate(images, (height, width), mode="bicubic", antialias=True)

    def _forget(self) -> None:
        self._analysis = None


@torch.no_grad()
def least_squares(atoms: Float[Tensor, "n v"], ridge: float) -> Float[Tensor, "v n"]:
    """The matrix that turns images into the weights whose sum of atoms is nearest.

    Args:
        atoms: A row for each weight.
        ridge: Added to the diagonal of the atoms' inner products, relative to its mean.
    """
    double = atoms.double()
    gram = double @ double.T
    gram.diagonal().add_(ridge * gram.diagonal().mean().clamp_min(1e-12))
    return torch.cholesky_solve(double, torch.linalg.cholesky(gram)).T.to(atoms)


def _crops(
    pixels: torch.Tensor, size: tuple[int, int], generator: torch.Generator
) -> Float[Tensor, "n c h w"]:
    """Random pieces of random pictures, in [-1, 1]; at most a picture's own size."""
    height, width = (min(a, b) for a, b in zip(size, pixels.shape[1:3], strict=True))
    count = _NUM_CROPS

    def below(limit: int) -> Tensor:
        return torch.randint(limit, (count, 1, 1), generator=generator)

    chosen = torch.randint(len(pixels), (count, 1, 1), generator=generator)
    rows = below(pixels.shape[1] - height + 1) + torch.arange(height)[:, None]
    columns = below(pixels.shape[2] - width + 1) + torch.arange(width)
    return from_pixels(pixels[chosen, rows, columns])
