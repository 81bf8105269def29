"""From a coefficient stream to strips of pixels: series, post-filter, colour, 8 bits."""

from collections.abc import Callable, Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.tiled_dct.header import PACKAGE, TiledDctHeader
from overtone.codecs.tiled_dct.planes import padded, to_pixels
from overtone.entropy import context_state
from overtone.imaging.image import to_uint8
from overtone.kernels.fourier import Isa
from overtone.kernels.tiled_dct import SUPERBLOCK, Decoder, Tile
from overtone.shapes import Float32, Float64, UInt8

NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))  # (dy, dx)
MAX_STRIP_SAMPLES = 1 << 18  # so that memory does not grow with the scale

# Planes at the positions of a strip, then one source pixel away in the order of NEIGHBOURS, to the
# planes that are shown.
Refine = Callable[[list[Float32[np.ndarray, "c rows w"]]], Float32[np.ndarray, "c rows w"]]


def decode_strips(
    stream: bytes,
    header: TiledDctHeader,
    shape: tuple[int, int, int],
    view: View,
    *,
    refine: Refine,
    num_threads: int,
    isa: Isa = "auto",
) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
    """The view's pixels, strip by strip from top to bottom.

    Three rows of superblocks are in memory. A view that reaches the last row of the picture checks
    that the stream ends there.

    Args:
        stream: Coefficient stream of the file.
        header: Settings of the file.
        shape: Height, width and channels of the picture.
        view: What to evaluate.
        refine: What becomes of the series, such as `PostFilter.refine`.
        num_threads: Number of worker threads.
        isa: Instruction set of the kernels.

    Raises:
        CorruptError: The stream does not hold a picture of this shape.
    """
    decoder = _decoder_of(stream, shape)
    xs = view.x + (np.arange(view.out_width) + 0.5) * (view.width / view.out_width)
    ys = view.y + (np.arange(view.out_height) + 0.5) * (view.height / view.out_height)
    done = 0
    for row in range(decoder.num_rows):
        decoder.decode_rows(row + 2)  # a strip needs the row below too: facing tiles blend
        is_last = row == decoder.num_rows - 1
        stop = len(ys) if is_last else int(np.searchsorted(ys, (row + 1) * SUPERBLOCK))
        while done < stop:
            end = min(done + max(1, MAX_STRIP_SAMPLES // len(xs)), stop)
            around = neighbourhood(decoder, header, shape, xs, ys[done:end], num_threads, isa)
            yield to_uint8(to_pixels(refine(around), header.angles))
            done = end
        if done == len(ys):
            break
    if view.y + view.height >= shape[0]:
        decoder.finish()


def neighbourhood(
    decoder: Decoder,
    header: TiledDctHeader,
    shape: tuple[int, int, int],
    xs: Float64[np.ndarray, " w"],
    ys: Float64[np.ndarray, " rows"],
    num_threads: int,
    isa: Isa,
) -> list[Float32[np.ndarray, "c rows w"]]:
    """The series at the positions, then one source pixel away, in the order of NEIGHBOURS."""
    height, width, _ = shape

    def values(
        xs: Float64[np.ndarray, " w2"], ys: Float64[np.ndarray, " rows2"]
    ) -> Float32[np.ndarray, "c rows2 w2"]:
        inside_x, inside_y = np.clip(xs, 0.5, width - 0.5), np.clip(ys, 0.5, height - 0.5)
        how = header.reconstruction
        return decoder.render(inside_x, inside_y, how, num_threads=num_threads, isa=isa)

    offsets = ((0, 0), *NEIGHBOURS)
    if len(xs) > 1 and np.all(np.diff(xs) == 1) and np.all(np.diff(ys) == 1):
        # Pixel for pixel the neighbours are samples themselves.
        wide = np.concatenate([xs[:1] - 1, xs, xs[-1:] + 1])
        tall = np.concatenate([ys[:1] - 1, ys, ys[-1:] + 1])
        around = values(wide, tall)
        return [
            around[:, 1 + dy : 1 + dy + len(ys), 1 + dx : 1 + dx + len(xs)] for dy, dx in offsets
        ]
    return [values(xs + dx, ys + dy) for dy, dx in offsets]


def read_tiles(stream: bytes, shape: tuple[int, int, int]) -> Iterator[Tile]:
    """Every tile of a picture in the order of the stream.

    Raises:
        CorruptError: The stream does not hold a picture of this shape.
    """
    decoder = _decoder_of(stream, shape)
    for row in range(decoder.num_rows):
        decoder.decode_rows(row + 1)
        yield from decoder.tiles()
    decoder.finish()


def _decoder_of(stream: bytes, shape: tuple[int, int, int]) -> Decoder:
    height, width, channels = shape
    state = context_state.load_context_state(PACKAGE)
    return Decoder(stream, state, width=padded(width), height=padded(height), channels=channels)
