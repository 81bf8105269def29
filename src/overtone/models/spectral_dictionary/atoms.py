"""What every dictionary of atoms is."""

import abc
import dataclasses

import torch
from torch import Tensor

from overtone.models.spectral_dictionary.modulation import Modulation
from overtone.shapes import Float


@dataclasses.dataclass(frozen=True, slots=True)
class AtomTable:
    """The parameters of all atoms, and their modulation over the places of the image.

    Attributes:
        frequencies: Cycles a signal, or cycles an image along x and y.
        phases: Turns, as many as there are frequencies or one.
        amplitudes: Before modulation.
        colors: Weights of the channels; None for signals, which run through all.
        modulation: What is added by place: to the amplitude, then for signals to the frequency and
            to the phase, for atoms over the image to the phases.
        names: Names of the modulated quantities.
    """

    frequencies: Float[Tensor, "k axes"]
    phases: Float[Tensor, "k phases"]
    amplitudes: Float[Tensor, " k"]
    colors: Float[Tensor, "k c"] | None
    modulation: Float[Tensor, "o k p"]
    names: tuple[str, ...]


class AbstractAtoms(torch.nn.Module, abc.ABC):
    """K modulated sinusoids, evaluated as images.

    Attributes:
        frequencies: Frequencies as in `AtomTable`; one axis for signals.
        phases: Phases, as many as frequencies.
        amplitudes: Before modulation.
        modulation: The network that all atoms share.
    """

    frequencies: torch.nn.Parameter
    phases: torch.nn.Parameter
    amplitudes: torch.nn.Parameter
    modulation: Modulation

    @abc.abstractmethod
    def forward(self, size: tuple[int, int] | None = None) -> Float[Tensor, "k v"]:
        """Values of each atom, in the memory order of an image (channel, row, column).

        Args:
            size: Height and width; those of the training images by default.
        """

    @abc.abstractmethod
    def start_at_spectrum(
        self, images: Float[Tensor, "n c h w"], *, generator: torch.Generator
    ) -> None:
        """Sets the frequencies to those where images, minus their mean, have most energy."""

    @abc.abstractmethod
    def table(self) -> AtomTable:
        """The parameters and the modulation as tensors without gradients."""
