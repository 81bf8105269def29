"""Builds bytes from integers and byte runs: the mirror of `reader`."""


class Writer:
    """Collects little-endian integers and byte runs."""

    def __init__(self) -> None:
        self._data = bytearray()

    def __len__(self) -> int:
        return len(self._data)

    def put(self, data: bytes) -> None:
        """Appends `data` as it is."""
        self._data += data

    def uint(self, value: int, size: int) -> None:
        """Appends an unsigned little-endian integer of `size` bytes.

        Raises:
            ValueError: The value does not fit.
        """
        if not 0 <= value < 1 << (8 * size):
            raise ValueError(f"value must be in 0..{(1 << 8 * size) - 1}, got {value}")
        self._data += value.to_bytes(size, "little")

    def varint(self, value: int) -> None:
        """Appends an unsigned LEB128 integer: seven bits a byte, low bits first.

        Raises:
            ValueError: The value is negative.
        """
        if value < 0:
            raise ValueError(f"varint must not be negative, got {value}")
        while value > 0x7F:
            self._data.append(value & 0x7F | 0x80)
            value >>= 7
        self._data.append(value)

    def to_bytes(self) -> bytes:
        """Everything written so far."""
        return bytes(self._data)
