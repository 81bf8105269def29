"""One integer of a header: its name, range and coding, written and read by the same object."""

import dataclasses

from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.errors import CorruptError


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """An integer in `low..high`, stored as a varint (in zigzag order if `low` is negative).

    Zigzag order is 0, -1, 1, -2, 2, ...

        WIDTH = Field("width", 1, 255)
        WIDTH.write(writer, 6)
        width = WIDTH.read(reader)
    """

    name: str
    low: int
    high: int

    def write(self, writer: Writer, value: int) -> None:
        """Appends `value`.

        Raises:
            ValueError: It is out of range.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} must be in {self.low}..{self.high}, got {value}")
        writer.varint(value if self.low >= 0 else 2 * value if value >= 0 else -2 * value - 1)

    def read(self, reader: Reader) -> int:
        """The next value.

        Raises:
            CorruptError: It is out of range.
        """
        start = reader.offset
        value = reader.varint(self.name, max_bits=64)
        if self.low < 0:
            value = value >> 1 if value % 2 == 0 else -(value + 1 >> 1)
        if not self.low <= value <= self.high:
            raise CorruptError(
                f"{self.name} must be in {self.low}..{self.high}, got {value}", start
            )
        return value
