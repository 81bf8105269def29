"""The wide layer: planes of a picture to coded tiles of cosine series, and their evaluation."""

from collections.abc import Callable, Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.tiled_dct.color import rotation
from overtone.codecs.tiled_dct.header import TiledDctHeader
from overtone.entropy.context_state import ContextState, load_context_state
from overtone.errors import CorruptError
from overtone.kernels import _series
from overtone.kernels.fourier import Isa
from overtone.shapes import Float32, Float64, Int16, UInt8

PACKAGE = "overtone.codecs.tiled_dct"  # where the initial context state is
NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))  # (dy, dx)
MIN_TILE_LOG2, MAX_TILE_LOG2 = 3, 6
MAX_STRIP_SAMPLES = 1 << 18  # so that memory does not grow with the scale
MID_LEVEL = 128.0  # subtracted from every sample, so that an empty file is mid-gray


def to_planes(
    image: UInt8[np.ndarray, "h w c"], angles: tuple[int, int, int] | None
) -> Float32[np.ndarray, "c hp wp"]:
    """Decorrelated planes around zero, extended to whole tiles by repeating the edges."""
    height, width, _ = image.shape
    planes = np.moveaxis(image, 2, 0).astype(np.float32) - np.float32(MID_LEVEL)
    if angles is not None:
        matrix = rotation(angles).astype(np.float32)
        planes[:3] = np.einsum("kc,chw->khw", matrix, planes[:3])
    tall, wide = padded(height), padded(width)
    return np.pad(planes, ((0, 0), (0, tall - height), (0, wide - width)), mode="edge")


def padded(length: int) -> int:
    """`length` rounded up to whole smallest tiles."""
    return -(-length // _series.MIN_TILE) * _series.MIN_TILE


def encode_planes(
    planes: Float32[np.ndarray, "c hp wp"],
    header: TiledDctHeader,
    *,
    rd_weight: float,
    tile_log2: tuple[int, int] = (MIN_TILE_LOG2, MAX_TILE_LOG2),
    progress: Callable[[float, int], None] | None = None,
    state: ContextState | None = None,
    learned: list[tuple[list[int], list[int], list[int]]] | None = None,
) -> bytes:
    """The coefficient stream; distortion + `rd_weight` * step^2 * bits decides every choice.

    Args:
        planes: From `to_planes`.
        header: What the file will say.
        rd_weight: Squared steps a bit is worth.
        tile_log2: Binary logarithm of the smallest and the largest tile tried.
        progress: Called with the fraction of rows done and the bytes so far.
        state: Where the adaptive models start instead of the stored context state.
        learned: Receives what the models know at the end.
    """
    encoder = _series.Encoder(
        np.ascontiguousarray(planes),
        *(state or load_context_state(PACKAGE)),
        step=header.step,
        rd_weight=rd_weight,
        overlap=header.overlap_px,
        shrink_one=header.reconstruction_offset_one / 100,
        shrink=header.reconstruction_offset / 100,
        min_log2=tile_log2[0],
        max_log2=tile_log2[1],
    )
    rows = -(-planes.shape[1] // _series.SUPERBLOCK)
    for row in range(1, rows + 1):
        encoder.encode_row()
        if progress is not None:
            progress(row / rows, encoder.size_bytes)
    if learned is not None:
        learned.append(encoder.learned())
    return encoder.finish()


class SeriesReader:
    """Evaluates the coded series strip by strip, keeping three rows of superblocks in memory."""

    def __init__(
        self,
        stream: bytes,
        header: TiledDctHeader,
        *,
        width: int,
        height: int,
        channels: int,
        num_threads: int,
        isa: Isa = "auto",
    ) -> None:
        self._decoder = _series.Decoder(
            stream,
            *load_context_state(PACKAGE),
            width=padded(width),
            height=padded(height),
            channels=channels,
        )
        self._parameters = header
        self._height = height
        self._width = width
        self._channels = channels
        self._num_threads = num_threads
        self._isa: Isa = isa

    def strips(self, view: View) -> Iterator[tuple[Float64[np.ndarray, " w"], ...]]:
        """Sample positions (xs, ys) of each strip of the view, its rows decoded and in reach."""
        xs = view.x + (np.arange(view.out_width) + 0.5) * (view.width / view.out_width)
        ys = view.y + (np.arange(view.out_height) + 0.5) * (view.height / view.out_height)
        superblock = _series.SUPERBLOCK
        last = -(-padded(self._height) // superblock) - 1
        done = 0
        for row in range(last + 1):
            # A strip needs the row below too: facing tiles blend.
            while self._decoder.rows_decoded < min(row + 2, last + 1):
                self._decode_row()
            stop = int(np.searchsorted(ys, (row + 1) * superblock)) if row < last else len(ys)
            while done < stop:
                end = min(done + max(1, MAX_STRIP_SAMPLES // len(xs)), stop)
                yield xs, ys[done:end]
                done = end
            if done == len(ys):
                return

    def values(
        self, xs: Float64[np.ndarray, " w"], ys: Float64[np.ndarray, " rows"]
    ) -> Float32[np.ndarray, "c rows w"]:
        """The series at positions of the current strip and up to a pixel around it."""
        out = np.empty((self._channels, len(ys), len(xs)), np.float32)
        p = self._parameters
        self._decoder.render(
            np.clip(xs, 0.5, self._width - 0.5),
            np.clip(ys, 0.5, self._height - 0.5),
            out,
            step=p.step,
            overlap=p.overlap_px,
            shrink_one=p.reconstruction_offset_one / 100,
            shrink=p.reconstruction_offset / 100,
            blend=p.blend_eighths / 8,
            num_threads=self._num_threads,
            isa=self._isa,
        )
        return out

    def neighbourhoods(
        self, xs: Float64[np.ndarray, " w"], ys: Float64[np.ndarray, " rows"]
    ) -> list[Float32[np.ndarray, "c rows w"]]:
        """The series at the positions, then one source pixel away, in the order of NEIGHBOURS."""
        offsets = ((0, 0), *NEIGHBOURS)
        if len(xs) > 1 and np.all(np.diff(xs) == 1) and np.all(np.diff(ys) == 1):
            # Pixel for pixel the neighbours are samples themselves.
            wide = np.concatenate([xs[:1] - 1, xs, xs[-1:] + 1])
            tall = np.concatenate([ys[:1] - 1, ys, ys[-1:] + 1])
            around = self.values(wide, tall)
            return [
                around[:, 1 + dy : 1 + dy + len(ys), 1 + dx : 1 + dx + len(xs)]
                for dy, dx in offsets
            ]
        return [self.values(xs + dx, ys + dy) for dy, dx in offsets]

    def tiles(self) -> Iterator[tuple[int, int, int, Int16[np.ndarray, "c n n"]]]:
        """Left, top, largest extent and levels [channel, v, u] of every tile, in stream order."""
        while not self._decoder.is_done:
            self._decode_row()
            yield from self._decoder.tiles()

    def finish(self) -> None:
        """Decodes what is left and checks that the stream ends with the picture."""
        while not self._decoder.is_done:
            self._decode_row()
        if self._decoder.has_leftover:
            raise CorruptError("bytes follow the last coefficient")

    def _decode_row(self) -> None:
        try:
            self._decoder.decode_row()
        except RuntimeError as error:
            raise CorruptError(f"{error}; the file is damaged") from error


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
