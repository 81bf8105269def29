"""What the page about speed says of decoding in a browser."""

import statistics
from collections.abc import Sequence

from experiments.harness.rows import Record

FIELDS = {
    "codec": str,
    "preset": str,
    "picture": str,
    "width": int,
    "height": int,
    "size_bytes": int,
    "native_ms": float,
    "browser_ms": float,
    "ratio": float,
    "fetched_bytes": int,
}
TITLE = "Decoding in a browser"
TEXT = (
    "`experiments/speed/browser.py`: the same files decoded by `decode` of the npm package in a "
    "headless Chromium, in its one worker, and by `overtone.decode` on one thread, taking turns, "
    "after three decodes of each that do not count; medians over the pictures. The last column is "
    "all that a page fetches to decode a file of the codec, each file compressed by `gzip -9`: "
    "scripts, module and the codec's initial state."
)
HEAD = (
    "| codec | made with | pictures | native, ms | browser, ms | ratio | largest ratio "
    "| fetched, kB |"
)


def lines_of(rows: Sequence[Record]) -> list[str]:
    """A line for each codec."""
    lines = []
    for codec in dict.fromkeys(row["codec"] for row in rows):
        own = [row for row in rows if row["codec"] == codec]
        native, browser, ratio = (
            statistics.median(row[name] for row in own)
            for name in ("native_ms", "browser_ms", "ratio")
        )
        lines.append(
            f"| `{codec}` | {own[0]['preset']} | {len(own)} | {native:.0f} | {browser:.0f} "
            f"| {ratio:.2f} | {max(row['ratio'] for row in own):.2f} "
            f"| {max(row['fetched_bytes'] for row in own) / 1e3:.0f} |"
        )
    return lines
