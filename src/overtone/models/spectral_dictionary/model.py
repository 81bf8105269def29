"""The spectral dictionary as a model: loss, encoding, decoding."""

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import Batch, ImageSpec, ParameterGroup, from_pixels
from overtone.models.latent import CHUNK, AbstractLatentModel
from overtone.models.layers.mlp import Mlp
from overtone.models.spectral_dictionary.atoms import AbstractAtoms
from overtone.models.spectral_dictionary.config import SpectralDictionaryConfig
from overtone.models.spectral_dictionary.image_atoms import ImageAtoms
from overtone.models.spectral_dictionary.order import flatten_order
from overtone.models.spectral_dictionary.projection import SecondMoments, best_coefficients
from overtone.models.spectral_dictionary.signal_atoms import SignalAtoms
from overtone.models.spectral_dictionary.stft import stft_distance
from overtone.shapes import Float
from overtone.transform.dct import dct_matrix

# Deviations of coefficients are at least this share of the largest, so that encoding divides by
# none that is only rounding.
_MIN_DEVIATION = 1e-6
_TABLE_STD = 0.01  # of the coefficients in a table at the start
# Images whose spectrum says where frequencies start.
_NUM_FOR_SPECTRUM = 4096


class SpectralDictionary(AbstractLatentModel):
    """Mean image plus weighted atoms; latents are the weights, centred, over their deviations.

    Whatever modulates the atoms, the image is linear in the weights: a dictionary of K atoms is a
    linear model of rank K. `solve` finds the best weights of an image exactly.

    Source: Kiruluta, "Spectral dictionary learning for generative image modeling",
        arXiv:2504.17804, of which only the abstract could be read: docs/design/spectral-
        dictionary.md says what is assumed. Projection and atoms over the plane are ours.
    """

    name: ClassVar[str] = "spectral-dictionary"
    splits_batches: ClassVar[bool] = True
    config_class: ClassVar[type] = SpectralDictionaryConfig
    config: SpectralDictionaryConfig
    encoder: Mlp | None
    table: torch.nn.Parameter | None

    def __init__(
        self, config: SpectralDictionaryConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        count = config.num_atoms
        super().__init__(config, spec, latent_dim=count, prior=config.prior, generator=generator)
        num_values = spec.channels * spec.height * spec.width
        if count > num_values:
            raise ConfigError(
                f"{count} atoms are more than the {num_values} values of an image; set "
                f"network.num_atoms to at most {num_values}"
            )
        if config.stft_weight and max(config.stft_sizes) > num_values:
            raise ConfigError(
                f"an STFT of {max(config.stft_sizes)} values does not fit the {num_values} of an "
                "image; give smaller network.stft_sizes, or network.stft_weight=0"
            )
        kind = SignalAtoms if config.form == "signal" else ImageAtoms
        self.atoms: AbstractAtoms = kind(config, spec, generator=generator)
        order = flatten_order(config.order, spec.channels, spec.height, spec.width)
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("mean", torch.zeros(num_values))
        self.register_buffer("centre", torch.zeros(count))
        self.register_buffer("deviations", torch.ones(count))
        self.moments: SecondMoments | None = None
        self.encoder, self.table = None, None
        if config.coefficients == "encoder":
            sizes = (num_values, *config.encoder_hidden, count)
            self.encoder = Mlp(sizes, activation=torch.relu, generator=generator)
        elif config.coefficients == "table":
            table = torch.randn(spec.num_images, count, generator=generator) * _TABLE_STD
            self.table = torch.nn.Parameter(table)
            self.has_unseen_loss = False

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Mean image, start of the frequencies and second moments, as far as they are asked for."""
        pixels = torch.from_numpy(images.images)
        mean = self.get_buffer("mean")
        if self.config.subtract_mean:
            sums = [from_pixels(chunk).double().sum(0) for chunk in pixels.split(CHUNK)]
            mean.copy_((torch.stack(sums).sum(0) / len(pixels)).flatten())
        if self.config.start == "spectrum":
            stride = -(-len(pixels) // _NUM_FOR_SPECTRUM)
            some = from_pixels(pixels[::stride])
            self.atoms.start_at_spectrum(some - mean.view(some.shape[1:]), generator=generator)
        if self.config.coefficients == "projection":
            self.moments = SecondMoments.of(pixels, mean, generator=generator)

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        atoms = self.atoms()
        if self.training and self.moments is not None:
            self.moments = self.moments.to(atoms.device)
            error = self.moments.projected_error(atoms)
            return {"loss": error, "mean_squared_error": error}
        signals = batch.images.flatten(1) - self.get_buffer("mean")
        coefficients = self._training_coefficients(signals, batch, atoms)
        again = coefficients @ atoms
        error = (signals - again).square().mean()
        loss, parts = error, {"mean_squared_error": error}
        if self.config.stft_weight:
            order = self.get_buffer("order")
            parts["stft"] = stft_distance(
                again[:, order], signals[:, order], self.config.stft_sizes
            )
            loss = loss + self.config.stft_weight * parts["stft"]
        if self.config.coefficient_weight:
            loss = loss + self.config.coefficient_weight * coefficients.square().mean()
        return {"loss": loss, **parts}

    def _training_coefficients(
        self, signals: Float[Tensor, "b v"], batch: Batch, atoms: Float[Tensor, "k v"]
    ) -> Float[Tensor, "b k"]:
        if self.encoder is not None:
            return self.encoder(signals)
        if self.table is not None:
            return self.table[batch.indices]
        return best_coefficients(atoms, signals)

    @override
    def parameter_groups(self) -> list[ParameterGroup]:
        rate = self.config.modulation_rate
        network = tuple(self.atoms.modulation.parameters())
        of_network = {id(p) for p in network}
        others = tuple(p for p in self.parameters() if id(p) not in of_network)
        return [ParameterGroup(others), ParameterGroup(network, rate, rate)]

    @override
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        if self.encoder is None or self.config.solve:
            return self.solve(images)
        signals = images.flatten(1) - self.get_buffer("mean")
        return self._to_latents(self.encoder(signals))

    @override
    def solve(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        signals = images.flatten(1) - self.get_buffer("mean")
        return self._to_latents(best_coefficients(self.atoms(), signals))

    def coefficients(self, latents: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """The weights of the atoms that latents stand for."""
        return latents * self.get_buffer("deviations") + self.get_buffer("centre")

    def energies(self, atoms: Float[Tensor, "k v"]) -> Float[Tensor, " k"]:
        """Mean square of what each atom adds to the training images, over values and images."""
        power = self.get_buffer("centre").square() + self.get_buffer("deviations").square()
        return power * atoms.square().mean(1)

    def atom_frequencies(self) -> Float[Tensor, " d"]:
        """The mean frequency of each atom's energy, with its modulation, cycles per image.

        Periods along the longer side; of the DCT of the atom as an image, summed over channels.
        """
        height, width = self.spec.height, self.spec.width
        with torch.no_grad():
            atoms = self.atoms().double().unflatten(1, (-1, height, width))
        down, across = (torch.tensor(dct_matrix(n)).to(atoms) for n in (height, width))
        power = (down @ atoms @ across.T).square().sum(1)
        rows, columns = (torch.arange(n).to(atoms) / (2 * n) for n in (height, width))
        cycles = max(height, width) * torch.hypot(rows[:, None], columns)
        return (power * cycles).sum((1, 2)) / power.sum((1, 2)).clamp_min(1e-30)

    def _to_latents(self, coefficients: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        return (coefficients - self.get_buffer("centre")) / self.get_buffer("deviations")

    @override
    def training_latents(self, images: ImageSet) -> Float[Tensor, "n d"]:
        if self.table is not None and not self.config.solve:
            return self._to_latents(self.table.detach()[: len(images)])
        return super().training_latents(images)

    @override
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The images of latents: atoms evaluated at the size; the mean image is enlarged (bicubic).

        Below the training size both are evaluated there and reduced, so that nothing aliases.
        """
        spec, native = self.spec, (self.spec.height, self.spec.width)
        if self.config.form == "signal":
            self.check_native_size(size)
        height, width = size or native
        finest = (max(height, native[0]), max(width, native[1]))
        mean = self.get_buffer("mean").view(1, spec.channels, *native)
        if finest != native:
            mean = functional.interpolate(mean, finest, mode="bicubic")
        atoms = self.atoms(None if finest == native else finest)
        images = (self.coefficients(latents) @ atoms).unflatten(1, (spec.channels, *finest)) + mean
        if finest == (height, width):
            return images
        return functional.interpolate(images, (height, width), mode="bicubic", antialias=True)

    @override
    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        self.moments = None
        self.get_buffer("centre").zero_()
        self.get_buffer("deviations").fill_(1)
        coefficients = self.training_latents(images).double()
        deviations = coefficients.std(0, correction=0)
        floor = _MIN_DEVIATION * float(deviations.max().clamp_min(_MIN_DEVIATION))
        self.get_buffer("centre").copy_(coefficients.mean(0))
        self.get_buffer("deviations").copy_(deviations.clamp_min(floor))
        super().finish(images, generator=generator)
