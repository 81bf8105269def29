"""Where models compute: on which device, how exactly, and with how many threads."""

import contextlib
from collections.abc import Iterator
from typing import Literal, get_args

import torch
from torch import Tensor

from overtone.errors import ConfigError
from overtone.models.share import WHOLE, Share
from overtone.shapes import Float

Device = Literal["auto", "cpu", "cuda"]
# How matrix products and convolutions are computed: in 32 bits; on a card with factors of 11 bits
# and sums of 24; with factors of 8 bits.
Precision = Literal["float32", "tf32", "bfloat16"]


def torch_device(name: Device) -> torch.device:
    """The device of that name; "auto" is CUDA where there is a card, and the processor elsewhere.

    Raises:
        ConfigError: There is no such device, or no card for CUDA.
    """
    if name not in get_args(Device):
        raise ConfigError(f"device must be one of {', '.join(get_args(Device))}, got {name}")
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise ConfigError(
            "device cuda is not there: PyTorch finds no card, or was built without CUDA; "
            "give device cpu or auto"
        )
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


@contextlib.contextmanager
def torch_threads(number: int | None) -> Iterator[None]:
    """PyTorch and the kernels of models use so many threads inside; as many as before if None."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def matrix_products(precision: Precision) -> Iterator[None]:
    """Products of float32 numbers on a card are so exact inside; elsewhere they always are exact.

    PyTorch's own default is exact products of matrices, and convolutions with factors of 11 bits.
    """
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    is_exact = precision == "float32"
    torch.set_float32_matmul_precision("highest" if is_exact else "high")
    torch.backends.cudnn.allow_tf32 = not is_exact
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]


def normal_noise(
    shape: tuple[int, ...] | torch.Size,
    generator: torch.Generator,
    device: torch.device,
    share: Share = WHOLE,
) -> Float[Tensor, "*shape"]:
    """Standard normal numbers for the images of a share, on a device, drawn on the generator's."""
    return share.normal(shape, generator).to(device)


def card_name(device: torch.device) -> str | None:
    """What the card is called; None of a processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else None
