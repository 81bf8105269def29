"""Atoms of time along a flattened image, as published."""

import math

import torch
from torch import Tensor
from typing_extensions import override

from overtone.models.base import ImageSpec
from overtone.models.spectral_dictionary.atoms import AbstractAtoms, AtomTable
from overtone.models.spectral_dictionary.config import SpectralDictionaryConfig
from overtone.models.spectral_dictionary.modulation import Modulation, time_features
from overtone.models.spectral_dictionary.order import flatten_order
from overtone.shapes import Float

_MODULATED = ("amplitude", "frequency", "phase")


class SignalAtoms(AbstractAtoms):
    """s_i(t) = (A_i + dA_i(t)) sin(2π ((F_i + dF_i(t)) t + P_i + dP_i(t))), t = n / V.

    Phases are in turns. Amplitudes start at 1, phases uniform in a turn.

    Source: the abstract of arXiv:2504.17804; the formula is our reading of it.
    """

    def __init__(
        self, config: SpectralDictionaryConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        order = flatten_order(config.order, spec.channels, spec.height, spec.width)
        times = torch.arange(len(order)) / len(order)
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("places", order.argsort(), persistent=False)
        self.register_buffer("times", times, persistent=False)
        features = time_features(times, config.modulation_waves)
        self.register_buffer("features", features, persistent=False)
        count, highest = config.num_atoms, len(order) / 2
        if config.start == "linear":
            frequencies = torch.linspace(0, highest, count)
        elif config.start == "log":
            frequencies = torch.logspace(0, math.log10(max(highest, 1)), count)
        else:
            frequencies = torch.rand(count, generator=generator) * highest
        self.frequencies = torch.nn.Parameter(frequencies)
        self.phases = torch.nn.Parameter(torch.rand(count, generator=generator))
        self.amplitudes = torch.nn.Parameter(torch.ones(count))
        self.modulation = Modulation(
            features.shape[1],
            config.modulation_hidden,
            num_atoms=count,
            num_outputs=len(_MODULATED),
            generator=generator,
        )

    @override
    def forward(self, size: tuple[int, int] | None = None) -> Float[Tensor, "k v"]:
        assert size is None  # time along the signal has no other resolution
        amplitude, frequency, phase = self.modulation(self.get_buffer("features"))
        amplitude = self.amplitudes[:, None] + amplitude
        cycles = (self.frequencies[:, None] + frequency) * self.get_buffer("times")
        signals = amplitude * torch.sin(2 * math.pi * (cycles + self.phases[:, None] + phase))
        return signals[:, self.get_buffer("places")]

    @override
    def start_at_spectrum(
        self, images: Float[Tensor, "n c h w"], *, generator: torch.Generator
    ) -> None:
        """The strongest whole frequencies, each with two atoms a quarter turn apart."""
        signals = images.flatten(1)[:, self.get_buffer("order")]
        energy = torch.fft.rfft(signals).abs().square().mean(0)
        count = len(self.frequencies)
        num_pairs = min((count + 1) // 2, len(energy))
        strongest = energy.topk(num_pairs).indices.repeat_interleave(2)
        phases = torch.tensor([0.25, 0.0]).repeat(num_pairs)
        with torch.no_grad():  # what is left of more atoms than frequencies stays random
            self.frequencies[: len(strongest)] = strongest[:count].float()
            self.phases[: len(phases)] = phases[:count]

    @override
    def table(self) -> AtomTable:
        with torch.no_grad():
            modulation = self.modulation(self.get_buffer("features"))
        return AtomTable(
            self.frequencies.detach()[:, None],
            self.phases.detach()[:, None],
            self.amplitudes.detach(),
            None,
            modulation,
            _MODULATED,
        )
