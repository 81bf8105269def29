"""Rows of distances as text: a column for the samples and one for each floor."""

from collections.abc import Sequence

from overtone.evaluate.distribution.rows import DistributionRow
from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS

TITLES = {
    "samples": "samples",
    "halves": "real halves",
    "other-split": "other split",
    "jpeg-75": "real, JPEG 75",
}


def distribution_table(rows: Sequence[DistributionRow]) -> str:
    """The rows of one measurement side by side, with what they were measured by above."""
    first = rows[0]
    lines = [["", *(TITLES[row.compared] for row in rows)]]
    counts = [f"{row.num_samples} / {row.num_reference}" for row in rows]
    lines.append(["images / reference", *counts])
    for metric in DISTRIBUTION_METRICS:
        for name, title in zip(metric.names, metric.titles, strict=True):
            arrow = "higher" if metric.higher_is_better else "lower"
            cells = [_cell(row, name) for row in rows]
            lines.append([f"{title} ({arrow} is better)", *cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [
        f"{first.source.name} against {first.reference}",
        f"features {first.features} (weights {first.weights_hash}), seed {first.seed}",
        "",
    ]
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        text.append("  ".join(cells).rstrip())
    if first.reconstruction_psnr_db is not None:
        text += [
            "",
            f"reconstruction of {first.num_reconstructed} images of {first.reference}: "
            f"{first.reconstruction_psnr_db:.2f} dB",
        ]
    return "\n".join(text)


def _cell(row: DistributionRow, name: str) -> str:
    value = f"{row.values[name]:.4g}"
    return f"{value} ± {row.errors[name]:.2g}" if name in row.errors else value
