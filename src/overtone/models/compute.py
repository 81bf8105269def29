"""Where models compute: on which device, and with how many threads."""

import contextlib
from collections.abc import Iterator
from typing import Literal, get_args

import torch

from overtone.errors import ConfigError

Device = Literal["auto", "cpu", "cuda"]


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
