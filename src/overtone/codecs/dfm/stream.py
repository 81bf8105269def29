"""The sections of a dfm file.

Section 0, the plan: which network, how many tiles (varints). Section 1, the weights: float32
little-endian for kind raw; for kind quantised three arrays of side information and the levels, all
in one range code. Tiles come row by row, and in each the layers from first to last.
"""

import dataclasses
import math

import numpy as np

from overtone.bitstream.container import Container
from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.codecs.dfm.plan import QUANTISED, RAW, TILE_PX, Plan, check_limits
from overtone.codecs.dfm.tiling import TileAxis
from overtone.deadline import check_time
from overtone.entropy.coder import SymbolDecoder, SymbolEncoder
from overtone.entropy.tables import NUM_SCALES, NUM_TABLES, SHAPES, best_table, cost_bits
from overtone.errors import CorruptError, TruncatedError
from overtone.kernels.fourier import NetSpec
from overtone.shapes import Float32, Float64, Int32

CODEC_ID = 2
STEPS_PER_OCTAVE = 4  # step = 2 ** (-index / STEPS_PER_OCTAVE)
WEIGHT_BYTES = 4  # of a raw weight, float32
_FIRST_MEAN, _FIRST_STEP, _FIRST_SCALE = 128, 32, 20  # what the first tile's values differ from
_MAX_STEP_INDEX = 80

_KIND = Field("kind of weights", RAW, QUANTISED)
_COLUMNS = Field("tile columns", 1, 1 << 12)
_ROWS = Field("tile rows", 1, 1 << 12)
_MARGIN = Field("tile margin", 0, 255)
_FIRST_EXPONENT = Field("exponent of the first input scale", -8, 8)
_NUM_SCALES = Field("number of input scales", 1, 5)
_NUM_HIDDEN = Field("number of hidden layers", 0, 64)
_WIDTH = Field("width of a hidden layer", 1, 10)
_FLAGS = Field("residual and tanh flags", 0, 3)
_TABLE = Field("probability table", 0, NUM_TABLES - 1)
_SHAPE = Field("shape of a probability table", 0, len(SHAPES) - 1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class QuantisedNets:
    """Integer weights of all tiles and what gives them meaning.

    Attributes:
        means: Mean colour, 0..255, (tiles, channels).
        step_indices: Indices of the quantiser steps, (tiles, layers).
        levels: Integer weights, (tiles, weights); dead weights are zero and not stored.
    """

    means: Int32[np.ndarray, "tiles channels"]
    step_indices: Int32[np.ndarray, "tiles layers"]
    levels: Int32[np.ndarray, "tiles weights"]

    def weights(self, spec: NetSpec) -> Float32[np.ndarray, "tiles weights"]:
        """Levels times steps."""
        groups = layer_of_weights(spec)
        weights = np.empty(self.levels.shape, np.float32)
        for tile, indices in enumerate(self.step_indices):  # one by one, for memory's sake
            steps = np.exp2(-indices / STEPS_PER_OCTAVE)
            weights[tile] = np.where(groups >= 0, self.levels[tile] * steps[groups], 0)
        return weights


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """The networks of a file as they are evaluated.

    Attributes:
        plan: Which networks.
        weights: Weights of every tile, row by row, each in the order of `overtone.kernels.fourier`.
        means: Mean colour of every tile on [0, 1], zero for kind raw.
    """

    plan: Plan
    weights: Float32[np.ndarray, "tiles weights"]
    means: Float64[np.ndarray, "tiles c"]


def layer_of_weights(spec: NetSpec) -> Int32[np.ndarray, " weights"]:
    """The layer of every weight; -1 for the sines of k = 0, which have no effect."""
    parts = []
    for index, layer in enumerate(spec.layers):
        part = np.full((2, layer.size // 2), index, dtype=np.int32)
        part[1, : layer.num_outputs] = -1
        parts.append(part.ravel())
    return np.concatenate(parts)


def pack_plan(plan: Plan) -> bytes:
    """Section 0."""
    spec = plan.spec
    writer = Writer()
    _KIND.write(writer, plan.kind)
    _COLUMNS.write(writer, plan.horizontal.count)
    _ROWS.write(writer, plan.vertical.count)
    _MARGIN.write(writer, plan.horizontal.margin)
    _MARGIN.write(writer, plan.vertical.margin)
    _FIRST_EXPONENT.write(writer, round(math.log2(spec.input_scales[0])))
    _NUM_SCALES.write(writer, len(spec.input_scales))
    _NUM_HIDDEN.write(writer, len(spec.hidden))
    for width in spec.hidden:
        _WIDTH.write(writer, width)
    _FLAGS.write(writer, int(spec.has_residual) | int(spec.output == "tanh") << 1)
    return writer.to_bytes()


def unpack_plan(container: Container) -> Plan:
    """Section 0 of a file, checked against the limits before anything is allocated."""
    if len(container.sections) != 2:
        raise CorruptError(f"a dfm file has 2 sections, this one {len(container.sections)}")
    reader = container.reader(0)
    kind = _KIND.read(reader)
    columns, rows = _COLUMNS.read(reader), _ROWS.read(reader)
    margins = _MARGIN.read(reader), _MARGIN.read(reader)
    first = _FIRST_EXPONENT.read(reader)
    input_scales = tuple(2.0 ** (first + i) for i in range(_NUM_SCALES.read(reader)))
    hidden = tuple(_WIDTH.read(reader) for _ in range(_NUM_HIDDEN.read(reader)))
    flags = _FLAGS.read(reader)
    reader.finish()
    axes = []
    for length, count, margin in zip(
        (container.width, container.height), (columns, rows), margins, strict=True
    ):
        if count > max(1, (length + TILE_PX // 2) // TILE_PX) or 2 * margin * count > length:
            raise CorruptError(
                f"{count} tiles with margin {margin} do not fit {length} pixels; "
                f"a tile has about {TILE_PX} at least"
            )
        axes.append(TileAxis(length=length, count=count, margin=margin))
    spec = NetSpec(
        input_scales=input_scales,
        hidden=hidden,
        num_outputs=int(container.layout),
        has_residual=bool(flags & 1),
        output="tanh" if flags & 2 else "linear",
    )
    plan = Plan(kind=kind, spec=spec, horizontal=axes[0], vertical=axes[1])
    check_limits(plan)
    return plan


def unpack_networks(container: Container) -> Networks:
    """Both sections of a file."""
    plan = unpack_plan(container)
    reader = container.reader(1)
    if plan.kind == RAW:
        means = np.zeros((plan.num_tiles, plan.spec.num_outputs))
        return Networks(plan=plan, weights=unpack_raw(reader, plan), means=means)
    nets = unpack_quantised(reader, plan)
    return Networks(plan=plan, weights=nets.weights(plan.spec), means=nets.means / 255)


def pack_raw(weights: Float32[np.ndarray, "tiles weights"]) -> bytes:
    """Section 1 of kind raw."""
    return weights.astype("<f4").tobytes()


def unpack_raw(reader: Reader, plan: Plan) -> Float32[np.ndarray, "tiles weights"]:
    """Section 1 of kind raw."""
    size_bytes = WEIGHT_BYTES * plan.num_tiles * plan.spec.num_weights
    data = reader.take(size_bytes, "float32 weights")
    reader.finish()
    weights = np.frombuffer(data, dtype="<f4").astype(np.float32)
    if not np.isfinite(weights).all():
        raise reader.error(CorruptError, "a weight is not a finite number")
    return weights.reshape(plan.num_tiles, -1)


def pack_quantised(plan: Plan, nets: QuantisedNets) -> bytes:
    """Section 1 of kind quantised."""
    groups = layer_of_weights(plan.spec)
    members = [np.flatnonzero(groups == layer) for layer in range(len(plan.spec.layers))]
    shapes, scales = _choose_tables(nets.levels, members)
    writer = Writer()
    encoder = SymbolEncoder()
    sides = ((nets.means, _FIRST_MEAN), (nets.step_indices, _FIRST_STEP), (scales, _FIRST_SCALE))
    for values, first in sides:
        deltas = np.diff(values, axis=0, prepend=first).astype(np.int32).ravel()
        index = best_table(deltas)
        _TABLE.write(writer, index)
        encoder.put(deltas, index)
    for shape in shapes:
        _SHAPE.write(writer, shape)
    for tile in range(plan.num_tiles):
        for layer, at in enumerate(members):
            index = shapes[layer] * NUM_SCALES + int(scales[tile, layer])
            encoder.put(nets.levels[tile, at], index)
    return writer.to_bytes() + encoder.finish()


def unpack_quantised(reader: Reader, plan: Plan) -> QuantisedNets:
    """Section 1 of kind quantised."""
    groups = layer_of_weights(plan.spec)
    num_layers = len(plan.spec.layers)
    members = [np.flatnonzero(groups == layer) for layer in range(num_layers)]
    tables = [_TABLE.read(reader) for _ in range(3)]
    shapes = [_SHAPE.read(reader) for _ in range(num_layers)]
    if reader.remaining == 0 and plan.num_tiles > 0:
        raise reader.error(TruncatedError, "the range code of the weights is missing")
    decoder = SymbolDecoder(reader.take(reader.remaining, "range code"))
    sides = []
    for what, index, first, width, highest in (
        ("mean colour", tables[0], _FIRST_MEAN, plan.spec.num_outputs, 255),
        ("step index", tables[1], _FIRST_STEP, num_layers, _MAX_STEP_INDEX),
        ("table scale", tables[2], _FIRST_SCALE, num_layers, NUM_SCALES - 1),
    ):
        deltas = decoder.get(plan.num_tiles * width, index).reshape(-1, width)
        values = np.cumsum(deltas, axis=0, dtype=np.int64) + first
        if values.min() < 0 or values.max() > highest:
            raise reader.error(CorruptError, f"a {what} is not in 0..{highest}")
        sides.append(values.astype(np.int32))
    means, step_indices, scales = sides
    levels = np.zeros((plan.num_tiles, plan.spec.num_weights), dtype=np.int32)
    for tile in range(plan.num_tiles):
        check_time()
        for layer, at in enumerate(members):
            index = shapes[layer] * NUM_SCALES + int(scales[tile, layer])
            levels[tile, at] = decoder.get(at.size, index)
    decoder.finish()
    return QuantisedNets(means=means, step_indices=step_indices, levels=levels)


def clip_step_indices(indices: Int32[np.ndarray, " layers"]) -> Int32[np.ndarray, " layers"]:
    """Step indices inside the range the format allows."""
    return np.clip(indices, 0, _MAX_STEP_INDEX).astype(np.int32)


def _choose_tables(
    levels: Int32[np.ndarray, "tiles weights"], members: list[np.ndarray]
) -> tuple[list[int], Int32[np.ndarray, "tiles layers"]]:
    """One shape a layer for all tiles, and one scale a tile and layer: the fewest bits."""
    scales = np.zeros((levels.shape[0], len(members)), dtype=np.int32)
    shapes = []
    for layer, at in enumerate(members):
        totals = []
        choices = []
        for shape in range(len(SHAPES)):
            best = [_best_scale(tile[at], shape) for tile in levels]
            choices.append([scale for scale, _ in best])
            totals.append(sum(bits for _, bits in best))
        shapes.append(int(np.argmin(totals)))
        scales[:, layer] = choices[shapes[-1]]
    return shapes, scales


def _best_scale(levels: Int32[np.ndarray, " n"], shape: int) -> tuple[int, float]:
    """The scale of a shape that codes `levels` in the fewest bits, and these bits."""
    guess = best_table(levels) % NUM_SCALES
    near = range(max(0, guess - 6), min(NUM_SCALES, guess + 7))
    costs = [(cost_bits(levels, shape * NUM_SCALES + scale), scale) for scale in near]
    bits, scale = min(costs)
    return scale, bits
