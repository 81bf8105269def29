"""Models whose latents are a grid of tokens, drawn by a flow that trains with the model."""

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import Batch, ImageSpec, from_pixels
from overtone.models.latent import AbstractLatentModel, PriorConfig
from overtone.models.layers.class_shares import count_of_class, draw_classes, note_class_shares
from overtone.models.layers.mirror import mirrored
from overtone.models.priors.grid_flow import GridFlow, GridFlowConfig
from overtone.shapes import Float, Int64

FLOW = "flow"
# Training images that scales are taken from.
NUM_FOR_SCALE = 8192


class AbstractGridModel(AbstractLatentModel):
    """Tokens of an image by analysis, an image of tokens by synthesis, and a flow over the tokens.

    The latent of an image is its grid of tokens, flattened. The flow is part of the model: its loss
    is the loss, and its weights are in the model's file.

    Attributes:
        grid: Rows, columns and channels of the tokens.
        flow: The prior.
        class_shares: Share of each class in the training set, which draws of any class follow.
    """

    default_train: ClassVar[Mapping[str, Any]] = {
        "core_minutes": 20.0,
        "optimizer": "adamw",
        "final_rate_ratio": 0.01,
        "warmup_steps": 100,
        "betas": [0.9, 0.99],
        "weight_decay": 0.01,
        "clip_norm": 1.0,
        "ema_decay": 0.999,
        "precision": "bfloat16",
    }
    steps_on_card: ClassVar[bool] = True
    splits_batches: ClassVar[bool] = True
    networks: ClassVar[tuple[str, ...]] = ("flow.net",)
    class_shares: Tensor

    def __init__(
        self,
        config: Any,
        spec: ImageSpec,
        *,
        grid: tuple[int, int, int],
        flow: GridFlowConfig,
        flips: bool,
        generator: torch.Generator,
    ) -> None:
        prior = PriorConfig(fitted=(FLOW,), default=FLOW)
        length = grid[0] * grid[1] * grid[2]
        super().__init__(config, spec, latent_dim=length, prior=prior, generator=generator)
        self.grid, self.flips = grid, flips
        num_classes = len(spec.class_names)
        self.flow = GridFlow(flow, grid, num_classes, generator=generator)
        self.register_buffer("class_shares", torch.ones(num_classes))

    @abc.abstractmethod
    def analyse(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b r s d"]:
        """The tokens of images in [-1, 1] of the training images' size."""

    @abc.abstractmethod
    def synthesise(
        self, tokens: Float[Tensor, "b r s d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The images of tokens, in about [-1, 1], at any size (height and width)."""

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Scales of the tokens and shares of the classes."""
        stride = -(-len(images) // NUM_FOR_SCALE)
        some = torch.from_numpy(images.images[::stride]).split(256)
        tokens = [self.analyse(from_pixels(part).to(self.device)) for part in some]
        self.flow.fit_scale(torch.cat(tokens))
        note_class_shares(self.class_shares, images)

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        images = self.mirrored(batch, generator)
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            tokens = self.analyse(images)
        loss = self.flow.loss(tokens, batch.labels, generator=generator, share=batch.share)
        return {"loss": loss}

    def mirrored(self, batch: Batch, generator: torch.Generator) -> Float[Tensor, "b c h w"]:
        """In training each image of a batch or its mirror, where `flips` is set."""
        if not (self.flips and self.training):
            return batch.images
        return mirrored(batch.images, generator, batch.share)

    @override
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        return self.analyse(images).flatten(1)

    @override
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        return self.synthesise(latents.unflatten(1, self.grid), size)

    @override
    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Nothing is fitted: the flow is trained already."""

    @override
    def num_of_class(self, number: int) -> int | None:
        return count_of_class(self.class_shares, number, self.spec.num_images)

    @override
    def preview(
        self, num_images: int, images: ImageSet, *, generator: torch.Generator
    ) -> Float[Tensor, "b c h w"]:
        return self.sample(num_images, generator=generator)

    @override
    def sample_latents(
        self,
        num_images: int,
        *,
        generator: torch.Generator,
        temperature: float = 1.0,
        labels: Int64[Tensor, " b"] | None = None,
        prior: str | None = None,
        guidance: float = 1.0,
    ) -> Float[Tensor, "b d"]:
        """Latents drawn by the flow; without labels the classes are drawn by their shares.

        Raises:
            ConfigError: Another prior is asked for, or guidance of a model without classes.
        """
        self.check_labels(num_images, labels)
        if prior not in (None, FLOW):
            raise ConfigError(f"this {self.name} has no prior {prior}; it has {FLOW}")
        if not len(self.class_shares):
            self.check_unguided(guidance)
        elif labels is None:
            labels = draw_classes(self.class_shares, num_images, generator)
        drawn = self.flow.draw(
            num_images,
            generator=generator,
            labels=labels,
            guidance=guidance,
            temperature=temperature,
        )
        return drawn.flatten(1).cpu()
