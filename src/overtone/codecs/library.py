"""Files that libovt decodes, with the data of their codecs."""

import functools
import importlib.resources
from collections.abc import Iterator

import numpy as np

from overtone.bitstream.container import FORMAT_MAX_PIXELS, Container
from overtone.codecs.base import View
from overtone.kernels import ovt
from overtone.shapes import UInt8

_FOLDER = "overtone.codecs"  # what the names of data are below


def decode_rows(
    file: Container, view: View, num_threads: int
) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
    """`NativeCodec.decode_rows` of every codec in the library's table.

    Raises:
        BitstreamError: The file is damaged.
    """
    opened = ovt.File(file.file_bytes(), context_of(file.codec_id), max_pixels=FORMAT_MAX_PIXELS)
    box = (view.x, view.y, view.width, view.height)
    return opened.strips(box, (view.out_width, view.out_height), num_threads=num_threads)


@functools.cache
def context_of(codec_id: int) -> ovt.Context:
    """The data of one codec; there is none of a codec that the library does not have."""
    entries = [entry for entry in ovt.table() if entry.codec_id == codec_id]
    return ovt.Context({name: stored(name) for entry in entries for name in entry.data})


def stored(name: str) -> bytes:
    """The file that holds the data called "tiled-dct/context_state", say."""
    path = name.replace("-", "_") + ".bin"
    return importlib.resources.files(_FOLDER).joinpath(path).read_bytes()
