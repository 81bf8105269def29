"""From a coefficient stream to strips of pixels: the two layers, colour, 8 bits."""

import collections
from collections.abc import Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.tiled_dct.header import TiledDctHeader
from overtone.codecs.tiled_dct.post_filter import PostFilter
from overtone.codecs.tiled_dct.series import SeriesReader, to_pixels
from overtone.imaging.image import to_uint8
from overtone.kernels.fourier import Isa
from overtone.shapes import UInt8


def decode_strips(
    stream: bytes,
    header: TiledDctHeader,
    shape: tuple[int, int, int],
    view: View,
    num_threads: int,
    isa: Isa = "auto",
) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
    """The view's pixels, strip by strip from top to bottom.

    Args:
        stream: Coefficients.
        header: Head of the file's section.
        shape: Height, width and channels of the picture.
        view: What to evaluate.
        num_threads: Worker threads.
        isa: Instruction set of the kernels.

    Raises:
        CorruptError: The stream does not hold a picture of this shape.
    """
    height, width, channels = shape
    reader = SeriesReader(
        stream,
        header,
        width=width,
        height=height,
        channels=channels,
        num_threads=num_threads,
        isa=isa,
    )
    post_filter = PostFilter(header, num_threads=num_threads, isa=isa)
    for xs, ys in reader.strips(view):
        planes = post_filter.refine(reader.neighbourhoods(xs, ys))
        yield to_uint8(to_pixels(planes, header.angles))
    if view.y + view.height >= height:
        reader.finish()


def tile_counts(
    stream: bytes, header: TiledDctHeader, shape: tuple[int, int, int]
) -> dict[str, int]:
    """How many tiles of each size the picture has."""
    height, width, channels = shape
    reader = SeriesReader(
        stream, header, width=width, height=height, channels=channels, num_threads=1
    )
    sizes = collections.Counter(levels.shape[1] for *_, levels in reader.tiles())
    reader.finish()
    return {f"{size}x{size}": sizes[size] for size in sorted(sizes)}
