"""The way from the decoders' outputs to Fourier networks, and their positions."""

import torch
from torch import Tensor

from overtone.kernels.fourier import NetSpec
from overtone.shapes import Float


class CoefficientScale(torch.nn.Module):
    """The program's coefficients as those of a network in units of one period.

    The program has K = {0, 1}^m / period in every layer: hidden layers compute
    x' = A cos(2π k·x / period) + B sin(2π k·x / period) + x. With u = x / period this is
    u' = (A / period) cos(2π k·u) + (B / period) sin(2π k·u) + u, the kernel's network with A and B
    divided by the period; in the last layer nothing but the ½ of 2 sigmoid(x) - 1 = tanh(x / 2).
    With a period that is a power of two not a bit is lost.
    """

    scale: Tensor

    def __init__(self, spec: NetSpec, period: float) -> None:
        super().__init__()
        self.sizes = [layer.size // 2 for layer in spec.layers]
        factors = [1 / period] * len(spec.hidden) + [0.5]
        scale = torch.tensor(factors).repeat_interleave(
            torch.tensor(self.sizes) * 2, output_size=2 * sum(self.sizes)
        )
        self.register_buffer("scale", scale, persistent=False)

    def forward(
        self, cosines: Float[Tensor, "b h"], sines: Float[Tensor, "b h"]
    ) -> Float[Tensor, "b w"]:
        """Coefficients in the kernel's order, layer by layer A, then B; float32."""
        pairs = zip(cosines.split(self.sizes, 1), sines.split(self.sizes, 1), strict=True)
        return torch.cat([part for pair in pairs for part in pair], dim=1).float() * self.scale


def pixel_positions(
    height: int, width: int, size: tuple[int, int] | None = None
) -> Float[Tensor, "2 p"]:
    """Row and column of every pixel of a height x width image, in its own pixels: 0, 1, 2, ...

    Args:
        height: Height of the image whose pixels are the unit.
        width: Width of that image, pixels.
        size: Rows and columns of another grid over the same area, pixel centres in the middle of
            their squares: twice the size gives -0.25, 0.25, 0.75, ...
    """
    axes = []
    for length, count in zip((height, width), size or (height, width), strict=True):
        axes.append((torch.arange(count, dtype=torch.float64) + 0.5) * length / count - 0.5)
    return torch.stack(torch.meshgrid(*axes, indexing="ij")).flatten(1).float()
