"""Settings of the spectral dictionary."""

import dataclasses
from typing import Literal

from overtone.models.latent import PriorConfig

Form = Literal["signal", "wave", "product"]
FlatteningOrder = Literal["planes", "interleaved", "hilbert"]
Start = Literal["spectrum", "log", "linear"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SpectralDictionaryConfig:
    """The atoms, how their coefficients are found, and what the loss is.

    Of the paper only the abstract is public; whatever it leaves open is a setting here.

    Attributes:
        num_atoms: K; also the length of a latent.
        form: "signal" has atoms of time along the flattened image, as published; "wave" plane
            waves over the image, "product" a sine along each axis, multiplied.
        order: Order of a flattened image's values: colour planes one after the other, colours
            interleaved, or a Hilbert curve through each plane. For signals, and for the STFT of all
            forms.
        start: Frequencies at the start: where the training images have most energy, or on a
            logarithmic or linear grid up to half the number of values (signals only).
        modulation_hidden: Units of the hidden layers of the network that modulates all atoms.
        modulation_waves: Sine and cosine pairs of time (or of each axis) that go into it.
        modulation_rate: Its learning rate over that of the atoms.
        coefficients: How a training image gets its coefficients: "projection" eliminates them by
            least squares, so that a step sees all training images through their second moments;
            "encoder" has a network; "table" learns one vector an image.
        encoder_hidden: Units of the hidden layers of the encoder.
        solve: Whether an encoder's place is taken by least squares once the training is over. A
            projection or a table has no other way to encode.
        subtract_mean: Whether the atoms model what differs from the mean training image.
        stft_weight: λ, of the distance of STFT magnitudes in the loss.
        stft_sizes: Window lengths of the STFTs, values.
        coefficient_weight: μ, of the mean square of the coefficients in the loss.
        prior: What is sampled from. Latents have mean 0 and deviation 1 on each axis, so "normal"
            is the diagonal Gaussian.
    """

    num_atoms: int = 64
    form: Form = "product"
    order: FlatteningOrder = "planes"
    start: Start = "spectrum"
    modulation_hidden: tuple[int, ...] = (64, 64)
    modulation_waves: int = 4
    modulation_rate: float = 0.3
    coefficients: Literal["projection", "encoder", "table"] = "projection"
    encoder_hidden: tuple[int, ...] = (512,)
    solve: bool = False
    subtract_mean: bool = True
    stft_weight: float = 0.0
    stft_sizes: tuple[int, ...] = (64, 128, 256)
    coefficient_weight: float = 0.0
    prior: PriorConfig = dataclasses.field(
        default_factory=lambda: PriorConfig(fitted=("gaussian", "mixture"), default="gaussian")
    )

    def __post_init__(self) -> None:
        if min(self.num_atoms, self.modulation_waves) < 1:
            raise ValueError(
                "num_atoms and modulation_waves must be at least 1, got "
                f"{self.num_atoms} and {self.modulation_waves}"
            )
        if min(*self.modulation_hidden, *self.encoder_hidden, 1) < 1:
            raise ValueError("hidden layers must have at least 1 unit")
        if not self.modulation_rate > 0:
            raise ValueError(f"modulation_rate must be above 0, got {self.modulation_rate:g}")
        if self.form != "signal" and self.start != "spectrum":
            raise ValueError(f"atoms of form {self.form} start at the spectrum, not {self.start}")
        if self.stft_weight < 0 or self.coefficient_weight < 0:
            raise ValueError("stft_weight and coefficient_weight must not be below 0")
        if not self.stft_sizes or min(self.stft_sizes) < 4:
            raise ValueError(f"stft_sizes must be at least 4 each, got {self.stft_sizes}")
        if self.coefficients == "projection" and (self.stft_weight or self.coefficient_weight):
            raise ValueError(
                "a projection has least squares for its loss; set stft_weight and "
                "coefficient_weight to 0, or coefficients to encoder"
            )
