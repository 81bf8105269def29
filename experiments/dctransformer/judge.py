"""What the rows of the DCTransformer say about the paper's claims."""

import dataclasses
import pathlib
from collections.abc import Iterable, Sequence

from experiments.dctransformer.places import CONTROLS, MEAN, ONE, ORIGINAL, SAMPLES, TASKS
from experiments.harness.item import Finding, Verdict
from experiments.harness.published import (
    MARGIN,
    against_published,
    competitive,
    measured_against,
    minutes_of,
    nearest,
)
from experiments.harness.rows import read_distances
from experiments.thesis_generation.judge import found_files
from overtone.evaluate.distribution.rows import DistributionRow

PRESET = "ours (`dct-transformer`, small)"
# A part of the reference's name -> the name of the published figure.
FIGURES = {
    "bedroom": "lsun_bedrooms",
    "church": "lsun_churches",
    "imagenet": "imagenet",
    "ffhq": "ffhq",
}
TASK_CLAIMS = {"colorize": "dct-colorization", "upscale": "dct-super-resolution"}
GOOD_SHARE = 0.5  # of the way from the control to what a list of the originals would score


def judge(root: pathlib.Path) -> Sequence[Finding]:
    """Published distances; against the other generators here; colours and detail."""
    own = [row for path in sorted((root / SAMPLES).glob("*.jsonl")) for row in read_distances(path)]
    others = [row for path in found_files(root) for row in read_distances(path)]
    return (
        against_published("dct-fid", PRESET, own, FIGURES),
        competitive("dct-competitive", PRESET, own, others),
        diverse(own, others),
        high_resolution(own, others),
        *(completes(root, task) for task in TASK_CLAIMS),
    )


def diverse(own: Iterable[DistributionRow], others: Iterable[DistributionRow]) -> Finding:
    """Recall and coverage beside those of the best other generator and of the autoencoder."""
    rivals = [row for row in others if row.compared == "samples"]
    told, sets, wins, halves = [], [], 0, 0
    for row in own:
        same = [other for other in rivals if measured_against(other) == measured_against(row)]
        plain = [r for r in same if (r.source.model, r.source.prior) == ("vae", "normal")]
        if row.compared != "samples" or not plain:
            continue
        best, vae = nearest(same), nearest(plain)
        wins += covers(row, best)
        halves += covers(row, vae)
        told.append(
            f"{row.reference} {spreads(row)}, `vae` {spreads(vae)}, best other "
            f"`{best.source.model}` {spreads(best)}"
        )
        sets.append(f"{row.reference} (`{row.features}`)")
    verdict: Verdict = "not measured yet"
    if told:
        verdict = "holds in part" if wins or halves == len(told) else "does not hold"
        verdict = "holds" if wins == len(told) else verdict
    return Finding(
        claim="dct-diverse",
        preset=PRESET,
        measured="recall and coverage: " + ("; ".join(told) or "no rows to compare"),
        data=", ".join(sets) or "none",
        verdict=verdict,
        rule=f"Recall and coverage both at least {100 * (1 - MARGIN):.0f} % of those of the other "
        "generator here with the smallest Fréchet distance, on every data set measured: holds; on "
        "some, or on every one of those of `vae` sampled from N(0, I): in part; otherwise it does "
        "not hold. "
        "Features and data are not those of the paper.",
    )


def covers(row: DistributionRow, other: DistributionRow) -> bool:
    """Whether recall and coverage are about those of the other, or above."""
    return all(
        row.values[name] >= (1 - MARGIN) * other.values[name] for name in ("recall", "coverage")
    )


def spreads(row: DistributionRow) -> str:
    """Recall and coverage."""
    return f"{row.values['recall']:.2f} and {row.values['coverage']:.2f}"


def high_resolution(own: Sequence[DistributionRow], others: Iterable[DistributionRow]) -> Finding:
    """Against other generators on the paper's pictures, if there are rows of these."""
    large = [row for row in own if any(part in row.reference for part in FIGURES)]
    found = competitive("dct-high-resolution", PRESET, large, others)
    rule = f"{found.rule} All this on the paper's data, of 256 pixels a side or more."
    if large:
        return dataclasses.replace(found, rule=rule)
    return dataclasses.replace(
        found,
        measured="no model here was trained on pictures of more than 32 pixels a side: the paper's "
        "data are not here, and its lists of some ten thousand triples a picture are out of reach "
        "of two processor cores",
        verdict="not testable here",
        rule=f"{rule} Without such rows it is not testable here.",
    )


def completes(root: pathlib.Path, task: str) -> Finding:
    """Drawn colours or detail of held-out pictures against the simple control."""
    told, sets, verdicts = [], [], []
    for path in sorted((root / TASKS).glob(f"*-{task}.jsonl")):
        rows = {row.source.name: row for row in read_distances(path)}
        if not {CONTROLS[task], ORIGINAL, ONE, MEAN} <= rows.keys():
            continue
        control, ceiling, one, mean = (rows[name] for name in (CONTROLS[task], ORIGINAL, ONE, MEAN))
        gained, possible = (
            control.values["frechet"] - row.values["frechet"] for row in (one, ceiling)
        )
        has_better_mean = (mean.reconstruction_psnr_db or 0) > (control.reconstruction_psnr_db or 0)
        is_nearer = gained >= MARGIN * control.values["frechet"]
        verdict: Verdict = "holds in part" if is_nearer or has_better_mean else "does not hold"
        verdicts.append("holds" if is_nearer and gained >= GOOD_SHARE * possible else verdict)
        cells = [
            f"{row.source.name} {row.values['frechet']:.1f} and "
            f"{row.reconstruction_psnr_db or 0:.1f} dB"
            for row in (one, mean, control, ceiling)
        ]
        told.append(f"{'; '.join(cells)}; after {minutes_of(one)} of training")
        sets.append(f"{one.reference} (`{one.features}`)")
    verdict = "not measured yet"
    if verdicts:
        verdict = verdicts[0] if len(set(verdicts)) == 1 else "holds in part"
    return Finding(
        claim=TASK_CLAIMS[task],
        preset=PRESET,
        measured="Fréchet distance and PSNR: " + " - ".join(told) if told else "",
        data=", ".join(sets) or "none",
        verdict=verdict,
        rule=f"The Fréchet distance of one drawn result from the originals is at least "
        f"{100 * MARGIN:.0f} % below that of the control ({CONTROLS[task]}), and at least "
        f"{100 * GOOD_SHARE:.0f} % of the way down to that of the originals through the model's "
        f"tables: holds; at least {100 * MARGIN:.0f} % below the control only, or the mean of "
        "several results has a PSNR above the control's: in part; otherwise it does not hold. One "
        "result's PSNR decides nothing, because a blurred or gray guess has the higher one.",
    )
