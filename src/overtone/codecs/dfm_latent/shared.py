"""The networks that come with the codec, from which those of a picture start."""

import functools
import importlib.resources

from overtone.errors import CorruptError
from overtone.kernels.latent_shape import Spec
from overtone.kernels.latent_starts import Start, StartTable

PACKAGE = "overtone.codecs.dfm_latent"


@functools.cache
def shipped_starts() -> StartTable:
    """The table of this version."""
    return StartTable(importlib.resources.files(PACKAGE).joinpath("starts.bin").read_bytes())


def start_of(number: int, spec: Spec, offset: int) -> Start | None:
    """The start that the head of a file names; None for 0.

    Args:
        number: Number of the start in the file.
        spec: Sizes of the machine.
        offset: Byte of the file where the head begins, for the message.

    Raises:
        CorruptError: There is none, or it is of networks of another size.
    """
    if number == 0:
        return None
    starts = shipped_starts().starts
    if number > len(starts):
        raise CorruptError(f"head of the machine: start {number} of {len(starts)}", offset)
    if not starts[number - 1].fits(spec):
        raise CorruptError(
            f"head of the machine: start {number} is of networks of another size", offset
        )
    return starts[number - 1]
