"""Pictures as the lists of the DCTransformer: (channel, position, value) of each non-zero level.

The dense image of a picture has one channel for each band of each component, Y, Cb, Cr, and one
position for each block of Y. Chroma blocks, half as many along each axis, lie at even rows and
columns.

Source: Nash et al., "Generating images with sparse representations", ICML 2021, section 2. The
order of channels is read off its figure.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Literal, assert_never

import numpy as np

from overtone.shapes import Int16, Int32, Int64
from overtone.transform.levels import Sampling
from overtone.transform.scan import zigzag

ChannelOrder = Literal["paper", "luma-first", "low-first"]
_LUMA, _CB, _CR = 0, 1, 2


@dataclasses.dataclass(frozen=True, slots=True)
class TripleLists:
    """The lists of some pictures, one after the other.

    Attributes:
        triples: Channel, position, value of each entry.
        counts: Entries of each picture.
    """

    triples: Int32[np.ndarray, "n 3"]
    counts: Int64[np.ndarray, " b"]

    def split(self) -> list[Int32[np.ndarray, "_n 3"]]:
        """The list of each picture."""
        return np.split(self.triples, np.cumsum(self.counts)[:-1])


@functools.cache
def channel_order(
    block_size: int, num_components: int, order: ChannelOrder
) -> Int64[np.ndarray, " c"]:
    """Channels in the order in which a list names them; a channel is component * B^2 + zigzag band.

    Args:
        block_size: B.
        num_components: 1 or 3.
        order: "paper": bands in groups that end at 1, 4, 16, ... B^2, coarse to fine, and in a
            group Y, Cr, Cb. "luma-first": all of Y, then the groups of Cr and Cb. "low-first":
            groups of the lowest 1x1, 2x2, 4x4, ... BxB frequencies, so that the list of a picture
            begins with that of the picture at half, quarter, ... the size; in a group Y, Cr, Cb.
    """
    num_bands = block_size**2
    raster = zigzag(block_size)
    rings = np.maximum(raster // block_size, raster % block_size)
    places = rings + 1 if order == "low-first" else np.sqrt(np.arange(num_bands) + 1)
    # Group 0 ends at side 1, group 1 at side 2, group 2 at side 4, ...
    groups = np.ceil(np.log2(places)).astype(int)
    colors = [_CR, _CB] if num_components == 3 else []
    in_turn = [
        [component * num_bands + int(band) for band in np.flatnonzero(groups == group)]
        for group in range(int(groups.max()) + 1)
        for component in ([_LUMA, *colors] if order != "luma-first" else colors)
    ]
    flat = [channel for channels in in_turn for channel in channels]
    match order:
        case "paper" | "low-first":
            found = flat
        case "luma-first":
            found = [*range(num_bands), *flat]
        case _:
            assert_never(order)
    array = np.array(found, np.int64)
    array.setflags(write=False)
    return array


def dense_images(
    levels: Sequence[Int16[np.ndarray, "b bands _rows _columns"]], sampling: Sampling
) -> Int16[np.ndarray, "b rows columns c"]:
    """One channel for each band of each component; chroma at even rows and columns (4:2:0)."""
    num_bands = levels[0].shape[1]
    shape = (len(levels[0]), len(levels) * num_bands, *sampling.grid(0))
    dense = np.zeros(shape, np.int16)
    for component, own in enumerate(levels):
        step = (sampling.down, sampling.across) if sampling.is_chroma(component) else (1, 1)
        channels = slice(component * num_bands, (component + 1) * num_bands)
        dense[:, channels, :: step[0], :: step[1]] = own
    return np.moveaxis(dense, 1, -1)


def levels_of_dense(
    dense: Int16[np.ndarray, "b rows columns c"], sampling: Sampling
) -> list[Int16[np.ndarray, "b bands _rows _columns"]]:
    """The inverse of `dense_images`."""
    num_bands = sampling.block_size**2
    planes = np.moveaxis(dense, -1, 1)
    out = []
    for component in range(planes.shape[1] // num_bands):
        step = (sampling.down, sampling.across) if sampling.is_chroma(component) else (1, 1)
        channels = slice(component * num_bands, (component + 1) * num_bands)
        out.append(np.ascontiguousarray(planes[:, channels, :: step[0], :: step[1]]))
    return out


def to_triples(
    dense: Int16[np.ndarray, "b rows columns c"], block_size: int, order: ChannelOrder = "paper"
) -> TripleLists:
    """The non-zero entries, channel by channel in `order`, positions ascending."""
    num_images, rows, columns, num_channels = dense.shape
    channels = channel_order(block_size, num_channels // block_size**2, order)
    flat = dense.reshape(num_images, rows * columns, num_channels).transpose(0, 2, 1)[:, channels]
    image, place, position = np.nonzero(flat)
    values = flat[image, place, position]
    triples = np.stack([channels[place], position, values], axis=1).astype(np.int32)
    return TripleLists(triples, np.bincount(image, minlength=num_images))


def from_triples(
    lists: TripleLists, rows: int, columns: int, num_channels: int
) -> Int16[np.ndarray, "b rows columns c"]:
    """The dense images of lists.

    Raises:
        ValueError: A channel or position is out of range, or named twice in a picture.
    """
    channel, position, value = lists.triples.T
    image = np.repeat(np.arange(len(lists.counts)), lists.counts)
    num_positions = rows * columns
    bad = (channel < 0) | (channel >= num_channels) | (position < 0) | (position >= num_positions)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"channels must be in 0..{num_channels - 1} and positions in 0..{num_positions - 1}, "
            f"got {channel[first]} and {position[first]} in triple {first}"
        )
    places = (image * num_positions + position) * num_channels + channel
    if len(np.unique(places)) != len(places):
        raise ValueError("a channel and position is named twice in a picture")
    dense = np.zeros(len(lists.counts) * num_positions * num_channels, np.int16)
    dense[places] = value
    return dense.reshape(len(lists.counts), rows, columns, num_channels)
