"""The tiles of a coefficient stream: where they are, and their levels."""

from collections.abc import Iterator

from overtone.codecs.tiled_dct.header import PACKAGE
from overtone.codecs.tiled_dct.planes import padded
from overtone.entropy import context_state
from overtone.kernels.tiled_dct import Decoder, Tile


def read_tiles(stream: bytes, shape: tuple[int, int, int]) -> Iterator[Tile]:
    """Every tile of a picture in the order of the stream.

    Raises:
        CorruptError: The stream does not hold a picture of this shape.
    """
    decoder = decoder_of(stream, shape)
    for row in range(decoder.num_rows):
        decoder.decode_rows(row + 1)
        yield from decoder.tiles()
    decoder.finish()


def decoder_of(stream: bytes, shape: tuple[int, int, int]) -> Decoder:
    """Reads a stream of a picture of that height, width and number of channels."""
    height, width, channels = shape
    state = context_state.load_context_state(PACKAGE)
    return Decoder(stream, state, width=padded(width), height=padded(height), channels=channels)
