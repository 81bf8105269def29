"""Tables of docs/design/scale.md: a large corpus and a large model, reckoned from measured rows."""

import pathlib
import statistics

from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import Record, newest_of, read_records
from experiments.speed.page import COMMAND_FIELDS, RESULTS, TRANSFORMER_FIELDS
from overtone.evaluate.rate_distortion.rows import current_rows, read_rows

RECKONED_FIELDS = {
    "preset": str,
    "num_parameters": int,
    "num_chunks": int,
    "num_tokens": int,
    "flops": int,
    "kept_bytes": int,
    "state_bytes": int,
    "commit": str,
}
# Assumptions; docs/design/scale.md says why.
NUM_PICTURES, MEGAPIXELS, INPUT_BYTES = 10**9, 1.0, 400_000
NUM_CORES, CORES_A_MACHINE, RATE_QUALITY = 10_000, 64, 40.0
NUM_GPUS, BATCH_SIZE, NUM_STEPS = 64, 512, 654_000
TERAFLOPS, UTILISATION, GPU_GIGABYTES = {"tf32": 156.0, "bfloat16": 312.0}, 0.35, 80.0
EXCHANGE_GBYTES, DISK_GBYTES, CHECKPOINT_STEPS = 12.5, 1.0, 1000
HOURS_TO_FAILURE, LOST_MINUTES = 50_000.0, 10.0
HOUR_S = 3600.0


def corpus(root: pathlib.Path) -> str:
    """What a thousand million pictures take, by effort."""
    rows = read_records(root / RESULTS / "commands.jsonl", COMMAND_FIELDS)
    rows = [row for row in rows if row["codec"] == "tiled-dct"]
    rates = [
        row.rate_bpp
        for row in current_rows(read_rows(root / "experiments/kodak/rows/tiled-dct.jsonl"))
        if row.quality == RATE_QUALITY and row.effort == "default"
    ]
    if not rows or not rates:
        return NOT_MEASURED
    smallest = min(row["width"] * row["height"] for row in rows)
    some = [row for row in rows if row["width"] * row["height"] == smallest]
    lines = [
        "| command | effort | processor s a megapixel | core-hours | hours on 10,000 cores |",
        "|---|---|--:|--:|--:|",
    ]
    for row in newest_of(some, ("effort", "direction")):
        seconds = row["cpu_s"] / (smallest / 1e6) * MEGAPIXELS
        hours = NUM_PICTURES * seconds / HOUR_S
        lines.append(
            f"| {row['direction']} | {row['effort']} | {seconds:.2f} "
            f"| 10⁹ × {seconds:.2f} s / 3600 = {hours:,.0f} | {hours / NUM_CORES:,.0f} |"
        )
    rate = statistics.fmean(rates)
    stored = rate * MEGAPIXELS * 1e6 / 8
    default = next(r for r in some if (r["effort"], r["direction"]) == ("default", "encode"))
    seconds = default["cpu_s"] / (smallest / 1e6) * MEGAPIXELS
    read = CORES_A_MACHINE / seconds * INPUT_BYTES / 1e6
    return "\n".join(
        [
            *lines,
            "",
            f"Files: {rate:.3f} bits a pixel at quality {RATE_QUALITY:g} (mean of {len(rates)} "
            f"pictures), 10⁶ × {rate:.3f} / 8 = {stored / 1e3:.0f} kB a picture, "
            f"{NUM_PICTURES * stored / 1e12:.0f} TB in all, of "
            f"{NUM_PICTURES * INPUT_BYTES / 1e12:.0f} TB read. A machine of "
            f"{CORES_A_MACHINE} cores at effort `default` takes "
            f"{CORES_A_MACHINE} / {seconds:.2f} s = {CORES_A_MACHINE / seconds:.1f} pictures a "
            f"second: {read:.1f} MB/s in, {CORES_A_MACHINE / seconds * stored / 1e6:.1f} MB/s out.",
            "",
            f"Rows: `{RESULTS}/commands.jsonl` (commit {default['commit']}, {default['machine']}), "
            "`experiments/kodak/rows/tiled-dct.jsonl`.",
        ]
    )


def training(root: pathlib.Path) -> str:
    """What the model of 448 M parameters takes on 64 cards, by precision."""
    rows = read_records(root / RESULTS / "reckoned.jsonl", RECKONED_FIELDS)
    own = BATCH_SIZE // NUM_GPUS
    row = next((row for row in reversed(rows) if row["num_chunks"] == own), None)
    if row is None:
        return NOT_MEASURED
    flops, weights = row["flops"], 4 * row["num_parameters"]
    exchange_s = 2 * (NUM_GPUS - 1) / NUM_GPUS * weights / (EXCHANGE_GBYTES * 1e9)
    memory = (row["kept_bytes"] + row["state_bytes"]) / 1e9
    checkpoint = 3 * weights
    lines = [
        "| precision | computing | exchange | a step | 654,000 steps | GPU-hours |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    hours = 0.0
    for precision, peak in TERAFLOPS.items():
        compute_s = flops / (peak * UTILISATION * 1e12)
        step_s = compute_s + exchange_s
        hours = NUM_STEPS * step_s / HOUR_S
        lines.append(
            f"| {precision} | {flops / 1e12:.1f} / ({peak:g} × {UTILISATION:g}) = "
            f"{compute_s:.3f} s | {exchange_s:.3f} s | {step_s:.3f} s | {hours:.0f} h "
            f"| {hours * NUM_GPUS:,.0f} |"
        )
    write_s = checkpoint / (DISK_GBYTES * 1e9)
    step_s = hours * HOUR_S / NUM_STEPS
    failures = NUM_GPUS * hours / HOURS_TO_FAILURE
    return "\n".join(
        [
            *lines,
            "",
            f"- A step of {own} chunks of {row['num_tokens']} tokens: {flops / 1e12:.1f} TFLOP.",
            f"- Memory: {row['state_bytes'] / 1e9:.1f} GB of weights, gradients, their copy that "
            f"is exchanged, and moments, and {row['kept_bytes'] / 1e9:.1f} GB kept for the "
            f"backward pass in float32, {memory:.1f} GB of {GPU_GIGABYTES:g}.",
            f"- Exchange: 2 × 63/64 × {weights / 1e9:.2f} GB / {EXCHANGE_GBYTES:g} GB/s = "
            f"{exchange_s:.3f} s, none of it hidden behind the backward pass.",
            f"- Checkpoint: weights and two moments, {checkpoint / 1e9:.1f} GB, {write_s:.0f} s "
            f"each {CHECKPOINT_STEPS} steps, {write_s / (CHECKPOINT_STEPS * step_s):.1%} of the "
            "time in bfloat16.",
            f"- Failures: 64 × {hours:.0f} h / 50,000 h = {failures:.2f} in a run in bfloat16; "
            f"each costs half of {CHECKPOINT_STEPS} steps and {LOST_MINUTES:g} minutes to start "
            "again, "
            f"{(CHECKPOINT_STEPS / 2 * step_s / 60 + LOST_MINUTES) * failures:.0f} minutes in all.",
            "",
            f"Rows: `{RESULTS}/reckoned.jsonl` (shapes, not times; commit {row['commit']}).",
        ]
    )


def processors(root: pathlib.Path) -> str:
    """The same training on processors, at the rate that was measured with a smaller network."""
    rows = read_records(root / RESULTS / "dct_transformer.jsonl", TRANSFORMER_FIELDS)
    reckoned = read_records(root / RESULTS / "reckoned.jsonl", RECKONED_FIELDS)
    some = [r for r in rows if (r["preset"], r["what"]) == ("cifar10", "train, bfloat16")]
    if not some or not reckoned:
        return NOT_MEASURED
    row: Record = some[-1]
    rate = 6 * row["num_parameters"] * row["triples_per_s"]
    flops = reckoned[-1]["flops"] / reckoned[-1]["num_chunks"] * BATCH_SIZE * NUM_STEPS
    return (
        f"The preset `cifar10` ({row['num_parameters'] / 1e6:.1f} M parameters) trains at "
        f"{row['triples_per_s']:.0f} triples a second on two cores: 6 × "
        f"{row['num_parameters'] / 1e6:.1f} × 10⁶ × {row['triples_per_s']:.0f} = "
        f"{rate / 1e12:.2f} TFLOP/s. The whole training is {BATCH_SIZE} × {NUM_STEPS:,} × "
        f"{flops / BATCH_SIZE / NUM_STEPS / 1e12:.2f} TFLOP = {flops / 1e21:.2f} × 10²¹ "
        f"operations, {2 * flops / rate / HOUR_S / 1e6:.1f} million core-hours at that rate.\n\n"
        f"Rows: `{RESULTS}/dct_transformer.jsonl` (commit {row['commit']}, {row['machine']})."
    )
