"""Choice of the settings of one picture: the cheapest of a few real encodings.

Every candidate is encoded and decoded; its cost is D + lambda R with D the squared error of the
8-bit pixels and R the bytes of the section. Settings are tried one after the other, each keeping
the best so far.
"""

import dataclasses
import functools
import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from overtone.bitstream.container import Container, Layout, Metadata
from overtone.bitstream.writer import Writer
from overtone.codecs import library
from overtone.codecs.base import Effort, EncodeOptions, full_view
from overtone.codecs.tiled_dct.color import decorrelating_angles
from overtone.codecs.tiled_dct.header import (
    CODEC_ID,
    MAX_STEP_INDEX,
    PACKAGE,
    TiledDctHeader,
    step_index_of,
)
from overtone.codecs.tiled_dct.planes import Planes
from overtone.entropy import context_state
from overtone.kernels import tiled_dct
from overtone.kernels.threads import map_on_threads
from overtone.shapes import UInt8

RD_WEIGHT = 0.13  # squared steps a bit; high-rate theory says ln 2 / 6 = 0.116

# Tried in this order: changes of the settings stored in the file.
_OVERLAPS: dict[Effort, tuple[int, ...]] = {
    "fast": (),
    "default": (8, 13),
    "best": (7, 8, 12, 14, 17),
}
# Finer steps with larger dead zones, or the reverse, at the same lambda.
_STEP_SHIFTS: dict[Effort, tuple[int, ...]] = {
    "fast": (),
    "default": (-8, 8),
    "best": (-18, -12, -6, 6, 12),
}
_OFFSETS: dict[Effort, tuple[tuple[int, int], ...]] = {
    "fast": (),
    "default": ((6, 3), (0, 1)),
    "best": ((4, 3), (8, 4), (0, 1), (0, 0)),
}


def _overlaps(best: TiledDctHeader, effort: Effort) -> list[TiledDctHeader]:
    return [dataclasses.replace(best, overlap_tenths=o) for o in _OVERLAPS[effort]]


def _steps(best: TiledDctHeader, effort: Effort) -> list[TiledDctHeader]:
    indices = [min(max(best.step_index + s, 0), MAX_STEP_INDEX) for s in _STEP_SHIFTS[effort]]
    return [dataclasses.replace(best, step_index=index) for index in indices]


def _offsets(best: TiledDctHeader, effort: Effort) -> list[TiledDctHeader]:
    return [
        dataclasses.replace(best, reconstruction_offset_one=a, reconstruction_offset=b)
        for a, b in _OFFSETS[effort]
    ]


_STAGES = (_overlaps, _steps, _offsets)
_DECODING: tuple[dict[str, Any], ...] = (
    {"blend_eighths": 12},
    {"blend_eighths": 16},
    {"uses_post_filter": (False, True)},
    {"uses_post_filter": (True, False)},
)


@dataclasses.dataclass(frozen=True, slots=True)
class Coded:
    """One encoding and what it costs."""

    header: TiledDctHeader
    stream: bytes
    squared_error: float
    cost: float

    def psnr_db(self, num_samples: int) -> float:
        """PSNR of a picture of so many samples."""
        return 10 * math.log10(255**2 * num_samples / self.squared_error)

    def container(self, shape: tuple[int, ...], metadata: Metadata) -> Container:
        """The file of a picture of that height, width and number of channels."""
        height, width, channels = shape
        writer = Writer()
        self.header.write(writer)
        writer.put(self.stream)
        return Container(
            codec_id=CODEC_ID,
            width=width,
            height=height,
            layout=Layout(channels),
            sections=(writer.to_bytes(),),
            metadata=metadata,
        )


class Search:
    """One picture and the candidates of `options.effort`.

    Attributes:
        start: Settings of the first candidate.
        rd_weight: Squared error of 8-bit pixels that a bit is worth, the same for all candidates.
        code: `overtone.kernels.tiled_dct.encode` of the picture, for a reconstruction and a weight
            of the rate.
    """

    def __init__(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> None:
        self.start = TiledDctHeader(
            step_index=step_index_of(options.quality),
            angles=decorrelating_angles(image[:, :, :3]) if image.shape[2] >= 3 else None,
        )
        self._image, self._options = image, options
        self.rd_weight = RD_WEIGHT * self.start.step**2
        total = 1 + sum(len(table[options.effort]) for table in (_OVERLAPS, _STEP_SHIFTS, _OFFSETS))
        self._report = _Report(options, image.shape[0] * image.shape[1], image.size, total)
        self.code = functools.partial(
            tiled_dct.encode,
            Planes(image, self.start.angles),
            context_state.load_context_state(PACKAGE),
            progress=self._report.row,
        )

    def improved(self, first: bytes) -> Coded:
        """The cheapest of all candidates, of which the stream of the first is given."""
        if self._options.effort == "fast":
            best = Coded(self.start, first, 0.0, 0.0)
            self._report.finished(best)
            return best
        best = self._measure(self.start, first)
        self._report.finished(best)
        effort = self._options.effort
        for candidates in _STAGES:
            coded = map_on_threads(
                self._encode,
                candidates(best.header, effort),
                num_threads=self._options.num_threads,
                poll=self._report.poll,
                stop=self._report.stop,  # or every candidate that was begun would be waited for
            )
            self._report.next_stage(len(coded))
            best = min(best, *coded, key=_cost)
        # What only the decoder does needs no new encoding.
        for changes in _DECODING:
            header = dataclasses.replace(best.header, **changes)
            best = min(best, self._measure(header, best.stream), key=_cost)
        return best

    def _encode(self, header: TiledDctHeader) -> Coded:
        stream = self.code(header.reconstruction, rd_weight=self.rd_weight / header.step**2)
        return self._measure(header, stream)

    def _measure(self, header: TiledDctHeader, stream: bytes) -> Coded:
        """The candidate with the squared error of its decoded pixels."""
        height, width, _ = self._image.shape
        row = 0
        error = 0
        file = Coded(header, stream, 0.0, 0.0).container(self._image.shape, Metadata())
        for strip in library.decode_rows(file, full_view(width, height), 1):
            difference = strip.astype(np.int32) - self._image[row : row + len(strip)]
            error += int(np.vdot(difference, difference))
            row += len(strip)
        return Coded(header, stream, error, error + self.rd_weight * 8 * len(stream))


class _StopError(Exception):
    """Raised inside a worker to leave its encoding."""


def _cost(coded: Coded) -> float:
    return coded.cost


class _Report:
    """Tells the caller how far the search is, and the workers when to stop."""

    def __init__(
        self, options: EncodeOptions, num_pixels: int, num_samples: int, total: int
    ) -> None:
        self._progress = options.progress
        self._num_pixels = num_pixels
        self._num_samples = num_samples
        self._total = total
        self._done = 0
        self._before = 1  # encodings of the stages that are over
        self._stopped = threading.Event()

    def row(self, fraction: float, size_bytes: int) -> None:
        """Part of an encoding is done; only the first one is shown row by row."""
        if self._stopped.is_set():
            raise _StopError
        if self._progress is not None and self._done == 0:
            rate_bpp = 8 * size_bytes / (self._num_pixels * fraction)
            self._progress(fraction / self._total, f"{rate_bpp:.3f} bpp")

    def finished(self, coded: Coded) -> None:
        """An encoding is done."""
        self._done += 1
        if self._progress is not None:
            rate_bpp = 8 * len(coded.stream) / self._num_pixels
            psnr = f", {coded.psnr_db(self._num_samples):.2f} dB" if coded.squared_error else ""
            self._progress(self._done / self._total, f"{rate_bpp:.3f} bpp{psnr}")

    def poll(self, coded: Sequence[Coded | None]) -> None:
        """Some encodings of a stage are done."""
        ready = [each for each in coded if each is not None]
        for each in ready[self._done - self._before :]:
            self.finished(each)

    def next_stage(self, num_done: int) -> None:
        """A stage of so many encodings is over."""
        self._before += num_done

    def stop(self) -> None:
        """Ends every encoding at its next row."""
        self._stopped.set()
