"""The networks of a dfm file as arrays: their coefficients, and their values anywhere."""

import dataclasses
import functools

import numpy as np
import numpy.typing as npt

from overtone.bitstream.container import Container, read_header
from overtone.codecs.dfm.render import Picture, colour_map
from overtone.codecs.dfm.stream import CODEC_ID, RAW, unpack_networks
from overtone.codecs.registry import CODEC_IDS, resolve_num_threads
from overtone.errors import ConfigError
from overtone.kernels.fourier import NetSpec
from overtone.shapes import Float32, Float64, UInt8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerCoefficients:
    """One Fourier layer: y = Σ_k a_k cos(2π k·x) + b_k sin(2π k·x), with x added where it says so.

    Attributes:
        frequencies: The vectors k, all of {0, 1}^m, one a row.
        a: Coefficients of the cosines: row i belongs to row i of `frequencies`, a column to each
            of the n outputs.
        b: Coefficients of the sines; row 0, that of k = 0, has no effect.
        has_residual: Whether x is added to y.
    """

    frequencies: UInt8[np.ndarray, "k m"]
    a: Float32[np.ndarray, "k n"]
    b: Float32[np.ndarray, "k n"]
    has_residual: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TileNetwork:
    """The network of one tile, at positions that run from (0, 0) to (1, 1) over the tile's domain.

    Attributes:
        spec: Its layers, input scales and output function.
        weights: All coefficients in one array, in the order of `overtone.kernels.fourier`.
        domain: Left, top, right and bottom of the tile in the unit coordinates of the picture;
            neighbours overlap there by a few pixels and are blended.
        colour_matrix: With `colour_offset` takes the network's outputs to colours on [0, 1]:
            colour = colour_matrix @ output + colour_offset.
        colour_offset: See `colour_matrix`.
    """

    spec: NetSpec
    weights: Float32[np.ndarray, " weights"]
    domain: tuple[float, float, float, float]
    colour_matrix: Float32[np.ndarray, "c c"]
    colour_offset: Float32[np.ndarray, " c"]

    @property
    def layers(self) -> tuple[LayerCoefficients, ...]:
        """The layers from first to last; their arrays are views of `weights`."""
        layers, start = [], 0
        for layer in self.spec.layers:
            part = self.weights[start : start + layer.size]
            a, b = part.reshape(2, 2**layer.num_inputs, layer.num_outputs)
            rows = np.arange(2**layer.num_inputs)[:, None]
            layers.append(
                LayerCoefficients(
                    frequencies=((rows >> np.arange(layer.num_inputs)) & 1).astype(np.uint8),
                    a=a,
                    b=b,
                    has_residual=layer.has_residual,
                )
            )
            start += layer.size
        return tuple(layers)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class OpenNetwork:
    """A picture as a function of the position: call it with positions to get colours.

    One call at a time; give each Python thread its own.

    Attributes:
        width: Width of the picture, pixels.
        height: Height of the picture, pixels.
        kind: "raw" for float32 weights as they were fitted, "quantised" for integers times steps.
        columns: Tiles side by side.
        rows: Tiles one below the other.
        tiles: Their networks, row by row.
        data: The file that holds them.
    """

    width: int
    height: int
    kind: str
    columns: int
    rows: int
    tiles: tuple[TileNetwork, ...]
    data: bytes = dataclasses.field(repr=False)
    _picture: Picture = dataclasses.field(repr=False)

    def __call__(self, positions: npt.ArrayLike) -> Float32[np.ndarray, "*n c"]:
        """Colours at positions (x, y), on [0, 1] but not clipped to it.

        Args:
            positions: Array of shape (..., 2), in unit coordinates: (0, 0) is the upper left corner
                of the picture, (1, 1) its lower right corner, and pixel (column i, row j) is
                centred at ((i + 0.5) / width, (j + 0.5) / height). Any finite position has a value;
                beyond the picture it is that of the nearest tiles.

        Raises:
            ConfigError: The last axis is not (x, y), or a position is not finite.
        """
        places = np.asarray(positions, dtype=np.float64)
        if places.ndim == 0 or places.shape[-1] != 2 or not np.isfinite(places).all():
            raise ConfigError(
                f"positions must be finite, of shape (..., 2) for x and y, got {places.shape}"
            )
        x, y = places.reshape(-1, 2).T
        values = self._picture.at(x * self.width, y * self.height)
        return np.ascontiguousarray(values.T).reshape(*places.shape[:-1], -1)

    @functools.cached_property
    def pixel_centres(self) -> Float64[np.ndarray, "h w 2"]:
        """Positions of all pixels; at them the values are those that `overtone.decode` rounds."""
        x = (np.arange(self.width) + 0.5) / self.width
        y = (np.arange(self.height) + 0.5) / self.height
        return np.stack(np.meshgrid(x, y), axis=-1)


def open_network(data: bytes, *, num_threads: int | None = None) -> OpenNetwork:
    """The networks of a file of codec `dfm`: coefficients as arrays, and values at any position.

    Args:
        data: The whole file.
        num_threads: Worker threads; all processors by default.

    Raises:
        BitstreamError: The file is foreign or damaged.
        ConfigError: It is of another codec, or `data` is not bytes, but a path for example.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ConfigError(
            f"open_network takes the bytes of a file, got {type(data).__name__}; "
            "read it first, as with pathlib.Path(path).read_bytes()"
        )
    codec_id = read_header(data).codec_id
    if codec_id != CODEC_ID:
        name = CODEC_IDS.get(codec_id, f"with id {codec_id}")
        raise ConfigError(f"the file is of codec {name}, which holds no network; dfm files do")
    networks = unpack_networks(Container.from_bytes(data))
    plan = networks.plan
    across, down = plan.horizontal, plan.vertical
    tiles = []
    for index, (weights, mean) in enumerate(zip(networks.weights, networks.means, strict=True)):
        left, right = across.domain(index % across.count)
        top, bottom = down.domain(index // across.count)
        matrix, offset = colour_map(plan.spec, mean)
        tiles.append(
            TileNetwork(
                spec=plan.spec,
                weights=weights,
                domain=(
                    left / across.length,
                    top / down.length,
                    right / across.length,
                    bottom / down.length,
                ),
                colour_matrix=matrix,
                colour_offset=offset,
            )
        )
    return OpenNetwork(
        width=across.length,
        height=down.length,
        kind="raw" if plan.kind == RAW else "quantised",
        columns=across.count,
        rows=down.count,
        tiles=tuple(tiles),
        data=bytes(data),
        _picture=Picture(networks, num_threads=resolve_num_threads(num_threads)),
    )
