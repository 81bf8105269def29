"""EfficientNet-Lite0 for features only: fewer and faster operations, the same numbers.

Normalisations are folded into the convolutions. Padding that is uneven goes into the kernels, as a
row and a column of zeros, so that no picture is copied to be padded. On the processor each
convolution is one call of oneDNN with what follows it, ReLU6 or the addition of the block's input;
without oneDNN, on a card and where gradients are wanted, the same is several calls of PyTorch.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval
from typing_extensions import override

from overtone.metrics.distribution.features.efficientnet_net import (
    SIDE,
    SPATIAL_BLOCK,
    EfficientNetLite0,
    InvertedBottleneck,
)
from overtone.shapes import Float


class FoldedEfficientNetLite0(nn.Module):
    """The network without its normalisations.

    Args:
        network: With the published weights.
    """

    def __init__(self, network: EfficientNetLite0) -> None:
        super().__init__()
        side = SIDE
        self.stem = FoldedConv(network._conv_stem, network._bn0, side, has_relu6=True)
        side = self.stem.side_after
        blocks = []
        for block in network._blocks:
            blocks.append(FoldedBottleneck(cast(InvertedBottleneck, block), side))
            side = blocks[-1].side_after
        self.blocks = nn.ModuleList(blocks)
        self.head = FoldedConv(network._conv_head, network._bn1, side, has_relu6=True)
        self.classifier = network._fc
        self.eval().requires_grad_(False)

    def maps(
        self, images: Float[Tensor, "b 3 224 224"]
    ) -> tuple[Float[Tensor, "b 112 14 14"], Float[Tensor, "b 1280 7 7"]]:
        """See `EfficientNetLite0.maps`."""
        x = self.stem(images)
        inner = x
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == SPATIAL_BLOCK:
                inner = x
        return inner, self.head(x)

    def logits(self, pooled: Float[Tensor, "b 1280"]) -> Float[Tensor, "b 1000"]:
        """Logits of the ImageNet classes."""
        return self.classifier(pooled)


class FoldedBottleneck(nn.Module):
    """See `InvertedBottleneck`; its input is `side` pixels high and wide."""

    def __init__(self, block: InvertedBottleneck, side: int) -> None:
        super().__init__()
        self.is_residual = block._is_residual
        self.expand = None
        if block._is_expanded:
            self.expand = FoldedConv(block._expand_conv, block._bn0, side, has_relu6=True)
        self.depthwise = FoldedConv(block._depthwise_conv, block._bn1, side, has_relu6=True)
        self.side_after = self.depthwise.side_after
        self.project = FoldedConv(block._project_conv, block._bn2, self.side_after)

    @override
    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        x = images if self.expand is None else self.expand(images)
        return self.project(self.depthwise(x), images if self.is_residual else None)


class FoldedConv(nn.Module):
    """A convolution whose output is its input's size over the stride, and what follows it.

    Args:
        conv: The convolution, without bias.
        norm: The normalisation after it, which goes into weights and bias.
        side: Height and width of its input, pixels.
        has_relu6: Whether it is followed by ReLU6.

    Attributes:
        weight: Kernels, with rows and columns of zeros above and to the left where `conv` pads
            more below and to the right.
        bias: Bias of each channel of the output.
        side_after: Height and width of its output, pixels.
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self, conv: nn.Conv2d, norm: nn.BatchNorm2d, side: int, *, has_relu6: bool = False
    ) -> None:
        super().__init__()
        size, self.stride, self.groups = conv.kernel_size[0], conv.stride[0], conv.groups
        self.side_after = -(-side // self.stride)
        total = max((self.side_after - 1) * self.stride + size - side, 0)
        self.padding = total - total // 2
        self.has_relu6 = has_relu6
        folded = fuse_conv_bn_eval(conv.eval(), norm.eval())
        assert folded.bias is not None
        extra = total % 2
        weight = functional.pad(folded.weight.detach(), (extra, 0, extra, 0))
        self.register_buffer("weight", weight)
        self.register_buffer("bias", folded.bias.detach())
        self._packed: Tensor | None = None

    @override
    def forward(
        self, images: Float[Tensor, "b c h w"], added: Float[Tensor, "b c2 h2 w2"] | None = None
    ) -> Float[Tensor, "b c2 h2 w2"]:
        """The convolution, then ReLU6 or the addition of `added`, if any."""
        if images.device.type == "cpu" and not torch.is_grad_enabled() and has_onednn():
            return self._in_one_call(images, added)
        x = functional.conv2d(
            images, self.weight, self.bias, self.stride, self.padding, groups=self.groups
        )
        if self.has_relu6:
            return functional.relu6(x)
        return x if added is None else x + added

    def _in_one_call(self, images: Tensor, added: Tensor | None) -> Tensor:
        """The operations into which PyTorch's own compiler turns the others on a processor."""
        onednn = torch.ops.mkldnn
        geometry = ([self.padding] * 2, [self.stride] * 2, [1, 1], self.groups)
        if self._packed is None:
            self._packed = onednn._reorder_convolution_weight(
                self.weight, *geometry, list(images.shape)
            )
        arguments = (self._packed, self.bias, *geometry)
        if added is not None:
            return onednn._convolution_pointwise.binary(
                images, added, *arguments, "add", 1.0, None, [], None
            )
        if self.has_relu6:
            return onednn._convolution_pointwise(images, *arguments, "hardtanh", [0.0, 6.0], "")
        return onednn._convolution_pointwise(images, *arguments, "none", [], "")


def has_onednn() -> bool:
    """Whether this PyTorch has oneDNN's convolutions with what follows them."""
    return torch.backends.mkldnn.is_available() and hasattr(
        torch.ops.mkldnn, "_convolution_pointwise"
    )
