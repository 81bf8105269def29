"""The `.ovt` container: header, metadata and codec sections, each under a checksum.

Layout, little-endian, byte-aligned (`docs/format.md` is the specification):

    "OVTN"  version  codec_id  width  height  flags  num_sections      header, varints
    [icc] [exif] [dpi]                                                 as the flags say
    num_sections x codec section

where a section is (length varint, payload, CRC-32). A checksum covers all bytes since the one
before it, so that of the first section covers the header too.
"""

import dataclasses
import enum
import zlib
from collections.abc import Callable
from typing import Self

from overtone.bitstream.field import Field
from overtone.bitstream.metadata import (
    HAS_DPI,
    HAS_EXIF,
    HAS_ICC,
    Metadata,
    inflate,
    pack_metadata,
    unpack_dpi,
)
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.errors import (
    CorruptError,
    LimitExceededError,
    NotABitstreamError,
    UnsupportedVersionError,
)

MAGIC = b"OVTN"
FORMAT_VERSION = 1
DEFAULT_MAX_PIXELS = 1 << 28  # 16384 x 16384: 805 MB of RGB
# A strip of one row of tiles, which a decoder holds whole, stays at some tens of megabytes.
MAX_SIDE_PX = (1 << 16) - 1
FORMAT_MAX_PIXELS = MAX_SIDE_PX**2
MAX_SECTIONS = 64

_CODEC_ID = Field("codec id", 1, 127)
_WIDTH = Field("width", 1, MAX_SIDE_PX)
_HEIGHT = Field("height", 1, MAX_SIDE_PX)
_FLAGS = Field("layout and metadata flags", 1, 63)
_NUM_SECTIONS = Field("number of sections", 1, MAX_SECTIONS)

_LAYOUT_MASK = 0b111


class Layout(enum.IntEnum):
    """What the channels of a pixel are; the value is their number."""

    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGBA = 4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first bytes of a file: enough to know what it holds, before any section is read."""

    codec_id: int
    width: int
    height: int
    layout: Layout
    num_sections: int
    has_icc: bool
    has_exif: bool
    has_dpi: bool


def read_header(data: bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Header:
    """The header of the file `data`, range-checked; its checksum is that of the first section."""
    return _read_header(Reader(data), max_pixels)


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """One whole file, taken apart.

    Attributes:
        codec_id: Which codec wrote the sections.
        width: Width of the picture, pixels.
        height: Height of the picture, pixels.
        layout: Colour layout.
        sections: The codec's payloads, at least one.
        metadata: ICC, EXIF and resolution.
        offsets: Where each payload begins in the file it was read from; empty when built by hand.
    """

    codec_id: int
    width: int
    height: int
    layout: Layout
    sections: tuple[bytes, ...]
    metadata: Metadata = dataclasses.field(default_factory=Metadata)
    offsets: tuple[int, ...] = dataclasses.field(default=(), compare=False)
    # The file it was read from; a changed copy has none.
    _file: bytes | None = dataclasses.field(default=None, init=False, compare=False, repr=False)

    def file_bytes(self) -> bytes:
        """The file it was read from, or the one that it would be."""
        return self.to_bytes() if self._file is None else self._file

    def to_bytes(self) -> bytes:
        """The file.

        Raises:
            ValueError: A value is out of its range.
        """
        packed = pack_metadata(self.metadata)
        writer = Writer()
        writer.put(MAGIC)
        writer.varint(FORMAT_VERSION)
        _CODEC_ID.write(writer, self.codec_id)
        _WIDTH.write(writer, self.width)
        _HEIGHT.write(writer, self.height)
        _FLAGS.write(writer, Layout(self.layout) | sum(packed))
        _NUM_SECTIONS.write(writer, len(self.sections))
        covered = 0
        for payload in (*packed.values(), *self.sections):
            writer.varint(len(payload))
            writer.put(payload)
            writer.uint(zlib.crc32(writer.to_bytes()[covered:]), 4)
            covered = len(writer)
        return writer.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes, *, max_pixels: int = FORMAT_MAX_PIXELS) -> Self:
        """Takes the file `data` apart after checking every length, range and checksum.

        Args:
            data: The whole file.
            max_pixels: Larger pictures are refused. A codec need not pass it: the public `decode`
                has checked the header against the caller's limit before the codec sees the file.

        Raises:
            BitstreamError: The subclass says whether it is foreign, cut, damaged or too large.
        """
        reader = Reader(data)
        header = _read_header(reader, max_pixels)
        take = _Sections(data, reader).take
        metadata = _read_metadata(header, take)
        sections = [take(f"section {index}") for index in range(header.num_sections)]
        reader.finish()
        container = cls._of(header, metadata, sections)
        object.__setattr__(container, "_file", bytes(data))
        return container

    @classmethod
    def from_prefix(cls, data: bytes, *, max_pixels: int = FORMAT_MAX_PIXELS) -> Self:
        """The beginning of a file with one codec section, of which any part may be missing.

        Checksums that are there are verified, but for that of the section itself.

        Raises:
            BitstreamError: The header or the metadata are cut or damaged, or the file says that it
                has more sections.
        """
        reader = Reader(data)
        header = _read_header(reader, max_pixels)
        if header.num_sections != 1:
            raise CorruptError(
                "the beginning of a file shows something where it has 1 section, "
                f"this one has {header.num_sections}"
            )
        metadata = _read_metadata(header, _Sections(data, reader).take)
        length = reader.varint("length of section 0")
        offset = reader.offset
        payload = reader.take(min(length, reader.remaining), "section 0")
        return cls._of(header, metadata, [(offset, payload)])

    @classmethod
    def _of(cls, header: Header, metadata: Metadata, sections: list[tuple[int, bytes]]) -> Self:
        return cls(
            codec_id=header.codec_id,
            width=header.width,
            height=header.height,
            layout=header.layout,
            sections=tuple(payload for _, payload in sections),
            metadata=metadata,
            offsets=tuple(offset for offset, _ in sections),
        )

    def reader(self, index: int) -> Reader:
        """A cursor over section `index` whose errors point into the file."""
        offset = self.offsets[index] if self.offsets else 0
        return Reader(self.sections[index], offset=offset, name=f"section {index}")


def _read_header(reader: Reader, max_pixels: int) -> Header:
    found = reader.take(min(reader.remaining, len(MAGIC)), "magic")
    if found != MAGIC:
        raise NotABitstreamError(
            f"an .ovt file begins with {MAGIC!r}, this one with {found!r}; "
            "it is another kind of file",
            0,
        )
    at = reader.offset
    version = reader.varint("format version")
    if version != FORMAT_VERSION:
        raise UnsupportedVersionError(
            f"format version {version} is not {FORMAT_VERSION}; "
            "the file may need a newer version of Overtone",
            at,
        )
    codec_id = _CODEC_ID.read(reader)
    at = reader.offset
    width, height = _WIDTH.read(reader), _HEIGHT.read(reader)
    if width * height > max_pixels:
        raise LimitExceededError(
            f"image is {width}x{height} pixels, over the limit of {max_pixels}; "
            "raise max_pixels if you trust the file",
            at,
        )
    at = reader.offset
    flags = _FLAGS.read(reader)
    if not 1 <= flags & _LAYOUT_MASK <= max(Layout):
        raise CorruptError(f"layout must be in 1..4, got {flags & _LAYOUT_MASK}", at)
    return Header(
        codec_id=codec_id,
        width=width,
        height=height,
        layout=Layout(flags & _LAYOUT_MASK),
        num_sections=_NUM_SECTIONS.read(reader),
        has_icc=bool(flags & HAS_ICC),
        has_exif=bool(flags & HAS_EXIF),
        has_dpi=bool(flags & HAS_DPI),
    )


def _read_metadata(header: Header, take: Callable[[str], tuple[int, bytes]]) -> Metadata:
    icc = inflate(*take("ICC profile"), "ICC profile") if header.has_icc else b""
    exif = inflate(*take("EXIF block"), "EXIF block") if header.has_exif else b""
    dpi = unpack_dpi(*take("resolution")) if header.has_dpi else None
    return Metadata(icc=icc, exif=exif, dpi=dpi)


class _Sections:
    """Takes one section after the other, checking each checksum."""

    def __init__(self, data: bytes, reader: Reader) -> None:
        self._data = memoryview(data)
        self._reader = reader
        self._covered = 0

    def take(self, what: str) -> tuple[int, bytes]:
        """Position and payload of the next section."""
        reader = self._reader
        length = reader.varint(f"length of {what}")
        offset = reader.offset
        payload = reader.take(length, what)
        at = reader.offset
        checksum = reader.uint(4, f"checksum of {what}")
        if checksum != zlib.crc32(self._data[self._covered : at]):
            raise CorruptError(f"checksum of {what} does not match; the file is damaged", at)
        self._covered = reader.offset
        return offset, payload
