"""Atoms over the plane of the image: functions of x and y, so of any resolution."""

import math

import torch
from torch import Tensor
from typing_extensions import override

from overtone.models.base import ImageSpec
from overtone.models.spectral_dictionary.atoms import AbstractAtoms, AtomTable
from overtone.models.spectral_dictionary.config import SpectralDictionaryConfig
from overtone.models.spectral_dictionary.modulation import Modulation, place_features
from overtone.shapes import Float
from overtone.transform.dct import dct_matrix

_MODULATED = ("amplitude", "phase x", "phase y")


class ImageAtoms(AbstractAtoms):
    """Sines over x and y in [0, 1], modulated, in a colour each.

    Form "wave": color_ic (A_i + dA_i) sin(2π (φx + φy)); form "product":
    color_ic (A_i + dA_i) sin(2π φx) sin(2π φy), with φx = Fx_i x + Px_i + dPx_i(x, y) and φy
    alike: phases in turns, frequencies in cycles an image, dA and dP functions of (x, y) by one
    small network. A modulated frequency would add x dF(x, y) to the phase, which dP(x, y) already
    can be.

    Our extension: with Fx and Fy at half cycles and phases of a quarter turn the product form is
    the discrete cosine transform, nearly the principal components of natural images.
    """

    def __init__(
        self, config: SpectralDictionaryConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.form = config.form
        self.num_waves = config.modulation_waves
        self.size = (spec.height, spec.width)
        count = config.num_atoms
        highest = torch.tensor([spec.width / 2, spec.height / 2])
        self.frequencies = torch.nn.Parameter(torch.rand(count, 2, generator=generator) * highest)
        self.phases = torch.nn.Parameter(torch.rand(count, 2, generator=generator))
        self.amplitudes = torch.nn.Parameter(torch.ones(count))
        self.colors = torch.nn.Parameter(torch.randn(count, spec.channels, generator=generator))
        places = pixel_places(*self.size)
        features = place_features(places, self.num_waves)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("features", features, persistent=False)
        self.modulation = Modulation(
            features.shape[1],
            config.modulation_hidden,
            num_atoms=count,
            num_outputs=len(_MODULATED),
            generator=generator,
        )

    @override
    def forward(self, size: tuple[int, int] | None = None) -> Float[Tensor, "k v"]:
        places, features = self.get_buffer("places"), self.get_buffer("features")
        if size not in (None, self.size):
            places = pixel_places(*size).to(places)
            features = place_features(places, self.num_waves)
        amplitude, phase_x, phase_y = self.modulation(features)
        frequencies, phases = self.frequencies[:, :, None], self.phases[:, :, None]
        turns_x = frequencies[:, 0] * places[:, 0] + phases[:, 0] + phase_x
        turns_y = frequencies[:, 1] * places[:, 1] + phases[:, 1] + phase_y
        amplitude = self.amplitudes[:, None] + amplitude
        if self.form == "wave":
            plane = amplitude * torch.sin(2 * math.pi * (turns_x + turns_y))
        else:
            plane = amplitude * torch.sin(2 * math.pi * turns_x) * torch.sin(2 * math.pi * turns_y)
        return (self.colors[:, :, None] * plane[:, None]).flatten(1)

    @override
    def start_at_spectrum(
        self, images: Float[Tensor, "n c h w"], *, generator: torch.Generator
    ) -> None:
        """The strongest coefficients of the cosine transform along the principal colours.

        A plane wave runs along either diagonal and in any phase, both at random.
        """
        height, width = self.size
        values = images.transpose(0, 1).flatten(1)
        axes = torch.linalg.eigh((values @ values.T).double()).eigenvectors.T.float()
        down, across = (torch.tensor(dct_matrix(n)).to(images) for n in self.size)
        spectrum = down @ torch.einsum("ac,nchw->nahw", axes, images) @ across.T
        energy = spectrum.square().mean(0).flatten()
        strongest = energy.topk(min(len(self.amplitudes), len(energy))).indices
        row, column = strongest // width % height, strongest % width
        frequencies = torch.stack([column, row], dim=1) / 2
        if self.form == "wave":
            signs = torch.randint(2, (len(strongest),), generator=generator) * 2 - 1
            frequencies[:, 1] *= signs
        with torch.no_grad():  # what is left of more atoms than coefficients stays random
            self.frequencies[: len(strongest)] = frequencies
            self.colors[: len(strongest)] = axes[strongest // (height * width)]
            if self.form == "product":
                self.phases[: len(strongest)] = 0.25

    @override
    def table(self) -> AtomTable:
        with torch.no_grad():
            modulation = self.modulation(self.get_buffer("features"))
        return AtomTable(
            self.frequencies.detach(),
            self.phases.detach(),
            self.amplitudes.detach(),
            self.colors.detach(),
            modulation,
            _MODULATED,
        )


def pixel_places(height: int, width: int) -> Float[Tensor, "p 2"]:
    """Pixel centres as x and y, row by row; the image is the unit square."""
    y, x = (torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], dim=1)
