"""What the page about speed says of training by two processes."""

from collections.abc import Sequence

from experiments.harness.rows import Record

FIELDS = {
    "model": str,
    "preset": str,
    "batch_size": int,
    "num_parameters": int,
    "one_images_per_s": float,
    "two_images_per_s": float,
    "ratio": float,
}
ASKED_RATIO = 1.7
TITLE = "Two processes"
TEXT = (
    "`experiments/speed/processes.py`: images a second in training by one process of one "
    "thread, and by two of one thread each that share every batch; medians of turns. The "
    "exchange grows with the parameters, what is shared with the batch: that of the preset, and a "
    "larger one. Two are "
    f"asked to reach {ASKED_RATIO:g} times the rate of one; the last column says whether they do."
)
HEAD = "| model, preset | parameters | batch | one process | two processes | ratio | as asked |"


def lines_of(rows: Sequence[Record]) -> list[str]:
    """A line for each model."""
    return [
        f"| `{row['model']}`, `{row['preset']}` | {row['num_parameters'] / 1e6:.1f} M "
        f"| {row['batch_size']} | {row['one_images_per_s']:.0f} | {row['two_images_per_s']:.0f} "
        f"| {row['ratio']:.2f} | {'yes' if row['ratio'] >= ASKED_RATIO else 'no'} |"
        for row in rows
    ]
