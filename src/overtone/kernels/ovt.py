"""Libovt, the decoder that Python shares with other languages: files taken apart, views decoded.

The interface is `csrc/ovt/ovt.h`; what it reports is raised here as the errors of
`overtone.errors`.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from overtone.deadline import check_time
from overtone.errors import (
    BitstreamError,
    ConfigError,
    CorruptError,
    LimitExceededError,
    NotABitstreamError,
    TruncatedError,
    UnsupportedCodecError,
    UnsupportedVersionError,
)
from overtone.kernels import _ovt
from overtone.kernels.fourier import Isa

_BITSTREAM_ERRORS: dict[str, type[BitstreamError]] = {
    "OVT_NOT_A_BITSTREAM": NotABitstreamError,
    "OVT_UNSUPPORTED_VERSION": UnsupportedVersionError,
    "OVT_UNSUPPORTED_CODEC": UnsupportedCodecError,
    "OVT_TRUNCATED": TruncatedError,
    "OVT_CORRUPT": CorruptError,
    "OVT_LIMIT_EXCEEDED": LimitExceededError,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A line of the library's table of codecs.

    Attributes:
        codec_id: Its number in the header of files.
        name: Its name.
        is_progressive: Whether the beginning of a file decodes.
        data: Names of the data that decoding its files needs.
    """

    codec_id: int
    name: str
    is_progressive: bool
    data: tuple[str, ...]


def table() -> list[Entry]:
    """The codecs whose files the library decodes."""
    return [Entry(*line, data=tuple(_ovt.data_names(line[0]))) for line in _ovt.codecs()]


class Context:
    """The data that codecs need besides the files, unpacked once.

    Args:
        data: Bytes of each, by the names that `Entry.data` has.

    Raises:
        ConfigError: No codec has data of that name.
        CorruptError: Bytes are not those of the data.
    """

    def __init__(self, data: Mapping[str, bytes]) -> None:
        self.native = _ovt.Context()
        with _errors():
            for name, content in data.items():
                self.native.add_data(name, content)


class File:
    """A file taken apart: every length, range and checksum has been looked at.

    Args:
        data: Bytes of the file.
        context: Data of its codec; None to look at the header and the metadata only.
        max_pixels: Larger pictures are refused; 0 for the library's default.
        max_bytes: Use so many bytes, of which any part may be missing; 0 for a whole file.

    Raises:
        BitstreamError: The subclass says whether it is foreign, cut, damaged or too large.
        ConfigError: The codec shows nothing before the last byte, and `max_bytes` is given.
    """

    def __init__(
        self,
        data: bytes,
        context: Context | None = None,
        *,
        max_pixels: int = 0,
        max_bytes: int = 0,
    ) -> None:
        with _errors():
            self.native = _ovt.File(
                context and context.native, data, max_pixels=max_pixels, max_bytes=max_bytes
            )

    def strips(
        self,
        box: tuple[float, float, float, float],
        size: tuple[int, int],
        *,
        num_threads: int = 1,
        isa: Isa = "auto",
    ) -> Iterator[NDArray[np.uint8]]:
        """Rows of a view from top to bottom, (rows, width, channels) at a time.

        Args:
            box: Left, top, width and height of the part, source pixels.
            size: Width and height of the output, pixels.
            num_threads: Worker threads.
            isa: Instruction set of the kernels.

        Raises:
            BitstreamError: The file is damaged.
            ConfigError: The view makes no sense.
        """
        with _errors():
            decoder = _ovt.Decoder(
                self.native,
                box=box,
                size=size,
                num_threads=num_threads,
                isa=isa,
                check=check_time,
            )
        return _strips(decoder)


def _strips(decoder: _ovt.Decoder) -> Iterator[NDArray[np.uint8]]:
    while True:
        with _errors():
            strip = decoder.next()
        if strip is None:
            return
        yield strip


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """What the library reports, as the errors that users know."""
    try:
        yield
    except _ovt.Failure as failure:
        status, text, offset = failure.args
        if status in _BITSTREAM_ERRORS:
            raise _BITSTREAM_ERRORS[status](text, offset) from None
        if status == "OVT_BAD_ARGUMENT":
            raise ConfigError(text) from None
        raise RuntimeError(f"libovt: {status}: {text}") from None
