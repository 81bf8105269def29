"""The obvious twin of how libovt evaluates sparse-dct between the pixels: any size, any part."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from overtone.codecs.base import View
from overtone.imaging.image import to_uint8
from overtone.shapes import Float64, Int16, Int64, UInt8
from overtone.transform.dct import MID_LEVEL
from overtone.transform.levels import JPEG_BLOCK, Sampling
from overtone.transform.scan import zigzag_number

MAX_STRIP_SAMPLES = 1 << 16  # so that memory does not grow with the scale
MAX_CHUNK_SAMPLES = 1 << 20  # of the blocks, nor where the picture is shrunk
# RGB of (Y, Cb, Cr), JFIF (ITU-T T.871).
_TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136286, -0.714136286], [1, 1.772, 0]])


class ViewAxis:
    """Where one axis of a view samples the series: for each output, blocks and cosine weights.

    Outputs closer together than samples of the component are points of the series. Outputs further
    apart are its means over their share of the axis, so that a smaller picture is not aliased: a
    difference of two integrals, to which whole blocks add their constant component only.
    """

    def __init__(self, start: float, length: float, count: int, num_samples: int) -> None:
        edges = start + np.arange(count + 1) * (length / count)
        limit = num_samples
        if length / count <= 1:
            points = np.clip((edges[:-1] + edges[1:]) / 2, 0.5, limit - 0.5)
            self.terms = [_at(points, _cosines)]
            self.span = None
        else:
            edges = np.clip(edges, 0, limit)
            low, high = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1e-6)
            width = (high - low)[:, None]
            first, second = _at(low, _integrals), _at(high, _integrals)
            self.terms = [(first[0], -first[1] / width), (second[0], second[1] / width)]
            self.span = (first[0], second[0], JPEG_BLOCK / math.sqrt(JPEG_BLOCK) / width[:, 0])

    def apply(self, coeffs: Float64[np.ndarray, "*batch blocks k"]) -> np.ndarray:
        """Values `... outputs` of series whose blocks and frequencies are the last two axes."""
        total = 0
        for blocks, weights in self.terms:
            total = total + np.einsum("...nk,nk->...n", coeffs[..., blocks, :], weights)
        if self.span is not None:
            low, high, weight = self.span
            sums = np.concatenate(
                [np.zeros_like(coeffs[..., :1, 0]), np.cumsum(coeffs[..., 0], -1)], -1
            )
            total = total + (sums[..., high] - sums[..., low]) * weight
        return np.asarray(total)


def _at(places: np.ndarray, function) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, "n k"]]:
    blocks = np.maximum(np.ceil(places / JPEG_BLOCK).astype(np.int64) - 1, 0)
    return blocks, function(places - blocks * JPEG_BLOCK)


def _norms() -> Float64[np.ndarray, " k"]:
    return np.array([math.sqrt((1 if k == 0 else 2) / JPEG_BLOCK) for k in range(JPEG_BLOCK)])


def _cosines(x: np.ndarray) -> Float64[np.ndarray, "n k"]:
    """Orthonormal cosines at places 0..8 of a block."""
    return _norms() * np.cos(math.pi / JPEG_BLOCK * np.arange(JPEG_BLOCK) * x[:, None])


def _integrals(x: np.ndarray) -> Float64[np.ndarray, "n k"]:
    """Their integrals from the block's edge to x."""
    k = np.arange(1, JPEG_BLOCK) * (math.pi / JPEG_BLOCK)
    return _norms() * np.concatenate([x[:, None], np.sin(k * x[:, None]) / k], axis=1)


def evaluate_strips(
    levels: Sequence[Int16[np.ndarray, "bands _rows _columns"]],
    tables: Sequence[Int64[np.ndarray, " bands"]],
    sampling: Sampling,
    view: View,
) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
    """The view's pixels from top to bottom, each component's series at its own scale."""
    stride = max(1, MAX_STRIP_SAMPLES // view.out_width)
    for top in range(0, view.out_height, stride):
        height = min(stride, view.out_height - top)
        scale = view.height / view.out_height
        y, box = view.y + top * scale, height * scale
        planes = []
        for c, (own, steps) in enumerate(zip(levels, tables, strict=True)):
            tall, wide = sampling.size(c)
            down = sampling.down if c in (1, 2) and sampling.channels >= 3 else 1
            across = sampling.across if c in (1, 2) and sampling.channels >= 3 else 1
            rows = ViewAxis(y / down, box / down, height, tall)
            columns = ViewAxis(view.x / across, view.width / across, view.out_width, wide)
            planes.append(_plane(own, steps, rows, columns))
        yield to_uint8(_to_pixels(planes))


def _plane(
    levels: Int16[np.ndarray, "bands _rows _columns"],
    steps: Int64[np.ndarray, " bands"],
    rows: ViewAxis,
    columns: ViewAxis,
) -> Float64[np.ndarray, "h w"]:
    low, high = _blocks_of(rows)
    left, right = _blocks_of(columns)
    inner = _shifted(columns, left)
    num_outputs = len(columns.terms[0][0])
    stride = max(1, MAX_CHUNK_SAMPLES // (JPEG_BLOCK**2 * max(num_outputs, right - left)))
    across = [  # v, row, output column
        inner.apply(_coefficients(levels[:, row : min(row + stride, high), left:right], steps))
        for row in range(low, high, stride)
    ]
    return _shifted(rows, low).apply(np.concatenate(across, axis=1).transpose(2, 1, 0)).T


def _coefficients(
    levels: Int16[np.ndarray, "bands _rows _columns"], steps: Int64[np.ndarray, " bands"]
) -> Float64[np.ndarray, "v _rows _columns u"]:
    """What the levels of some blocks stand for."""
    amplitudes = levels[zigzag_number(JPEG_BLOCK)].astype(np.float64)
    amplitudes *= steps[zigzag_number(JPEG_BLOCK), None, None]
    shape = (JPEG_BLOCK, JPEG_BLOCK, *levels.shape[1:])
    return amplitudes.reshape(shape).transpose(0, 2, 3, 1)


def _blocks_of(axis: ViewAxis) -> tuple[int, int]:
    """The first block that an axis needs, and the one after the last."""
    blocks = [used for used, _ in axis.terms]
    return min(int(each.min()) for each in blocks), max(int(each.max()) for each in blocks) + 1


def _shifted(axis: ViewAxis, first: int) -> ViewAxis:
    """The axis of a slice that begins at block `first`."""
    moved = ViewAxis.__new__(ViewAxis)
    moved.terms = [(blocks - first, weights) for blocks, weights in axis.terms]
    moved.span = axis.span and (axis.span[0] - first, axis.span[1] - first, axis.span[2])
    return moved


def _to_pixels(planes: list[np.ndarray]) -> Float64[np.ndarray, "h w c"]:
    if len(planes) < 3:
        return np.stack(planes, -1) + MID_LEVEL
    color = np.stack(planes[:3], -1) @ _TO_RGB.T + MID_LEVEL
    return np.concatenate([color, *(plane[..., None] + MID_LEVEL for plane in planes[3:])], -1)
