"""Models of one latent vector an image: drawing is a prior over latents, then the decoder."""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError, suggestion
from overtone.models.base import AbstractModel, ImageSpec, from_pixels
from overtone.models.latent_priors import LatentPriors
from overtone.models.priors.base import check_temperature
from overtone.models.priors.gaussian import NormalPrior
from overtone.models.priors.registry import get_prior_class
from overtone.shapes import Float, Int64

_T = TypeVar("_T")
NORMAL = "normal"
# Images that go through a network together when memory is to stay small.
CHUNK = 256
# Training images whose latents stand for the prior while training is under way.
_NUM_PREVIEWED = 2048


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PriorConfig:
    """Which distributions of the latents a model can draw from.

    Attributes:
        fitted: Kinds of `overtone.models.priors` to fit to the training set's latents after
            training.
        default: Prior that `sample` draws from: "normal" for N(0, normal_std² I), or one of
            `fitted`.
        normal_std: Standard deviation of the prior "normal".
    """

    fitted: tuple[str, ...] = ("gaussian", "mixture")
    default: str = NORMAL
    normal_std: float = 1.0

    def __post_init__(self) -> None:
        for kind in self.fitted:
            if get_prior_class(kind) is NormalPrior:
                raise ValueError("normal is always there; leave it out of fitted")
        if self.default not in (NORMAL, *self.fitted):
            raise ValueError(
                f"default must be one of {', '.join((NORMAL, *self.fitted))}, got {self.default}"
            )
        if not self.normal_std > 0:
            raise ValueError(f"normal_std must be above 0, got {self.normal_std:g}")


class AbstractLatentModel(AbstractModel):
    """A model with an encoder to and a decoder from vectors of `latent_dim` numbers.

    Attributes:
        latent_dim: Number of values in a latent vector.
        priors: Priors that `finish` fits and the model's file stores.
        has_encoder: Whether `encode` works; a model that only draws raises a `ConfigError` there.
    """

    has_encoder: ClassVar[bool] = True

    draws_on_cuda: ClassVar[bool] = True

    def __init__(
        self,
        config: Any,
        spec: ImageSpec,
        *,
        latent_dim: int,
        prior: PriorConfig,
        generator: torch.Generator,
    ) -> None:
        super().__init__(config, spec, generator=generator)
        self.latent_dim = latent_dim
        self.prior_config = prior
        self.priors = LatentPriors()

    @property
    def device(self) -> torch.device:
        """Where its weights are; `encode` and `decode` take tensors there."""
        return next(self.parameters()).device

    @abc.abstractmethod
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        """The latent of each image in [-1, 1]; of a distribution, its mean."""

    def solve(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        """The latents whose decoding is nearest to each image in [-1, 1], by least squares.

        Raises:
            ConfigError: The model is not linear in its latents, as most are not.
        """
        del images
        raise ConfigError(
            "least squares needs a linear model such as spectral-dictionary, not "
            f"{self.name}; leave out solve"
        )

    @abc.abstractmethod
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The images of latents, in [-1, 1].

        Raises:
            ConfigError: The decoder has one size only and another is asked for.
        """

    def training_latents(self, images: ImageSet) -> Float[Tensor, "n d"]:
        """The latents of the training set or of its first images, in their order."""
        with torch.no_grad():
            chunks = torch.from_numpy(images.images).split(CHUNK)
            return torch.cat(
                [self.encode(from_pixels(chunk).to(self.device)).cpu() for chunk in chunks]
            )

    @override
    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        kinds = self.prior_config.fitted
        if not kinds:
            return
        latents = self.training_latents(images).double().numpy()
        rng, num_classes = numpy_generator(generator), len(self.spec.class_names)
        self.priors = LatentPriors.fit(kinds, latents, images.labels, num_classes, rng=rng)

    @override
    def extra_tensors(self) -> dict[str, Tensor]:
        return self.priors.to_tensors()

    @override
    def load_extra_tensors(self, tensors: dict[str, Tensor]) -> None:
        self.priors = LatentPriors.from_tensors(tensors)
        for kind, priors in self.priors.by_class.items():
            if len(priors.counts) != len(self.spec.class_names):
                raise ValueError(
                    f"the priors {kind} are of {len(priors.counts)} classes, the model knows "
                    f"{len(self.spec.class_names)}"
                )

    @override
    def num_of_class(self, number: int) -> int | None:
        return self.priors.count_of_class(number)

    @override
    def preview(
        self, num_images: int, images: ImageSet, *, generator: torch.Generator
    ) -> Float[Tensor, "b c h w"]:
        if self.prior_config.default == NORMAL or len(images) < 2:
            return self.sample(num_images, generator=generator)
        some = images.subset(np.arange(min(len(images), _NUM_PREVIEWED)))
        latents = self.training_latents(some).double().numpy()
        rng = numpy_generator(generator)
        covariance = np.atleast_2d(np.cov(latents, rowvar=False))
        drawn = rng.multivariate_normal(
            latents.mean(0), covariance, num_images, check_valid="ignore", method="eigh"
        )
        return self.decode(torch.from_numpy(drawn).float().to(self.device))

    def class_prior(self) -> str:
        """The kind that classes are drawn from: the default, or the first fitted by class."""
        kinds = (self.prior_config.default, *self.prior_config.fitted)
        return next((kind for kind in kinds if kind in self.priors.by_class), kinds[0])

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
        """Latents drawn from a prior; the arguments are those of `sample`.

        With labels and without the name of a prior, it is the first that was fitted by class if
        the default was not.

        Raises:
            ConfigError: There is no such prior, it knows no classes, or there is no guidance.
        """
        self.check_unguided(guidance)
        self.check_labels(num_images, labels)
        if labels is not None:
            name = prior or self.class_prior()
            chosen = self._named(self.priors.by_class, name, "of each class")
            latents = chosen.sample(
                labels.numpy(), rng=numpy_generator(generator), temperature=temperature
            )
            return torch.from_numpy(latents).float()
        name = prior or self.prior_config.default
        if name == NORMAL:
            check_temperature(temperature)
            noise = torch.randn(num_images, self.latent_dim, generator=generator)
            return noise * (temperature * self.prior_config.normal_std)
        latents = self._named(self.priors.whole, name, "of all").sample(
            num_images, rng=numpy_generator(generator), temperature=temperature
        )
        return torch.from_numpy(latents).float()

    def _named(self, priors: Mapping[str, _T], name: str, which: str) -> _T:
        if name in priors:
            return priors[name]
        known = list(dict.fromkeys([self.prior_config.default, *priors]))
        raise ConfigError(
            f"this {self.name} has no prior {name} {which}; {suggestion(name, known)}"
            f"it has {', '.join(known)}"
        )

    @override
    def sample(
        self,
        num_images: int,
        *,
        generator: torch.Generator,
        size: tuple[int, int] | None = None,
        temperature: float = 1.0,
        labels: Int64[Tensor, " b"] | None = None,
        prior: str | None = None,
        guidance: float = 1.0,
    ) -> Float[Tensor, "b c h w"]:
        latents = self.sample_latents(
            num_images,
            generator=generator,
            temperature=temperature,
            labels=labels,
            prior=prior,
            guidance=guidance,
        )
        with torch.no_grad():
            chunks = [self.decode(chunk.to(self.device), size) for chunk in latents.split(CHUNK)]
            return torch.cat(chunks).clamp_(-1, 1)


def numpy_generator(generator: torch.Generator) -> np.random.Generator:
    """A NumPy generator seeded by the next draw of a PyTorch one."""
    return np.random.default_rng(int(torch.randint(2**63 - 1, (), generator=generator)))
