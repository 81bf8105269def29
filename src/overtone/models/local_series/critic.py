"""The critic that the local series generator is trained against, and its loss."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.models.base import ImageSpec
from overtone.models.layers.initialization import initialize
from overtone.models.local_series.net import SLOPE
from overtone.models.local_series.trunk import Trunk
from overtone.shapes import Float, Int64


class Critic(nn.Module):
    """How real an image looks as one of its class: a number, higher is more real."""

    def __init__(
        self, width: int, num_blocks: int, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.trunk = Trunk(width, num_blocks, spec, generator=generator)
        last = self.trunk.num_features
        self.pool = nn.Conv2d(last, last, self.trunk.grid, groups=last)
        # One for each class. A bias would add the same to both sides of every pair.
        self.score = nn.Linear(last, max(1, len(spec.class_names)), bias=False)
        initialize(self.pool, generator, gain=1.0)
        initialize(self.score, generator, gain=1.0)

    @override
    def forward(
        self, images: Float[Tensor, "b c h w"], labels: Int64[Tensor, " b"] | None
    ) -> Float[Tensor, " b"]:
        x = self.pool(functional.leaky_relu(self.trunk(images), SLOPE)).flatten(1)
        scores = self.score(functional.leaky_relu(x, SLOPE)).float()
        return scores[:, 0] if labels is None else scores.gather(1, labels[:, None])[:, 0]


def squared_slopes(
    critic: Critic, images: Float[Tensor, "b c h w"], labels: Int64[Tensor, " b"] | None
) -> Float[Tensor, " b"]:
    """|∇ critic|² of each image, computed in float32 (R1 and R2).

    Source: Mescheder et al., arXiv:1801.04406, equations 9 and 10.
    """
    places = images.detach().float().requires_grad_()
    with torch.autocast(places.device.type, enabled=False):
        scores = critic(places, labels)
        (slopes,) = torch.autograd.grad(scores.sum(), places, create_graph=True)
    return slopes.square().flatten(1).sum(1)


def relativistic_loss(better: Float[Tensor, " b"], worse: Float[Tensor, " b"]) -> Float[Tensor, ""]:
    """Mean of softplus(worse - better) over pairs: scores that one side wants above the others.

    The critic minimises it with real images as the better ones, the generator with drawn ones.

    Source: Jolicoeur-Martineau, arXiv:1807.00734, equation 9 for pairs.
    """
    return functional.softplus(worse - better).mean()
