"""docs/reproduction/dfm-compression.md from the rows in results/; no number is typed by hand."""

import itertools
import json
import pathlib
from typing import Any

from thesis_figure import FIGURE, size_percent

PAGE = pathlib.Path("docs/reproduction/dfm-compression.md")
RESULTS = pathlib.Path("results")
BINS = {"A": "< 0.05", "B": "0.05-0.1", "C": "0.1-0.15", "D": "0.15-0.2", "?": "not known"}

Row = dict[str, Any]


def write_page() -> None:
    """Write the page; parts without rows say so."""
    grid, jpeg = read("thesis/grid.jsonl"), read("thesis/jpeg.jsonl")
    ours = [row for row in read("kodak-dev/dfm-net.jsonl") if row["effort"] == "default"]
    parts = [
        INTRODUCTION,
        sizes_part(),
        grid_part(grid),
        jpeg_part(jpeg),
        ours_part(ours, read("kodak-dev/jpeg.jsonl"), read("kodak-dev/coin.jsonl")),
        ablation_part(read("ablation/dfm-net.jsonl")),
    ]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n\n".join(parts) + "\n", "utf-8")


INTRODUCTION = """# Compression with Deep Fourier Machines: the thesis, and our weights-only codec

This page is written by `python benchmarks/reproduce_thesis.py --page` from the rows in `results/`.
The preset `thesis` follows the published recipe to the letter: frequencies {0,1}^m, a residual
where sizes agree, tanh, mean squared error on [-1, 1], Adam at a constant 4e-4, batches of 2^14
pixels, the published start, float32 weights at four bytes each. Three things are not published:
the number of steps, the picture, and the range of the coordinates. Here a network gets a fixed
processor time on one thread, pictures are the middle 400x400 pixels of a photograph, and
coordinates run over 0..1, one period of the first layer."""


def sizes_part() -> str:
    """Figure 5.1, sizes."""
    known = [(cell, share) for cell, (share, _) in FIGURE.items() if share is not None]
    worst = max(abs(size_percent(*cell) - share) for cell, share in known)
    return f"""## Figure 5.1: sizes

With W the width and D the number of hidden layers a network has 2 (4 W + (D - 1) 2^W W + 3 2^W)
weights. Of the {len(FIGURE)} cells of the figure our copy gives {len(known)} as numbers; the
formula meets all of them, the largest difference being {worst:.3f} percentage points, which is the
figure's rounding. `tests/test_thesis.py` checks every cell against the formula and our networks."""


def grid_part(rows: list[Row]) -> str:
    """Figure 5.1, losses."""
    if not rows:
        return "## Figure 5.1: losses\n\nNot measured yet."
    lines = [
        f"| {row['width']} | {row['depth']} | {row['weights_percent']:.2f} "
        f"| {BINS[FIGURE[row['width'], row['depth']][1]]} | {row['loss_percent']:.3f} "
        f"| {row['psnr_db']:.2f} | {row['steps']} | {row['fit_cpu_s']:.0f} |"
        for row in sorted(rows, key=lambda row: (row["width"], row["depth"]))
    ]
    names = ", ".join(sorted({row["image"] for row in rows}))
    reached = sum(row["loss_percent"] <= 0.2 for row in rows)
    return f"""## Figure 5.1: losses

Mean squared error of the decoded 8-bit pixels in percent of the squared range (0.1 % is 30 dB), on
{names}. {reached} of {len(rows)} cells reach the figure's worst bin (0.2 %) in the time given. The
thesis averages five runs of unknown length on another picture; these are single runs, far shorter
for the large networks, so a higher loss here says nothing against the figure.

| width | depth | size, % | published loss, % | loss here, % | PSNR, dB | steps | processor s |
|--:|--:|--:|:--|--:|--:|--:|--:|
""" + "\n".join(lines)


def jpeg_part(rows: list[Row]) -> str:
    """The 18 % network against JPEG."""
    title = '## "Comparable to JPEG"\n\n'
    if not rows:
        return title + "Not measured yet."
    lines, gaps, ratios = [], [], []
    for row in sorted(rows, key=lambda row: row["image"]):
        bytes_, psnr = row["jpeg_equal_bytes"], row["jpeg_equal_psnr"]
        gaps.append(bytes_["psnr_db"] - row["psnr_db"])
        ratios.append(row["size_bytes"] / psnr["size_bytes"])
        lines.append(
            f"| {row['image']} | {row['size_bytes']} | {row['psnr_db']:.2f} | {row['steps']} "
            f"| {bytes_['psnr_db']:.2f} ({bytes_['size_bytes']}) "
            f"| {psnr['size_bytes']} ({psnr['psnr_db']:.2f}) | {ratios[-1]:.1f} |"
        )
    mean_gap, least = sum(gaps) / len(gaps), min(ratios)
    best_db = sum(row["jpeg_equal_bytes"]["psnr_db"] for row in rows) / len(rows)
    return f"""{title}The thesis calls its 18 % network (width 8, depth 6) comparable to JPEG and
shows pictures, no numbers. Against optimised 4:2:0 JPEG, through files:

| picture | bytes | dB | steps | JPEG, equal bytes: dB | JPEG, equal dB: bytes | times larger |
|:--|--:|--:|--:|--:|--:|--:|
{chr(10).join(lines)}

**Verdict: {"no" if mean_gap > 1 and least > 1 else "see the table"}.** At equal bytes JPEG is
{mean_gap:.1f} dB better on average; at equal quality the weights take {least:.0f} to
{max(ratios):.0f} times the bytes of the JPEG. Longer training narrows the gap but cannot close it:
the published loss of this cell, 0.1 to 0.15 % (28 to 30 dB), is still {best_db - 30:.0f} dB below
JPEG at these bytes."""


def ours_part(ours: list[Row], jpeg: list[Row], coin: list[Row]) -> str:
    """The preset deep and COIN against JPEG at the same rate."""
    title = "## Our weights-only codec, and COIN\n\n"
    if not ours:
        return title + "Not measured yet."
    images = {row["image"] for row in ours}
    lines = []
    for row in sorted(
        [*ours, *coin], key=lambda row: (row["image"], row["codec"], row["rate_bpp"])
    ):
        if row["image"] not in images:
            continue
        same = [other for other in jpeg if other["image"] == row["image"]]
        at_rate = interpolated(same, row["rate_bpp"])
        name = f"COIN {row['preset']}" if row["codec"] == "coin" else "dfm-net"
        versus = "below JPEG's range" if at_rate is None else f"{row['psnr_db'] - at_rate:+.2f}"
        lines.append(
            f"| {row['image']} | {name} | {row['rate_bpp']:.3f} | {row['psnr_db']:.2f} "
            f"| {versus} | {row['encode_s']:.0f} | {1000 * row['decode_s']:.0f} |"
        )
    return f"""{title}Preset `deep` of `dfm-net` at `--effort default`, and COIN's architecture
(SIREN, omega 30, float16 weights at two bytes) fitted by `benchmarks/bench_coin.py` with PyTorch,
two core-minutes each, on the same machine; every rate is that of the bytes that were decoded.
"Against JPEG" is the difference to optimised 4:2:0 JPEG at the same rate, interpolated between its
rows. Times were taken on a shared machine; COIN's are processor seconds.

| picture | codec | bpp | dB | against JPEG, dB | encode, s | decode, ms |
|:--|:--|--:|--:|--:|--:|--:|
""" + "\n".join(lines)


def interpolated(rows: list[Row], rate_bpp: float) -> float | None:
    """PSNR of a codec at a rate, linear in the rate between its rows; None outside of them."""
    points = sorted((row["rate_bpp"], row["psnr_db"]) for row in rows)
    for (low, low_db), (high, high_db) in itertools.pairwise(points):
        if low <= rate_bpp <= high:
            share = (rate_bpp - low) / (high - low) if high > low else 0.0
            return low_db + share * (high_db - low_db)
    return None


def ablation_part(rows: list[Row]) -> str:
    """What each part of the preset deep bought."""
    title = "## What each part buys\n\n"
    if not rows:
        return title + "Not measured yet."
    base = {(row["image"], row["quality"]): row["loss"] for row in rows if row["variant"] == "base"}
    order = list(dict.fromkeys(row["variant"] for row in rows))
    rows = sorted(
        rows, key=lambda row: (-row["quality"], order.index(row["variant"]), row["image"])
    )
    lines = [
        f"| {row['variant']} | {row['quality']:g} | {row['image']} | {row['rate_bpp']:.3f} "
        f"| {row['psnr_db']:.2f} | {row['loss']:.3f} "
        f"| {100 * (row['loss'] / base[row['image'], row['quality']] - 1):+.1f} % |"
        for row in rows
    ]
    return f"""{title}One change at a time from the preset with one size (tiles of 256, three layers
of 6), on the middle 256x256 pixels of two pictures, through files. The loss is what the encoder
minimises, 1000 (mean squared error on [0, 1] + lambda bpp). Single fits: differences below about
3 % are chance. `python benchmarks/ablate_dfm_net.py PICTURES` repeats it.

| variant | quality | crop | bpp | dB | loss | change |
|:--|--:|:--|--:|--:|--:|--:|
""" + "\n".join(lines)


def read(name: str) -> list[Row]:
    """Rows of a results file; none if it is not there."""
    path = RESULTS / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
