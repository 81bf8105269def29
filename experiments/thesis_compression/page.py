"""Compression: the thesis's figures and its network against JPEG, our weights-only codec, COIN."""

import pathlib
from collections.abc import Sequence

from experiments.harness.claims import figure
from experiments.harness.item import NOT_MEASURED, Item, Step
from experiments.harness.rows import Record, read_records
from experiments.thesis_compression.figure import (
    FIGURE,
    LOSS_BINS_PERCENT,
    WORST_LOSS_PERCENT,
    size_percent,
)
from experiments.thesis_compression.judge import (
    KODAK,
    interpolated,
    judge,
    like_jpeg_as_published,
    read_against_jpeg,
    read_grid,
    seconds_of,
)
from overtone.evaluate.rate_distortion.rows import Row, read_rows

PAGE = "docs/reproduction/dfm-compression.md"
ABLATION_FIELDS = {
    "variant": str,
    "image": str,
    "quality": float,
    "rate_bpp": float,
    "psnr_db": float,
    "loss": float,
}


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; parts without rows say so."""
    kodak = root / KODAK
    ours = [row for row in read_rows(kodak / "dfm.jsonl") if row.effort == "default"]
    parts = [
        INTRODUCTION,
        sizes_part(),
        grid_part(read_grid(root)),
        jpeg_part(read_against_jpeg(root)),
        ours_part(ours, read_rows(kodak / "jpeg.jsonl"), read_rows(kodak / "coin.jsonl")),
        ablation_part(
            read_records(
                root / "experiments/thesis_compression/rows/ablation.jsonl", ABLATION_FIELDS
            )
        ),
    ]
    return {PAGE: "\n\n".join(parts) + "\n"}


def kodak_files(*numbers: int) -> tuple[str, ...]:
    """Their places in the folder of the data sets."""
    return tuple(f"{{data}}/kodak/kodim{number:02}.png" for number in numbers)


INTRODUCTION = """# Compression with Deep Fourier Machines: the thesis, and our weights-only codec

This page is written by `python -m experiments dfm-compression` from the rows in
`experiments/thesis_compression/rows/` and `experiments/kodak/rows/`.
The preset `thesis` follows the published recipe to the letter: frequencies {0,1}^m, a residual
where sizes agree, tanh, mean squared error on [-1, 1], Adam at a constant 4e-4, batches of 2^14
pixels, the published start, float32 weights at four bytes each. Three things are not published:
the number of steps, the picture, and the range of the coordinates. Here a network gets a fixed
processor time on one thread, half a minute to a minute as the tables say, which may be far less
than the published fits had; pictures are the middle 400x400 pixels of a photograph, and
coordinates run over 0..1, one period of the first layer."""


def sizes_part() -> str:
    """Figure 5.1, sizes."""
    worst = max(abs(size_percent(*cell) - share) for cell, (share, _) in FIGURE.items())
    return f"""## Figure 5.1: sizes

With W the width and D the number of hidden layers a network has 2 (4 W + (D - 1) 2^W W + 3 2^W)
weights. The formula meets all {len(FIGURE)} cells of the figure, the largest difference being
{worst:.3f} percentage points, which is the figure's rounding. `tests/test_thesis.py` checks every
cell against the formula and our networks."""


def grid_part(rows: Sequence[Record]) -> str:
    """Figure 5.1, losses."""
    if not rows:
        return f"## Figure 5.1: losses\n\n{NOT_MEASURED}"
    lines = [
        f"| {row['width']} | {row['depth']} | {row['weights_percent']:.2f} "
        f"| {published_loss(row['width'], row['depth'])} | {row['loss_percent']:.3f} "
        f"| {row['psnr_db']:.2f} | {row['steps']} | {row['fit_cpu_s']:.0f} |"
        for row in sorted(rows, key=lambda row: (row["width"], row["depth"]))
    ]
    names = ", ".join(sorted({row["image"] for row in rows}))
    reached = sum(row["loss_percent"] <= WORST_LOSS_PERCENT for row in rows)
    return f"""## Figure 5.1: losses

Mean squared error of the decoded 8-bit pixels in percent of the squared range (0.1 % is 30 dB), on
{names}. {reached} of {len(rows)} cells reach the figure's worst bin
({WORST_LOSS_PERCENT:g} %) in the time given. The thesis averages five runs of unknown length on
another picture; these are single runs, far shorter for the large networks, so a higher loss here
says nothing against the figure.

| width | depth | size, % | published loss, % | loss here, % | PSNR, dB | steps | processor s |
|--:|--:|--:|:--|--:|--:|--:|--:|
""" + "\n".join(lines)


def published_loss(width: int, depth: int) -> str:
    """The bin of a cell of the figure, percent."""
    low, high = LOSS_BINS_PERCENT[FIGURE[width, depth][1]]
    return f"{low:g}-{high:g}" if low else f"< {high:g}"


def jpeg_part(rows: Sequence[Record]) -> str:
    """The 18 % network against JPEG."""
    title = '## "Comparable to JPEG"\n\n'
    if not rows:
        return title + NOT_MEASURED
    lines = []
    for row in sorted(rows, key=lambda row: row["image"]):
        bytes_, psnr = row["jpeg_equal_bytes"], row["jpeg_equal_psnr"]
        lines.append(
            f"| {row['image']} | {row['size_bytes']} | {row['psnr_db']:.2f} | {row['steps']} "
            f"| {bytes_['psnr_db']:.2f} ({bytes_['size_bytes']}) "
            f"| {psnr['size_bytes']} ({psnr['psnr_db']:.2f}) "
            f"| {row['size_bytes'] / psnr['size_bytes']:.1f} |"
        )
    finding = like_jpeg_as_published(rows)
    width, depth = (int(figure("dfm-like-jpeg", name)) for name in ("width", "depth"))
    return f"""{title}The thesis calls its network of {size_percent(width, depth):.0f} % of the raw
size (width {width}, depth {depth}) comparable to JPEG and shows pictures, no numbers. Its published
loss is {published_loss(width, depth)} %. Here each fit ran for {seconds_of(rows)}.
Against optimised 4:2:0 JPEG, through files:

| picture | bytes | dB | steps | JPEG, equal bytes: dB | JPEG, equal dB: bytes | times larger |
|:--|--:|--:|--:|--:|--:|--:|
{chr(10).join(lines)}

**Verdict: {finding.verdict}.** On the mean of {finding.data}, {finding.measured}.
Longer training narrows the gap, at most to that of the published loss."""


def ours_part(ours: Sequence[Row], jpeg: Sequence[Row], coin: Sequence[Row]) -> str:
    """The preset deep and COIN against JPEG at the same rate."""
    title = "## Our weights-only codec, and COIN\n\n"
    if not ours:
        return title + NOT_MEASURED
    images = {row.image for row in ours}
    lines = []
    for row in sorted([*ours, *coin], key=lambda row: (row.image, row.codec, row.rate_bpp)):
        if row.image not in images:
            continue
        at_rate = interpolated([other for other in jpeg if other.image == row.image], row.rate_bpp)
        name = f"COIN {row.preset}" if row.codec == "coin" else "dfm"
        versus = "below JPEG's range" if at_rate is None else f"{row.psnr_db - at_rate:+.2f}"
        lines.append(
            f"| {row.image} | {name} | {row.rate_bpp:.3f} | {row.psnr_db:.2f} "
            f"| {versus} | {row.encode_s:.0f} | {1000 * row.decode_s:.0f} |"
        )
    return f"""{title}Preset `deep` of `dfm` at `--effort default`, and COIN's architecture
(SIREN, omega 30, float16 weights at two bytes) fitted with PyTorch, two core-minutes each, on the
same machine, before there was the codec `coin`; the published fits ran for 50,000 steps. Every
rate is that of the bytes that were decoded. "Against JPEG" is the difference to optimised 4:2:0
JPEG at the same rate, interpolated between its rows. Times were taken on a shared machine; COIN's
are processor seconds.

| picture | codec | bpp | dB | against JPEG, dB | encode, s | decode, ms |
|:--|:--|--:|--:|--:|--:|--:|
""" + "\n".join(lines)


def ablation_part(rows: Sequence[Record]) -> str:
    """What each part of the preset deep bought."""
    title = "## What each part buys\n\n"
    if not rows:
        return title + NOT_MEASURED
    base = {(row["image"], row["quality"]): row["loss"] for row in rows if row["variant"] == "base"}
    order = list(dict.fromkeys(row["variant"] for row in rows))
    rows = sorted(
        rows, key=lambda row: (-row["quality"], order.index(row["variant"]), row["image"])
    )
    lines = [
        f"| {row['variant']} | {row['quality']:g} | {row['image']} | {row['rate_bpp']:.3f} "
        f"| {row['psnr_db']:.2f} | {row['loss']:.3f} "
        f"| {change(row, base)} |"
        for row in rows
    ]
    return f"""{title}One change at a time from the preset with one size (tiles of 256, three layers
of 6), on the middle 256x256 pixels of two pictures, through files. The loss is what the encoder
minimises, 1000 (mean squared error on [0, 1] + lambda bpp). Single fits: differences below about
3 % are chance. `python -m experiments.thesis_compression.ablate PICTURES` repeats it.

| variant | quality | crop | bpp | dB | loss | change |
|:--|--:|:--|--:|--:|--:|--:|
""" + "\n".join(lines)


def change(row: Record, base: dict[tuple[str, float], float]) -> str:
    """A loss against that of the base on the same picture, where there is one."""
    before = base.get((row["image"], row["quality"]))
    return "–" if before is None else f"{100 * (row['loss'] / before - 1):+.1f} %"


ITEM = Item(
    page=PAGE,
    build=build,
    judge=judge,
    steps=(
        Step(
            script="thesis_compression.measure",
            arguments=("--run", "grid", "{data}/kodak/kodim15.png", "--seconds", "30"),
            needs=("kodak/kodim15.png",),
            minutes=4,
        ),
        Step(
            script="thesis_compression.measure",
            arguments=("--run", "jpeg", *kodak_files(3, 7, 15, 19, 23), "--seconds", "60"),
            needs=("kodak",),
            minutes=4,
        ),
        Step(
            script="kodak.measure",
            arguments=("{data}/kodak", "--codecs", "jpeg"),
            needs=("kodak",),
            minutes=1,
        ),
        Step(
            script="kodak.measure",
            arguments=(
                *("{data}/kodak", "--only", "kodim05,kodim15,kodim23"),
                *("--codecs", "dfm", "--qualities", "30,50"),
            ),
            needs=("kodak",),
            minutes=15,
        ),
        Step(
            script="thesis_compression.coin",
            arguments=(
                *kodak_files(5, 15, 23),
                *("--architectures", "5x30,13x49", "--steps", "5000"),
            ),
            needs=("kodak",),
            minutes=6,
        ),
        Step(
            script="thesis_compression.ablate",
            arguments=kodak_files(5, 23),
            needs=("kodak",),
            minutes=15,
        ),
    ),
)
