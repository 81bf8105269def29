"""Write src/overtone/entropy/ratios.py: the fixed-point constants behind the entropy tables.

python tools/make_entropy_ratios.py
"""

import pathlib
from decimal import Decimal, getcontext

SCALES, PER_OCTAVE, SCALE_OF_ONE = 48, 4, 12  # as in overtone.entropy.tables
TARGET = pathlib.Path(__file__).parents[1] / "src/overtone/entropy/ratios.py"


def main() -> None:
    """Compute with 60 decimal digits, round to 64 bits, write the file."""
    getcontext().prec = 60
    one = Decimal(2**64)
    lines = [
        '"""Fixed-point ratios of the entropy tables; written by tools/make_entropy_ratios.py.',
        "",
        "Entry s belongs to a spread of 2 ** ((s - 12) / 4) steps; values are scaled by 2 ** 64.",
        '"""',
    ]
    spreads = [Decimal(2) ** (Decimal(s - SCALE_OF_ONE) / PER_OCTAVE) for s in range(SCALES)]
    for name, formula, values in (
        ("LAPLACE_RATIOS", "exp(-1 / (2 b))", [(-1 / (2 * b)).exp() for b in spreads]),
        ("GAUSSIAN_RATIOS", "exp(-1 / (2 s^2))", [(-1 / (2 * b * b)).exp() for b in spreads]),
    ):
        lines += ["", f"{name} = (  # {formula}"]
        lines += [f"    {int((value * one).to_integral_value())}," for value in values]
        lines += [")"]
    TARGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
