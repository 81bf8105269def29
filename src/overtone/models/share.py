"""The part of a training step's batch that one of several processes has."""

import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from overtone.shapes import Float


def _itself(values: Tensor) -> Tensor:
    return values


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """Which images of a batch a process has, and what it can ask of the whole batch.

    The process has every `count`th image, from image `number` on. Its loss is weighted by its part
    of the images before the losses of all processes are added, and so are its gradients: a mean
    over own images becomes the mean over all. Numbers that a step draws for each image are drawn
    here, so that an image gets the same ones whichever process has it.

    Attributes:
        number: Number of the process among those that share the batch.
        count: How many they are.
        num_images: Images of the whole batch; None for a batch that is not divided.
        total: Sum of a tensor over the processes, without a gradient. All must call it.
    """

    number: int = 0
    count: int = 1
    num_images: int | None = None
    total: Callable[[Tensor], Tensor] = _itself

    @property
    def weight(self) -> float:
        """This process's part of the images, 0..1."""
        return 1.0 if self.num_images is None else self.own_below(self.num_images) / self.num_images

    def own_below(self, limit: int) -> int:
        """How many of the batch's first `limit` images are own; they are the first of those."""
        return len(range(self.number, limit, self.count))

    def own(self, whole: Tensor) -> Tensor:
        """The rows of own images among those of the whole batch."""
        return whole[self.number :: self.count]

    def gathered(self, own: Tensor) -> Tensor:
        """The rows of the whole batch, of those of own images; without a gradient."""
        if self.num_images is None:
            return own
        whole = own.new_zeros((self.num_images, *own.shape[1:]))
        whole[self.number :: self.count] = own
        return self.total(whole)

    def uniform(self, shape: Sequence[int], generator: torch.Generator) -> Tensor:
        """Numbers in [0, 1) for own images, on the generator's device; `shape` is theirs."""
        whole = self._whole(shape)
        return self.own(torch.rand(whole, generator=generator, device=generator.device))

    def normal(self, shape: Sequence[int], generator: torch.Generator) -> Tensor:
        """Standard normal numbers for own images, on the generator's device."""
        whole = self._whole(shape)
        return self.own(torch.randn(whole, generator=generator, device=generator.device))

    def many_uniform(
        self, shape: Sequence[int], generator: torch.Generator, device: torch.device
    ) -> Tensor:
        """Like `uniform` where numbers are many: none are drawn for the images of others.

        Each image has a generator of its own, on the device that needs the numbers. Its seed
        follows from one draw and the number of the image.
        """
        key = int(torch.randint(1 << 62, (), generator=generator, device=generator.device))
        drawn = torch.empty(*shape, device=device)
        of_image = torch.Generator(device)
        for row, number in zip(drawn, range(self.number, 1 << 62, self.count), strict=False):
            of_image.manual_seed((key + number * 0x9E3779B97F4A7C15) % (1 << 63))
            row.uniform_(generator=of_image)
        return drawn

    def mean(self, own: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The mean over the whole batch of what is a mean over own images.

        Its gradient is that of the own mean, which is right where the loss is a function of the
        result that is the same on every process.
        """
        if self.num_images is None:
            return own
        whole = self.total(self.weight * own.detach())
        return own + (whole - own).detach()

    def moments(
        self, own: Float[Tensor, "b *shape"], axes: tuple[int, ...]
    ) -> tuple[Tensor, Tensor]:
        """Mean and variance over the whole batch, along axes of which the first is the images'."""
        if self.num_images is None:
            return own.mean(axes), own.var(axes, correction=0)
        own_mean = own.mean(axes, keepdim=True)
        whole = self.total(self.weight * own_mean.detach())
        mean = (own_mean + (whole - own_mean).detach()).squeeze(axes)
        # The variance does not change with the mean that is subtracted, to first order.
        return mean, self.mean((own - whole).square().mean(axes))

    def _whole(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The shape of the whole batch; that of own images must be this process's."""
        if self.num_images is None:
            return tuple(shape)
        if shape[0] != self.own_below(self.num_images):
            raise ValueError(
                f"a share of {self.own_below(self.num_images)} images was asked for numbers for "
                f"{shape[0]}"
            )
        return self.num_images, *shape[1:]


WHOLE = Share()
