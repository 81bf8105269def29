"""What every model is: the images it was made for, its batches, its interface."""

import abc
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.imaging.image import to_uint8
from overtone.models.share import WHOLE, Share
from overtone.shapes import Float, Int64, UInt8

ProgressCallback = Callable[[float, str], None]  # share of the work done, 0..1, and a message

MAX_PIXELS = 1 << 24  # of the images of a model: 4096 x 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """The images a model is made for; stored in its file.

    Attributes:
        height: Height of every image, pixels.
        width: Width of every image, pixels.
        channels: 1 for gray, 3 for RGB.
        num_images: Number of images in the training set.
        class_names: Names of the classes, in the order of their labels; () without labels.
    """

    height: int
    width: int
    channels: int
    num_images: int
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.height, self.width, self.num_images) < 1:
            raise ValueError(
                f"height, width and num_images must be at least 1, got {self.height}, "
                f"{self.width} and {self.num_images}"
            )
        if self.height * self.width > MAX_PIXELS:
            raise ValueError(
                f"images have at most {MAX_PIXELS} pixels, got {self.width}x{self.height}"
            )
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, got {self.channels}")

    @classmethod
    def of(cls, images: ImageSet) -> "ImageSpec":
        """The spec of a training set."""
        num_images, height, width, channels = images.images.shape
        return cls(
            height=height,
            width=width,
            channels=channels,
            num_images=num_images,
            class_names=images.class_names,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Images, labels and indices that one training step sees.

    Attributes:
        images: Pixels in [-1, 1]: level 0 is -1, level 255 is 1.
        labels: Class of each image, or None.
        indices: Index of each image in the training set, 0 <= index < `ImageSpec.num_images`.
        share: Which of a step's images they are, where several processes share them.
    """

    images: Float[Tensor, "b c h w"]
    labels: Int64[Tensor, " b"] | None
    indices: Int64[Tensor, " b"]
    share: Share = WHOLE


@dataclasses.dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Parameters that share a learning rate.

    Attributes:
        parameters: Parameters of the model, each in one group.
        rate_start: Multiplier of the learning rate at the start.
        rate_end: Multiplier at the end; linear in the progress between.
    """

    parameters: tuple[torch.nn.Parameter, ...]
    rate_start: float = 1.0
    rate_end: float = 1.0


class AbstractModel(torch.nn.Module, abc.ABC):
    """A network that is trained on images and draws new ones.

    A model is built from its settings, the spec of its images and a generator, and from nothing
    else: the same three give the same weights. Its state is its parameters and buffers.

    Attributes:
        name: Key in the table of models.
        config_class: Frozen dataclass of the settings.
        config: The settings.
        spec: The images it was made for.
        class_titles: What the classes are called where `spec` has only their numbers; () where its
            names are all there is.
        default_train: Settings of `TrainConfig` where nothing says, with one of how long: "steps"
            or "core_minutes".
        draws_on_cuda: Whether `load_model` may put it on a card.
        steps_on_card: Whether the losses take a generator of the card that the model is on, not the
            processor's.
        splits_batches: Whether the losses follow `Batch.share`, for training by several processes.
        networks: Names of the modules whose calls `train.compile` compiles; () if it does not pay.
        draws_pictures: Whether `sample` draws; models that only complete pictures refuse.
        has_unseen_loss: Whether `loss` holds for images outside the training set; it does not
            with a table of latents.
        former_settings: What settings were called in files of earlier versions, to their names.
        former_tensors: How the names of tensors began in such files, to how they begin.
    """

    name: ClassVar[str]
    config_class: ClassVar[type]
    default_train: ClassVar[Mapping[str, Any]] = {"core_minutes": 20.0}
    draws_on_cuda: ClassVar[bool] = False
    steps_on_card: ClassVar[bool] = False
    splits_batches: ClassVar[bool] = False
    networks: ClassVar[tuple[str, ...]] = ()
    draws_pictures: ClassVar[bool] = True
    has_unseen_loss: bool = True
    former_settings: ClassVar[Mapping[str, str]] = {}
    former_tensors: ClassVar[Mapping[str, str]] = {}

    def __init__(self, config: Any, spec: ImageSpec, *, generator: torch.Generator) -> None:
        super().__init__()
        self.config = config
        self.spec = spec
        self.class_titles: tuple[str, ...] = ()

    @classmethod
    def current_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings from a file by their present names."""
        return {cls.former_settings.get(name, name): value for name, value in settings.items()}

    @classmethod
    def current_tensors(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights and buffers from a file by their present names."""
        found = {}
        for name, tensor in tensors.items():
            former = next((start for start in cls.former_tensors if name.startswith(start)), "")
            found[cls.former_tensors.get(former, "") + name.removeprefix(former)] = tensor
        return found

    @abc.abstractmethod
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The loss of a batch, which training minimises.

        Args:
            batch: Images, labels, indices.
            progress: Fraction of the training that is done, 0..1, for schedules.
            generator: Source of all randomness in a step.

        Returns:
            "loss", the scalar to minimise, and other scalars for the log.
        """

    def second_loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor] | None:
        """What a step of its own minimises after that on `loss`; None, as for most models.

        For two networks that are trained against each other. The arguments are those of `loss`;
        names of scalars for the log must be others than its, besides "loss".
        """
        return None

    @abc.abstractmethod
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
        """New images in [-1, 1].

        Args:
            num_images: How many images to draw.
            generator: Source of all randomness.
            size: Height and width; those of the training images by default.
            temperature: Spread of the latents, 1 is the prior's own; smaller is less varied.
            labels: Class of each image, where the model knows classes.
            prior: Name of the distribution of the latents, where there are several.
            guidance: How far to go towards the class: 1 is what was learned, 0 forgets the class,
                more than 1 exaggerates it.

        Raises:
            ConfigError: The model cannot draw other sizes or classes, has no such prior or no
                guidance.
        """

    def parameter_groups(self) -> list[ParameterGroup]:
        """Every parameter in one group or another; one for all by default."""
        return [ParameterGroup(tuple(self.parameters()))]

    def preview(
        self, num_images: int, images: ImageSet, *, generator: torch.Generator
    ) -> Float[Tensor, "b c h w"]:
        """Samples while training is under way, before `finish`; `images` is the training set."""
        return self.sample(num_images, generator=generator)

    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Called once before training, and again where it goes on; does nothing by default.

        Sets what the training images say of the start, and keeps what steps need of all of them.
        Parameters and buffers are those of the checkpoint afterwards where a run goes on.
        """

    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Called once after training, with the training images; does nothing by default."""

    def extra_tensors(self) -> dict[str, Tensor]:
        """What a model's file keeps besides the state, such as fitted priors; by name."""
        return {}

    def load_extra_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Sets what `extra_tensors` gave when the file was written.

        Raises:
            ValueError: There is something the model does not know.
        """
        if tensors:
            raise ValueError(f"unknown tensors {', '.join(sorted(tensors))}")

    def num_of_class(self, number: int) -> int | None:
        """How many pictures of a class it was trained on; None if it does not say."""
        del number
        return None

    def check_draws(self) -> None:
        """Raises `ConfigError` for models that only complete pictures."""
        if not self.draws_pictures:
            raise ConfigError(
                f"a {self.name} completes pictures that it is given and draws none of its own; "
                "give another model, or use overtone colorize or upscale"
            )

    def check_native_size(self, size: tuple[int, int] | None) -> None:
        """Raises `ConfigError` for any size but the training images', for models of one size."""
        if size not in (None, (self.spec.height, self.spec.width)):
            raise ConfigError(
                f"a {self.name} draws at the size of its training images only, "
                f"{self.spec.width}x{self.spec.height}, not {size[1]}x{size[0]}"
            )

    def check_unguided(self, guidance: float) -> None:
        """Raises `ConfigError` for any guidance but 1, for models that draw without."""
        if guidance != 1:
            raise ConfigError(
                f"a {self.name} draws without guidance, which must be 1, not {guidance:g}; leave "
                "out guidance"
            )

    def check_labels(self, num_images: int, labels: Tensor | None) -> None:
        """Raises `ConfigError` unless there is one known class for each image, or no labels."""
        if labels is None:
            return
        num_classes = len(self.spec.class_names)
        if num_classes == 0:
            raise ConfigError(f"this {self.name} was trained without classes; leave out the class")
        if labels.shape != (num_images,):
            raise ConfigError(
                f"one class for each of {num_images} images is needed, got {tuple(labels.shape)}"
            )
        if int(labels.min()) < 0 or int(labels.max()) >= num_classes:
            raise ConfigError(
                f"classes must be in 0..{num_classes - 1}, got {int(labels.min())}.."
                f"{int(labels.max())}; they are {', '.join(self.spec.class_names)}"
            )


def from_pixels(pixels: UInt8[Tensor, "b h w c"]) -> Float[Tensor, "b c h w"]:
    """8-bit pixels as a model sees them: float32 in [-1, 1], 0 is -1 and 255 is 1."""
    return pixels.permute(0, 3, 1, 2).float().contiguous().mul_(2 / 255).sub_(1)


def to_pixels(images: Float[Tensor, "b c h w"]) -> UInt8[np.ndarray, "b h w c"]:
    """The nearest 8-bit pixels of images in [-1, 1]; what is outside is clipped."""
    values = images.detach().permute(0, 2, 3, 1).double().cpu().numpy()
    return to_uint8((values + 1) * 127.5)
