"""Settings of the principal components."""

import dataclasses

from overtone.models.latent import PriorConfig


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PcaConfig:
    """How many components, and what their weights are drawn from.

    Attributes:
        num_components: Length of a latent; at most the values of an image, and fewer than there
            are images.
        prior: What is sampled from. The latents are white, so "normal" is the full Gaussian of
            the images along the components.
    """

    num_components: int = 64
    prior: PriorConfig = dataclasses.field(
        default_factory=lambda: PriorConfig(fitted=("gaussian", "mixture"), default="gaussian")
    )

    def __post_init__(self) -> None:
        if self.num_components < 1:
            raise ValueError(f"num_components must be at least 1, got {self.num_components}")
