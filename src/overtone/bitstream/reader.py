"""A cursor over bytes that checks every read and knows its position in the file."""

from overtone.errors import BitstreamError, CorruptError, TruncatedError


class Reader:
    """Reads little-endian integers and byte runs; every failure names what was wanted and where.

    Args:
        data: The bytes to read.
        offset: Position of `data[0]` in the whole file, so that errors point into the file.
        name: What `data` is, for messages: "file", "section 2".
    """

    def __init__(self, data: bytes, *, offset: int = 0, name: str = "file") -> None:
        self._data = data
        self._base = offset
        self._name = name
        self._position = 0

    @property
    def offset(self) -> int:
        """Position of the next byte in the whole file."""
        return self._base + self._position

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._position

    def take(self, count: int, what: str) -> bytes:
        """The next `count` bytes.

        Raises:
            TruncatedError: Fewer than `count` bytes are left.
        """
        if count > self.remaining:
            raise TruncatedError(
                f"{what} needs {count} bytes but only {self.remaining} are left in the "
                f"{self._name}; the file was cut short",
                self.offset,
            )
        start = self._position
        self._position += count
        return bytes(self._data[start : self._position])

    def uint(self, size: int, what: str) -> int:
        """An unsigned little-endian integer of `size` bytes."""
        return int.from_bytes(self.take(size, what), "little")

    def varint(self, what: str, *, max_bits: int = 32) -> int:
        """An unsigned LEB128 integer in its shortest form.

        Raises:
            CorruptError: It is longer than needed or has more than `max_bits` bits.
        """
        start = self.offset
        value = shift = 0
        while True:
            byte = self.uint(1, what)
            value |= (byte & 0x7F) << shift
            if value >> max_bits:
                raise CorruptError(f"{what} has more than {max_bits} bits", start)
            if byte < 0x80:
                break
            shift += 7
            if shift > max_bits:
                raise CorruptError(f"{what} has more than {max_bits} bits", start)
        if shift and byte == 0:
            raise CorruptError(f"{what} is not in its shortest form", start)
        return value

    def finish(self) -> None:
        """Checks that nothing is left.

        Raises:
            CorruptError: Bytes follow the last value.
        """
        if self.remaining:
            raise CorruptError(
                f"{self.remaining} bytes follow the end of the {self._name}", self.offset
            )

    def error(self, kind: type[BitstreamError], message: str) -> BitstreamError:
        """An error of `kind` that carries the present position, for the caller to raise."""
        return kind(message, self.offset)
