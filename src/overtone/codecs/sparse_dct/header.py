"""What the decoder must know besides the coefficients: the head of the codec's section."""

import dataclasses

import numpy as np

from overtone.bitstream.container import Container
from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.errors import CorruptError
from overtone.shapes import Int64
from overtone.transform.levels import JPEG_BLOCK, Sampling
from overtone.transform.quant import q_table

NUM_BANDS = JPEG_BLOCK * JPEG_BLOCK

_FLAGS = Field("flags of sparse-dct", 0, 7)
_QUALITY = Field("quality", 0, 100)
_STEP = Field("quantiser step", 1, 65535)
_NUM_TABLES = Field("number of tables", 1, 4)
_TABLE = Field("table of a component", 0, 3)
_HALF_ROWS, _HALF_COLUMNS, _IS_PREFIX = 1, 2, 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class SparseDctHeader:
    """Settings stored in the file.

    Attributes:
        quality: Quality of the standard tables, 1..100; 0 if the file has tables of its own.
        down: Rows of pixels a row of chroma.
        across: Columns of pixels a column of chroma.
        is_prefix: Whether the coefficients are the beginning of a longer stream.
        tables: Steps in zigzag order, as many as are different; () for the standard ones.
        table_of: Which of them each component has.
    """

    quality: int
    down: int = 2
    across: int = 2
    is_prefix: bool = False
    tables: tuple[tuple[int, ...], ...] = ()
    table_of: tuple[int, ...] = ()

    def steps(self, channels: int) -> list[Int64[np.ndarray, " bands"]]:
        """Quantiser steps of each component, zigzag order."""
        if self.tables:
            return [np.array(self.tables[index], np.int64) for index in self.table_of]
        is_chroma = [channels >= 3 and component in (1, 2) for component in range(channels)]
        return [q_table(JPEG_BLOCK, self.quality, is_chroma=each) for each in is_chroma]

    def sampling(self, container: Container) -> Sampling:
        """The components of the picture."""
        return Sampling(
            container.height, container.width, int(container.layout), self.down, self.across
        )

    def write(self, writer: Writer) -> None:
        """Appends the head."""
        flags = _HALF_ROWS * (self.down == 2) + _HALF_COLUMNS * (self.across == 2)
        _FLAGS.write(writer, flags + _IS_PREFIX * self.is_prefix)
        _QUALITY.write(writer, self.quality)
        if self.quality:
            return
        _NUM_TABLES.write(writer, len(self.tables))
        for table in self.tables:
            for step in table:
                _STEP.write(writer, step)
        for index in self.table_of:
            _TABLE.write(writer, index)

    @classmethod
    def read(cls, reader: Reader, *, channels: int) -> "SparseDctHeader":
        """Reads the head, checking every range."""
        flags, quality = _FLAGS.read(reader), _QUALITY.read(reader)
        tables: list[tuple[int, ...]] = []
        table_of: list[int] = []
        if not quality:
            count = _NUM_TABLES.read(reader)
            tables = [tuple(_STEP.read(reader) for _ in range(NUM_BANDS)) for _ in range(count)]
            for _ in range(channels):
                at = reader.offset
                table_of.append(_TABLE.read(reader))
                if table_of[-1] >= count:
                    raise CorruptError(f"table {table_of[-1]} is not one of {count}", at)
        return cls(
            quality=quality,
            down=2 if flags & _HALF_ROWS else 1,
            across=2 if flags & _HALF_COLUMNS else 1,
            is_prefix=bool(flags & _IS_PREFIX),
            tables=tuple(tables),
            table_of=tuple(table_of),
        )
