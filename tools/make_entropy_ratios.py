"""Write the fixed-point constants behind the entropy tables, for Python and for libovt.

python tools/make_entropy_ratios.py
"""

import pathlib
from decimal import Decimal, getcontext

SCALES, PER_OCTAVE, SCALE_OF_ONE = 48, 4, 12  # as in overtone.entropy.tables
ROOT = pathlib.Path(__file__).parents[1]
TARGET = ROOT / "src/overtone/entropy/ratios.py"
HEADER = ROOT / "csrc/ovt/dfm/ratios.h"


def ratios() -> list[tuple[str, str, list[int]]]:
    """Name, formula and values of each table: 60 decimal digits, rounded to 64 bits."""
    getcontext().prec = 60
    one = Decimal(2**64)
    spreads = [Decimal(2) ** (Decimal(s - SCALE_OF_ONE) / PER_OCTAVE) for s in range(SCALES)]
    exact = (
        ("LAPLACE_RATIOS", "exp(-1 / (2 b))", [(-1 / (2 * b)).exp() for b in spreads]),
        ("GAUSSIAN_RATIOS", "exp(-1 / (2 s^2))", [(-1 / (2 * b * b)).exp() for b in spreads]),
    )
    return [
        (name, formula, [int((value * one).to_integral_value()) for value in values])
        for name, formula, values in exact
    ]


def python_module() -> str:
    """The text of `overtone.entropy.ratios`."""
    lines = [
        '"""Fixed-point ratios of the entropy tables; written by tools/make_entropy_ratios.py.',
        "",
        "Entry s belongs to a spread of 2 ** ((s - 12) / 4) steps; values are scaled by 2 ** 64.",
        '"""',
    ]
    for name, formula, values in ratios():
        lines += ["", f"{name} = (  # {formula}", *(f"    {value}," for value in values), ")"]
    return "\n".join(lines) + "\n"


def cpp_header() -> str:
    """The text of the header of libovt."""
    lines = [
        "// Fixed-point ratios of the entropy tables; written by tools/make_entropy_ratios.py.",
        "//",
        "// Entry s belongs to a spread of 2^((s - 12) / 4) steps; values are scaled by 2^64.",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace overtone::ovt::dfm {",
        "",
        "// clang-format off",
    ]
    for name, formula, values in ratios():
        camel = "k" + "".join(part.capitalize() for part in name.split("_"))
        lines += [
            f"inline constexpr std::uint64_t {camel}[{SCALES}] = {{  // {formula}",
            *(f"    {value}u," for value in values),
            "};",
        ]
    lines += ["// clang-format on", "", "}  // namespace overtone::ovt::dfm"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write both files."""
    TARGET.write_text(python_module())
    HEADER.write_text(cpp_header())


if __name__ == "__main__":
    main()
