"""What the page about speed says of the decoder in C++."""

from collections.abc import Sequence

from experiments.harness.rows import Record

FIELDS = {
    "codec": str,
    "scale": float,
    "libovt_s": float,
    "twin_s": float,
    "differing_per_million": float,
    "max_difference": int,
}
TITLE = "One decoder in C++"
TEXT = (
    "`experiments/speed/libovt.py`: a photograph decoded by libovt, and by its twin in Python, "
    "which calls native code for the parts as the package did before; on one thread, taking turns. "
    "Samples that differ are counted over the whole picture."
)
HEAD = "| codec | scale | libovt, ms | twin, ms | samples that differ, in a million | by at most |"


def lines_of(rows: Sequence[Record]) -> list[str]:
    """A line for each codec and scale."""
    return [
        f"| `{row['codec']}` | {row['scale']:g} | {row['libovt_s'] * 1e3:.0f} "
        f"| {row['twin_s'] * 1e3:.0f} | {row['differing_per_million']:.1f} "
        f"| {row['max_difference']} |"
        for row in rows
    ]
