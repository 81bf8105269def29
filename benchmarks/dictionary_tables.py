"""Tables of spectral dictionaries from rows: reconstruction, speed, stability."""

import pathlib
import statistics
from typing import Any

from dictionary_trials import DATA
from json_rows import read_rows

RESULTS = pathlib.Path("results/dictionary")
RECONSTRUCTION = RESULTS / "reconstruction" / "rows.jsonl"
STABILITY = RESULTS / "stability" / "rows.jsonl"
SPEED = pathlib.Path("results/bench/dictionary.jsonl")
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


def label_of(name: str) -> str:
    """Of a trial, from the name of its run."""
    for data in DATA:
        name = name.removeprefix(f"{data}-")
    return name.rsplit("-", 1)[0]


def reconstructions(data: str) -> dict[str, dict[str, Any]]:
    """The row of each trial of a data set, by label."""
    rows = [row for row in read_rows(RECONSTRUCTION) if row["data"] == data]
    return {label_of(row["name"]): row for row in rows}


def reconstruction_part() -> str:
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
        rows = reconstructions(data)
        for label in (label for label in LABELS if label in rows):
            row = rows[label]
            lines.append(
                f"| {data} | {LABELS[label]} | {row['num_latents']} | {row['core_minutes']:.2f} "
                f"| {row['num_parameters'] / 1e6:.2f} M | {row['psnr_db']:.2f} "
                f"| {row['ms_ssim']:.4f} | {row['train_mean_squared_error']:.5f} |"
            )
    return "\n".join(lines) if len(lines) > 4 else "Not measured yet."


def speed_part() -> str:
    """Loss against processor time, in one run."""
    rows = read_rows(SPEED)
    if not rows:
        return "Not measured yet."
    bases = list(rows[0]["speedup"])
    lines = [
        "One run of `benchmarks/bench_dictionary.py`, one thread each. Loss: mean squared error of "
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
            f"| {LABELS[label_of(row['name'])]} | {row['core_s']:.0f} "
            f"| {row['mean_squared_error']:.5f} | {row['published_loss']:.5f} | "
            + " | ".join(cells)
            + " |"
        )
    return "\n".join(lines)


def stability() -> dict[str, tuple[int, int, float, float]]:
    """Of each label: runs, failures, mean and relative spread of the final loss."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in read_rows(STABILITY):
        groups.setdefault(row["label"], []).append(row)
    found = {}
    for label, rows in groups.items():
        losses = [row["loss"] for row in rows if row["loss"] is not None]
        if len(losses) > 1:
            mean = statistics.mean(losses)
            spread = statistics.stdev(losses) / abs(mean)
            found[label] = (len(rows), len(rows) - len(losses), mean, spread)
    return found


def stability_part() -> str:
    """Ten seeds each."""
    found = stability()
    if not found:
        return "Not measured yet."
    lines = [
        "Short runs on fashion-mnist, the last hundred steps' mean loss of each seed: of the "
        "autoencoder nats an image, of dictionaries their own loss. The spread is the standard "
        "deviation over the seeds, relative to the mean.",
        "",
        "| model | seeds | failed | mean loss | spread |",
        "|:--|--:|--:|--:|--:|",
    ]
    for label, (count, failed, mean, spread) in found.items():
        name = LABELS.get(label, f"`{label}`")
        lines.append(f"| {name} | {count} | {failed} | {mean:.5g} | {spread:.2%} |")
    return "\n".join(lines)
