"""The obvious twins of libovt's decoders, on one thread, for tests and measurements."""

from collections.abc import Callable, Iterator

import numpy as np

from overtone.bitstream.container import Container, Layout
from overtone.codecs.base import View
from overtone.codecs.dfm import render_twin
from overtone.codecs.dfm.render import Picture
from overtone.codecs.dfm.stream import unpack_networks
from overtone.codecs.sparse_dct.evaluate_twin import evaluate_strips
from overtone.codecs.sparse_dct.stream import read_coefficients
from overtone.codecs.tiled_dct.decode_twin import decode_strips
from overtone.codecs.tiled_dct.header import TiledDctHeader
from overtone.codecs.tiled_dct.post_filter_twin import PostFilterTwin
from overtone.errors import CorruptError
from overtone.shapes import UInt8
from overtone.transform.levels import from_levels

Strips = Iterator[UInt8[np.ndarray, "rows w c"]]


def tiled_dct(file: Container, view: View) -> Strips:
    """Series of overlapping tiles, refined by the post-filter."""
    if len(file.sections) != 1:
        raise CorruptError(f"codec tiled-dct has 1 section, the file {len(file.sections)}")
    reader = file.reader(0)
    header = TiledDctHeader.read(reader, has_color=file.layout >= Layout.RGB)
    stream = reader.take(reader.remaining, "coefficients")
    refine = PostFilterTwin(header, num_threads=1).refine
    shape = (file.height, file.width, int(file.layout))
    return decode_strips(stream, header, shape, view, refine=refine, num_threads=1)


def sparse_dct(file: Container, view: View) -> Strips:
    """The pixels of a JPEG file with these coefficients, or the series between them."""
    found = read_coefficients(file)
    box = (view.x, view.y, view.width, view.height)
    if (view.out_width, view.out_height) != box[2:] or any(value % 1 for value in box):
        return evaluate_strips(found.levels, found.tables, found.sampling, view)
    x, y, width, height = map(int, box)
    part = (slice(y, y + height), slice(x, x + width))
    return iter([from_levels(found.levels, found.tables, found.sampling, part)])


def dfm(file: Container, view: View) -> Strips:
    """Blended values of the networks of all tiles."""
    return render_twin.rows(Picture(unpack_networks(file), num_threads=1), view)


# Name of each codec in the library's table, if it encodes here, to its twin.
TWINS: dict[str, Callable[[Container, View], Strips]] = {
    "tiled-dct": tiled_dct,
    "sparse-dct": sparse_dct,
    "dfm": dfm,
}
