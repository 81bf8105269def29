"""Figure 5.1 of the thesis, as published: size and loss of 55 networks on a 400x400 photograph."""

PICTURE_PX = 400
PICTURE_BYTES = 3 * PICTURE_PX**2
WEIGHT_BYTES = 4

# Mean squared error of a bin, percent of the squared range: from, to.
LOSS_BINS_PERCENT = {"A": (0.0, 0.05), "B": (0.05, 0.1), "C": (0.1, 0.15), "D": (0.15, 0.2)}
WORST_LOSS_PERCENT = LOSS_BINS_PERCENT["D"][1]

# (width, depth) -> (percent of the raw picture, bin of the loss).
FIGURE: dict[tuple[int, int], tuple[float, str]] = {
    (10, 3): (39.32, "B"),
    (10, 4): (56.38, "B"),
    (10, 5): (73.45, "A"),
}
_ROWS: dict[int, tuple[int, str, tuple[float, ...]]] = {
    9: (3, "BBBBBBA", (17.98, 25.66, 33.34, 41.02, 48.7, 56.38, 64.06)),
    8: (3, "DCCCBCBB", (8.16, 11.57, 14.98, 18.40, 21.81, 25.22, 28.64, 32.05)),
    7: (
        3,
        "DDCCCCBCCCCCBBCCCC",
        (
            *(3.67, 5.16, 6.66, 8.15, 9.64, 11.14, 12.63, 14.12, 15.62),
            *(17.11, 18.6, 20.1, 21.59, 23.08, 24.58, 26.07, 27.56, 29.06),
        ),
    ),
    6: (
        7,
        "DDCDCDCCCCDCCCCCCCB",
        (
            *(4.2, 4.84, 5.48, 6.12, 6.76, 7.4, 8.04, 8.68, 9.32, 9.96, 10.6, 11.24),
            *(11.88, 12.52, 13.16, 13.80, 14.44, 15.08, 15.72),
        ),
    ),
}
for _width, (_first, _bins, _sizes) in _ROWS.items():
    for _offset, (_letter, _percent) in enumerate(zip(_bins, _sizes, strict=True)):
        FIGURE[_width, _first + _offset] = (_percent, _letter)


def num_weights(width: int, depth: int) -> int:
    """Weights of a network with `depth` hidden layers of `width`, sines of k = 0 included."""
    return 2 * (4 * width + (depth - 1) * 2**width * width + 2**width * 3)


def size_percent(width: int, depth: int) -> float:
    """Float32 weights as a share of the raw picture, percent."""
    return 100 * WEIGHT_BYTES * num_weights(width, depth) / PICTURE_BYTES
