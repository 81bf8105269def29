"""The critic that the local series generator is trained against, and its loss."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.models.base import ImageSpec
from overtone.models.layers.initialization import initialize
from overtone.models.local_series.net import SLOPE, residuals
from overtone.shapes import Float, Int64

_HALVINGS = 3


class Critic(nn.Module):
    """How real an image looks as one of its class: a number, higher is more real."""

    def __init__(
        self, width: int, num_blocks: int, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        step = 1 << _HALVINGS
        self.padding = (-spec.width % step, -spec.height % step)
        last = width << (_HALVINGS - 1)
        rows = (spec.height + self.padding[1]) // step
        columns = (spec.width + self.padding[0]) // step
        self.enter = nn.Conv2d(spec.channels, width, 4, stride=2, padding=1)
        self.to_half = nn.ModuleList(
            nn.Conv2d(4 * (width << k), width << (k + 1), 1) for k in range(_HALVINGS - 1)
        )
        self.pool = nn.Conv2d(last, last, (rows, columns), groups=last)
        self.score = nn.Linear(last, max(1, len(spec.class_names)), bias=False)
        initialize(self, generator, gain=1.0)
        self.blocks = nn.ModuleList(
            residuals(width << k, num_blocks, generator) for k in range(_HALVINGS)
        )

    @override
    def forward(
        self, images: Float[Tensor, "b c h w"], labels: Int64[Tensor, " b"] | None
    ) -> Float[Tensor, " b"]:
        x = functional.pad(images, (0, self.padding[0], 0, self.padding[1]), mode="replicate")
        x = self.enter(x.contiguous(memory_format=torch.channels_last))
        for number, blocks in enumerate(self.blocks):
            if number > 0:
                halved = functional.pixel_unshuffle(functional.leaky_relu(x, SLOPE), 2)
                x = self.to_half[number - 1](halved)
            x = blocks(x)
        x = self.pool(functional.leaky_relu(x, SLOPE)).flatten(1)
        scores = self.score(functional.leaky_relu(x, SLOPE)).float()
        return scores[:, 0] if labels is None else scores.gather(1, labels[:, None])[:, 0]


def squared_slopes(
    critic: Critic, images: Float[Tensor, "b c h w"], labels: Int64[Tensor, " b"] | None
) -> Float[Tensor, ""]:
    """Mean over images of |∇ critic|², computed in float32 (R1 and R2).

    Source: Mescheder et al., arXiv:1801.04406, equations 9 and 10.
    """
    places = images.detach().float().requires_grad_()
    with torch.autocast(places.device.type, enabled=False):
        scores = critic(places, labels)
        (slopes,) = torch.autograd.grad(scores.sum(), places, create_graph=True)
    return slopes.square().flatten(1).sum(1).mean()


def relativistic_loss(better: Float[Tensor, " b"], worse: Float[Tensor, " b"]) -> Float[Tensor, ""]:
    """Mean of softplus(worse - better) over pairs: scores that one side wants above the others.

    The critic minimises it with real images as the better ones, the generator with drawn ones.

    Source: Jolicoeur-Martineau, arXiv:1807.00734, equation 9 for pairs.
    """
    return functional.softplus(worse - better).mean()
