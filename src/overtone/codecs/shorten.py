"""Beginnings of files with one section that is a head and a stream, coded coarse to fine."""

import contextlib
import dataclasses
from collections.abc import Callable

from overtone.bitstream.container import Container
from overtone.errors import TruncatedError


def shorten_stream(
    data: bytes, max_bytes: int, parts_of: Callable[[Container], tuple[bytes, bytes]]
) -> bytes:
    """`ProgressiveCodec.shorten` of a codec whose files have one section.

    Args:
        data: A file, or as much of it as has arrived.
        max_bytes: Largest size of the result, bytes.
        parts_of: The head that says that the stream ends early, and what there is of the stream.

    Raises:
        BitstreamError: So few bytes say nothing, or they are damaged.
    """
    if len(data) <= max_bytes:
        # Only what is cut already needs to be made whole.
        with contextlib.suppress(TruncatedError):
            Container.from_bytes(data)
            return data
    prefix = Container.from_prefix(data[:max_bytes])
    head, stream = parts_of(prefix)

    def shortened(size: int) -> bytes:
        return dataclasses.replace(prefix, sections=(head + stream[:size],)).to_bytes()

    surplus = len(shortened(len(stream))) - max_bytes
    if surplus > len(stream):
        raise TruncatedError(f"{max_bytes} bytes hold no picture; {max_bytes + surplus} do")
    return shortened(len(stream) - max(0, surplus))
