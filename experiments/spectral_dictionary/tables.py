"""Tables of spectral dictionaries from rows: reconstruction, speed, stability."""

import pathlib
import statistics

from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import Record, read_records
from experiments.spectral_dictionary.judge import (
    RESULTS,
    STABILITY,
    STABILITY_FIELDS,
    TRAINING,
    TRAINING_FIELDS,
    spread_of,
)
from experiments.thesis_generation.judge import DATA

RECONSTRUCTION = RESULTS / "reconstruction" / "rows.jsonl"
RECONSTRUCTION_FIELDS = {
    "data": str,
    "name": str,
    "num_latents": int,
    "num_parameters": int,
    "core_minutes": float,
    "psnr_db": float,
    "ms_ssim": float,
    "train_mean_squared_error": float,
}
# Name of a trial without data set and seed -> what the page calls it.
LABELS = {
    "pca": "control: `pca`",
    "ours": "ours: products of sines, projection",
    "plane-waves": "ours: plane waves, projection",
    "projected-signal": "ours: published atoms, projection",
    "published": "published form, encoder",
    "published-solved": "published form, least squares",
    "published-no-stft": "published form without STFT term",
}


def run_label(name: str) -> str:
    """Of a trial, from the name of its run."""
    for data in DATA:
        name = name.removeprefix(f"{data}-")
    return name.rsplit("-", 1)[0]


def reconstructions(data: str, root: pathlib.Path) -> dict[str, Record]:
    """The row of each trial of a data set, by label."""
    rows = read_records(root / RECONSTRUCTION, RECONSTRUCTION_FIELDS)
    return {run_label(row["name"]): row for row in rows if row["data"] == data}


def reconstruction_part(root: pathlib.Path) -> str:
    """PSNR and MS-SSIM of held-out images."""
    lines = [
        "PSNR of the mean squared error over all held-out images in 8 bits; MS-SSIM is the mean "
        "over the first thousand of them, with as many scales as fit. The error is that of the "
        "training images in [-1, 1].",
        "",
        "| data | model | K | core-minutes | parameters | PSNR, dB | MS-SSIM | training error |",
        "|:--|:--|--:|--:|--:|--:|--:|--:|",
    ]
    for data in DATA:
        rows = reconstructions(data, root)
        for label in (label for label in LABELS if label in rows):
            row = rows[label]
            lines.append(
                f"| {data} | {LABELS[label]} | {row['num_latents']} | {row['core_minutes']:.2f} "
                f"| {row['num_parameters'] / 1e6:.2f} M | {row['psnr_db']:.2f} "
                f"| {row['ms_ssim']:.4f} | {row['train_mean_squared_error']:.5f} |"
            )
    return "\n".join(lines) if len(lines) > 4 else NOT_MEASURED


def speeds(root: pathlib.Path) -> list[Record]:
    """The newest row of each run."""
    fields = TRAINING_FIELDS | {"published_loss": float, "core_s_to_loss": dict}
    newest = {row["name"]: row for row in read_records(root / TRAINING, fields)}
    return list(newest.values())


def speed_part(root: pathlib.Path) -> str:
    """Loss against processor time, in one run."""
    rows = speeds(root)
    if not rows:
        return NOT_MEASURED
    bases = list(rows[0]["speedup"])
    lines = [
        "One run of `experiments/speed/dictionary.py`, one thread each. Loss: mean squared error "
        "of "
        "the training images in [-1, 1], exact. Last columns: processor time until the loss at "
        "which each gradient descent ended, and how many times faster than its own.",
        "",
        "| run | core-s | loss | published loss |"
        + "".join(f" to the loss of {LABELS[base]} |" for base in bases),
        "|:--|--:|--:|--:|" + "--:|" * len(bases),
    ]
    for row in rows:
        cells = [
            "never" if ratio is None else f"{row['core_s_to_loss'][base]:.1f} s, {ratio:.1f}×"
            for base, ratio in row["speedup"].items()
        ]
        lines.append(
            f"| {LABELS[run_label(row['name'])]} | {row['core_s']:.0f} "
            f"| {row['mean_squared_error']:.5f} | {row['published_loss']:.5f} | "
            + " | ".join(cells)
            + " |"
        )
    return "\n".join(lines)


def stability_part(root: pathlib.Path) -> str:
    """Ten seeds each."""
    rows = read_records(root / STABILITY, STABILITY_FIELDS | {"core_s": float})
    lines = [
        "Short runs on fashion-mnist, the last hundred steps' mean loss of each seed: of the "
        "autoencoder nats an image, of dictionaries their own loss. The spread is the standard "
        "deviation over the seeds, relative to the mean.",
        "",
        "| model | seeds | failed | core-s | mean loss | spread |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    for label in dict.fromkeys(row["label"] for row in rows):
        newest = {row["seed"]: row for row in rows if row["label"] == label}.values()
        found = spread_of(newest, label)
        if found is not None:
            spread, num_failed, num_runs = found
            core_s = statistics.mean(row["core_s"] for row in newest)
            loss = statistics.mean(row["loss"] for row in newest if row["loss"] is not None)
            name = LABELS.get(label, f"`{label}`")
            cells = [name, str(num_runs), str(num_failed), f"{core_s:.0f}", f"{loss:.5g}"]
            lines.append("| " + " | ".join([*cells, f"{spread:.2%}"]) + " |")
    return "\n".join(lines) if len(lines) > 4 else NOT_MEASURED
