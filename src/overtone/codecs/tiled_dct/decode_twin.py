"""The obvious twin of how libovt decodes tiled-dct: series, post-filter, colour, 8 bits.

It shows the values on the way, which the tool that learns the post-filter needs.
"""

from collections.abc import Callable, Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.tiled_dct.color import rotation
from overtone.codecs.tiled_dct.header import TiledDctHeader
from overtone.codecs.tiled_dct.planes import MID_LEVEL
from overtone.codecs.tiled_dct.tiles import decoder_of
from overtone.imaging.image import to_uint8
from overtone.kernels.fourier import Isa
from overtone.kernels.tiled_dct import SUPERBLOCK
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
        refine: What becomes of the series, such as `PostFilterTwin.refine`.
        num_threads: Number of worker threads.
        isa: Instruction set of the kernels.

    Raises:
        CorruptError: The stream does not hold a picture of this shape.
    """
    decoder = decoder_of(stream, shape)
    xs, ys = view.positions()
    how = header.reconstruction
    done = 0
    for row in range(decoder.num_rows):
        decoder.decode_rows(row + 2)  # a strip needs the row below too: facing tiles blend
        is_last = row == decoder.num_rows - 1
        stop = len(ys) if is_last else int(np.searchsorted(ys, (row + 1) * SUPERBLOCK))
        while done < stop:
            end = min(done + max(1, MAX_STRIP_SAMPLES // len(xs)), stop)
            rendered = [
                decoder.render(*grid, how, num_threads=num_threads, isa=isa)
                for grid in _grids(xs, ys[done:end], shape)
            ]
            yield to_uint8(to_pixels(refine(_around(rendered)), header.angles))
            done = end
        if done == len(ys):
            break
    if view.y + view.height >= shape[0]:
        decoder.finish()


def _grids(
    xs: Float64[np.ndarray, " w"], ys: Float64[np.ndarray, " rows"], shape: tuple[int, int, int]
) -> list[tuple[Float64[np.ndarray, " _w"], Float64[np.ndarray, " _rows"]]]:
    """Where the series is evaluated: at the positions and around, or on one grid with a border."""
    height, width, _ = shape
    if _is_pixel_for_pixel(xs, ys):
        grids = [
            (
                np.concatenate([xs[:1] - 1, xs, xs[-1:] + 1]),
                np.concatenate([ys[:1] - 1, ys, ys[-1:] + 1]),
            )
        ]
    else:
        grids = [(xs + dx, ys + dy) for dy, dx in ((0, 0), *NEIGHBOURS)]
    return [(np.clip(x, 0.5, width - 0.5), np.clip(y, 0.5, height - 0.5)) for x, y in grids]


def _is_pixel_for_pixel(xs: Float64[np.ndarray, " w"], ys: Float64[np.ndarray, " rows"]) -> bool:
    """Whether neighbours one source pixel away are samples themselves."""
    return len(xs) > 1 and bool(np.all(np.diff(xs) == 1) and np.all(np.diff(ys) == 1))


def _around(
    rendered: list[Float32[np.ndarray, "c _rows _w"]],
) -> list[Float32[np.ndarray, "c rows w"]]:
    """Values at the positions, then in the order of NEIGHBOURS, of what `_grids` asked for."""
    if len(rendered) > 1:
        return rendered
    (bordered,) = rendered
    rows, width = bordered.shape[1] - 2, bordered.shape[2] - 2
    return [
        bordered[:, 1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + width]
        for dy, dx in ((0, 0), *NEIGHBOURS)
    ]


def to_pixels(
    values: Float32[np.ndarray, "c rows w"], angles: tuple[int, int, int] | None
) -> Float32[np.ndarray, "rows w c"]:
    """Planes back to colour, not yet rounded."""
    if angles is not None:
        matrix = rotation(angles).astype(np.float32)
        values = np.concatenate(
            [np.tensordot(matrix.T, values[:3], axes=1).astype(np.float32), values[3:]]
        )
    return np.moveaxis(values, 0, 2) + np.float32(MID_LEVEL)
