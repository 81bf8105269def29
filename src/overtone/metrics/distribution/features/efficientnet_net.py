"""EfficientNet-Lite0, written from its published architecture; names are those of its weights.

Source: Tan & Le, arXiv:1905.11946, table 1; the Lite variant of google/automl (2020) has no
squeeze-and-excitation, ReLU6 for swish, and an unscaled stem and head. Convolutions of stride 2
pad as TensorFlow's "SAME" does, more below and to the right, as the weights were trained.
"""

from torch import Tensor, nn
from typing_extensions import override

from overtone.shapes import Float

SIDE = 224
NUM_FEATURES = 1280
NUM_CLASSES = 1000
STEM_CHANNELS = 32
NORM_EPS = 1e-3
# repeats, kernel size, stride of the first, expansion, channels
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
SPATIAL_BLOCK = 10  # the last of 112 channels at 14 x 14


class EfficientNetLite0(nn.Module):
    """The whole network, for weights as published (batch normalisation unfolded)."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, STEM_CHANNELS, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(STEM_CHANNELS, eps=NORM_EPS)
        blocks, below = [], STEM_CHANNELS
        for repeats, kernel_size, stride, expansion, channels in STAGES:
            for number in range(repeats):
                first = stride if number == 0 else 1
                blocks.append(InvertedBottleneck(below, channels, kernel_size, first, expansion))
                below = channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(below, NUM_FEATURES, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(NUM_FEATURES, eps=NORM_EPS)
        self._fc = nn.Linear(NUM_FEATURES, NUM_CLASSES)

    def maps(
        self, images: Float[Tensor, "b 3 224 224"]
    ) -> tuple[Float[Tensor, "b 112 14 14"], Float[Tensor, "b 1280 7 7"]]:
        """The answers of an inner block and of the head to values (x - 127) / 128."""
        x = nn.functional.relu6(self._bn0(self._conv_stem(images)))
        inner = x
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number == SPATIAL_BLOCK:
                inner = x
        return inner, nn.functional.relu6(self._bn1(self._conv_head(x)))

    def logits(self, pooled: Float[Tensor, "b 1280"]) -> Float[Tensor, "b 1000"]:
        """Logits of the ImageNet classes."""
        return self._fc(pooled)


class InvertedBottleneck(nn.Module):
    """Expand, filter each channel, project; added to its input where the shapes agree."""

    def __init__(
        self, below: int, channels: int, kernel_size: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        width = below * expansion
        self._is_expanded = expansion != 1
        self._is_residual = stride == 1 and below == channels
        if self._is_expanded:
            self._expand_conv = nn.Conv2d(below, width, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(width, eps=NORM_EPS)
        self._depthwise_conv = SameConv(width, width, kernel_size, stride=stride, groups=width)
        self._bn1 = nn.BatchNorm2d(width, eps=NORM_EPS)
        self._project_conv = nn.Conv2d(width, channels, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(channels, eps=NORM_EPS)

    @override
    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        x = images
        if self._is_expanded:
            x = nn.functional.relu6(self._bn0(self._expand_conv(x)))
        x = nn.functional.relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))
        return x + images if self._is_residual else x


class SameConv(nn.Conv2d):
    """A convolution without bias whose output is the input's size over the stride, rounded up."""

    def __init__(
        self, below: int, channels: int, kernel_size: int, *, stride: int, groups: int = 1
    ) -> None:
        super().__init__(below, channels, kernel_size, stride=stride, groups=groups, bias=False)

    @override
    def forward(self, input: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        size, stride = self.kernel_size[0], self.stride[0]
        down, right = (
            max((-(-side // stride) - 1) * stride + size - side, 0) for side in input.shape[2:]
        )
        padding = (right // 2, right - right // 2, down // 2, down - down // 2)
        return super().forward(nn.functional.pad(input, padding))
