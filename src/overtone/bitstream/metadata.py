"""What a file says about its picture besides the pixels, and how it is packed."""

import dataclasses
import zlib

from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.errors import CorruptError, LimitExceededError

MAX_METADATA_BYTES = 1 << 24  # unpacked, each of ICC and EXIF
DPI_UNITS = 1000  # resolution is stored in thousandths of a dot per inch
HAS_ICC, HAS_EXIF, HAS_DPI = 1 << 3, 1 << 4, 1 << 5  # flags of the header

_DPI = Field("resolution", 1, 1_000_000 * DPI_UNITS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a file says about its picture besides the pixels.

    Attributes:
        icc: ICC colour profile; empty for none, which means sRGB.
        exif: EXIF block beginning with the TIFF header; its orientation is not applied to pixels.
        dpi: Horizontal and vertical resolution, dots per inch, kept to a thousandth.
    """

    icc: bytes = b""
    exif: bytes = b""
    dpi: tuple[float, float] | None = None


def pack_metadata(metadata: Metadata) -> dict[int, bytes]:
    """Flag and payload of each part that is there, in file order."""
    packed: dict[int, bytes] = {}
    for flag, name, raw in (
        (HAS_ICC, "ICC profile", metadata.icc),
        (HAS_EXIF, "EXIF block", metadata.exif),
    ):
        if len(raw) > MAX_METADATA_BYTES:
            raise ValueError(f"{name} is {len(raw)} bytes, over the limit of {MAX_METADATA_BYTES}")
        if raw:
            deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
            packed[flag] = deflater.compress(raw) + deflater.flush()
    if metadata.dpi is not None:
        writer = Writer()
        for value in metadata.dpi:
            _DPI.write(writer, round(value * DPI_UNITS))
        packed[HAS_DPI] = writer.to_bytes()
    return packed


def inflate(offset: int, payload: bytes, what: str) -> bytes:
    """The contents of a raw deflate stream, at most `MAX_METADATA_BYTES`."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        raw = inflater.decompress(payload, MAX_METADATA_BYTES + 1)
    except zlib.error as error:
        raise CorruptError(f"{what} is not a deflate stream: {error}", offset) from error
    if len(raw) > MAX_METADATA_BYTES:
        raise LimitExceededError(f"{what} unpacks to over {MAX_METADATA_BYTES} bytes", offset)
    if not inflater.eof or inflater.unused_data or not raw:
        raise CorruptError(f"{what} is not one complete, non-empty deflate stream", offset)
    return raw


def unpack_dpi(offset: int, payload: bytes) -> tuple[float, float]:
    """Horizontal and vertical resolution, dots per inch."""
    reader = Reader(payload, offset=offset, name="resolution")
    dpi = (_DPI.read(reader) / DPI_UNITS, _DPI.read(reader) / DPI_UNITS)
    reader.finish()
    return dpi
