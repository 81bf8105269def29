"""The part of the page about colours and detail by the mean first, and what its numbers say."""

import pathlib

from experiments.dctransformer.places import (
    COMPLETION,
    CONTROLS,
    MEAN,
    ONE,
    PREDICTED,
    picture,
)
from experiments.harness.rows import read_distances
from overtone.evaluate.distribution.rows import DistributionRow

GOOD_SHARES = {"colorize": 0.6, "upscale": 1.0}  # of the control's distance, to be reached
# Whose distance and whose PSNR count: what the command gives, and the mean of draws where it draws.
JUDGED = {"colorize": (ONE, MEAN), "upscale": (PREDICTED, PREDICTED)}
SETS = {
    "cifar10": "The held-out pictures of CIFAR-10, compared as they are.",
    "photographs": "Whole photographs of the Kodak set by the network that was trained on CIFAR-10 "
    "only; distances between overlapping windows of 64x64 pixels of them.",
}

INTRODUCTION = """## Colours and detail, the mean first

Model `dct-completer`, presets `cifar10-colorize` and `cifar10-upscale`: a convolutional network
reads the given cosine coefficients (of all the luma, or the small picture) and predicts the mean of
those that are missing by least squares; a rectified flow, told that mean, draws the residual. None
of this is a transformer of lists: what the DCTransformer's own lists give stands further below.
"One result" is the mean and one residual; `overtone colorize` gives that, `overtone upscale` the
predicted mean where one result is asked for. A result keeps the luma samples it was given, or the
mean of every 2x2 pixels but where detail would be darker than black or brighter than white. Colours
of whole photographs are patchy, as the grid shows."""


def completion_parts(root: pathlib.Path) -> list[str]:
    """A table, a verdict and a grid for each task and set of pictures."""
    parts = []
    for task in GOOD_SHARES:
        for name, about in SETS.items():
            stem = f"{task}-{name}"
            rows = {
                row.source.name: row for row in read_distances(root / COMPLETION / f"{stem}.jsonl")
            }
            if not {CONTROLS[task], PREDICTED, ONE, MEAN} <= rows.keys():
                continue
            grid = picture(stem, root)
            shown = "Each row: the original, the control, the predicted mean, two results."
            parts += [
                f"**{task}, {name}.** {about} {rows[ONE].num_reconstructed} pictures, features "
                f"`{rows[ONE].features}`.",
                table(list(rows.values())),
                verdict(task, rows),
                *([shown, grid] if grid else []),
            ]
    return [INTRODUCTION, *(parts or ["Not measured yet."])]


def table(rows: list[DistributionRow]) -> str:
    """PSNR and distances."""
    lines = [
        "| result | core-minutes | PSNR, dB | Fréchet | kernel, 10⁻³ |",
        "|:--|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row.source.name} | {row.source.core_minutes or 0:.0f} "
        f"| {row.reconstruction_psnr_db or 0:.2f} | {row.values['frechet']:.2f} "
        f"| {1000 * row.values['kernel']:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


def verdict(task: str, rows: dict[str, DistributionRow]) -> str:
    """Whether a result is as near as it must be, and the squared error at most the control's."""
    control, (near, exact) = rows[CONTROLS[task]], JUDGED[task]
    share = rows[near].values["frechet"] / control.values["frechet"]
    gained_db = (rows[exact].reconstruction_psnr_db or 0) - (control.reconstruction_psnr_db or 0)
    is_near, is_exact = share <= GOOD_SHARES[task], gained_db >= 0
    words = {
        (True, True): "Both are better than the control's",
        (True, False): "Near enough, but the squared error is larger than the control's",
        (False, True): "A smaller squared error than the control's, but not near enough",
        (False, False): "Neither is as it should be",
    }
    drawn_db = (rows[ONE].reconstruction_psnr_db or 0) - (control.reconstruction_psnr_db or 0)
    apart = "" if near == exact else f" They are two results: one result's is {drawn_db:+.2f} dB."
    return (
        f"{words[is_near, is_exact]}: the Fréchet distance of {near} is {share:.2f} of that of "
        f"{CONTROLS[task]} (at most {GOOD_SHARES[task]:g} was asked for), the PSNR of {exact} "
        f"{gained_db:+.2f} dB above its.{apart}"
    )
