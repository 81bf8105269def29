"""Write the fixed-point constants of the Laplace distributions of `dfm-latent`.

python tools/make_laplace_ratios.py
"""

import pathlib
from decimal import ROUND_FLOOR, Decimal, getcontext

NUM_SCALES, SCALE_OF_ONE, PER_E, FRACTIONS = 256, 80, 16, 64  # as in csrc/latent_file/laplace.h
TARGET = pathlib.Path(__file__).parents[1] / "csrc/latent_file/laplace_ratios.h"


def ratios() -> list[int]:
    """How much a density falls over 1/64 of a step, of each scale, times 2 ** 64."""
    getcontext().prec = 60
    scales = [(Decimal(i - SCALE_OF_ONE) / PER_E).exp() for i in range(NUM_SCALES)]
    falls = [(-1 / (FRACTIONS * b)).exp() * Decimal(2**64) for b in scales]
    return [int(fall.to_integral_value(rounding=ROUND_FLOOR)) for fall in falls]


def cpp_header() -> str:
    """The text of the header."""
    lines = [
        "// Constants of Laplace distributions; written by tools/make_laplace_ratios.py.",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace overtone::latent_file {",
        "",
        "// floor(2^64 exp(-1 / (64 b))) for the scales b = exp((i - 80) / 16).",
        "// clang-format off",
        f"inline constexpr std::uint64_t kLaplaceRatios[{NUM_SCALES}] = {{",
        *(f"    {value}u," for value in ratios()),
        "};",
        "// clang-format on",
        "",
        "}  // namespace overtone::latent_file",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the header."""
    TARGET.write_text(cpp_header())


if __name__ == "__main__":
    main()
