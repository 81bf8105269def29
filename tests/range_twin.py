"""The range decoder of docs/format.md in plain Python: the slow, obvious twin of the library's."""

from overtone.entropy.tables import table

MASK = (1 << 64) - 1


class RangeTwin:
    """Decodes what `SymbolEncoder` wrote, as the specification says it."""

    def __init__(self, data: bytes) -> None:
        padded = data + b"\0" * (-len(data) % 4)
        self._words = [int.from_bytes(padded[i : i + 4], "little") for i in range(0, len(data), 4)]
        self._low, self._range = 0, MASK
        self._point = self._word() << 32 | self._word()

    def _word(self) -> int:
        return self._words.pop(0) if self._words else 0

    def _symbol(self, bounds: list[int]) -> int:
        """The symbol whose part of 0 .. 2^24, from `bounds[i]` to `bounds[i + 1]`, was coded."""
        scale = self._range >> 24
        place = ((self._point - self._low) & MASK) // scale
        symbol = max(i for i in range(len(bounds) - 1) if bounds[i] <= place)
        self._low = (self._low + scale * bounds[symbol]) & MASK
        self._range = scale * (bounds[symbol + 1] - bounds[symbol])
        if self._range < 1 << 32:
            self._low = self._low << 32 & MASK
            self._range <<= 32
            self._point = (self._point << 32 | self._word()) & MASK
        return symbol

    def _uniform(self, width: int) -> int:
        return self._symbol([i << 24 - width for i in range((1 << width) + 1)])

    def get(self, count: int, table_index: int) -> list[int]:
        """`count` levels under a table: first all of their symbols, then the escapes."""
        chosen = table(table_index)
        counts = chosen.counts.tolist()
        spare = (1 << 24) - len(counts)
        sums = [sum(counts[:i]) for i in range(len(counts))]
        bounds = [(total * spare >> 16) + i for i, total in enumerate(sums)] + [1 << 24]
        symbols = [self._symbol(bounds) for _ in range(count)]
        return [
            self._escape(chosen.max_level) if symbol == chosen.escape else symbol - chosen.max_level
            for symbol in symbols
        ]

    def _escape(self, max_level: int) -> int:
        num_bits = self._uniform(5)
        is_negative = self._uniform(1)
        excess, shift = 0, 0
        while shift < num_bits - 1:
            width = min(12, num_bits - 1 - shift)
            excess |= self._uniform(width) << shift
            shift += width
        magnitude = max_level + (1 << num_bits - 1 | excess)
        return -magnitude if is_negative else magnitude
