"""Distances against published ones, and against other generators on the same data."""

from collections.abc import Iterable, Mapping, Sequence

from experiments.harness.claims import figure
from experiments.harness.item import Finding, Verdict, share_that_does
from overtone.evaluate.distribution.rows import DistributionRow

INCEPTION = "inception"  # the only features whose distances can be compared with published ones
SAME_SHARE = 0.05  # a published figure is met if ours is worse by at most that share
MARGIN = 0.1  # distances within a tenth of each other are alike: seeds differ by that much


def against_published(
    claim: str,
    preset: str,
    rows: Iterable[DistributionRow],
    figures: Mapping[str, str],
) -> Finding:
    """Published distances against rows on the same data with the same features, if there are any.

    Args:
        claim: Its key.
        preset: Whose rows these are.
        rows: Of the model, on any data.
        figures: A part of the reference's name -> the name of the published distance.
    """
    samples = [row for row in rows if row.compared == "samples"]
    told, outcomes, sets = [], [], []
    for part, name in figures.items():
        same = [row for row in samples if part in row.reference and row.features == INCEPTION]
        if same:
            row = nearest(same)
            told.append(f"{row.reference}: {row.values['frechet']:.2f}")
            outcomes.append(row.values["frechet"] <= figure(claim, name) * (1 + SAME_SHARE))
            sets.append(f"{row.reference}, {row.num_samples} samples")
    verdict: Verdict = share_that_does(sum(outcomes), len(outcomes))
    if not outcomes:
        verdict = "not testable here"
        told = ["its data and the Inception network's weights are not here"]
        if samples:
            row = nearest(samples)
            told.append(
                f"measured instead: Fréchet distance {row.values['frechet']:.2f}, which cannot be "
                "compared"
            )
            sets = [f"{row.reference} (`{row.features}`)"]
    return Finding(
        claim=claim,
        preset=preset,
        measured="; ".join(told),
        data=", ".join(sets) or "none",
        verdict=verdict,
        rule=f"Fréchet distance on the published data with features of `{INCEPTION}` at most "
        f"{100 * SAME_SHARE:.0f} % above the published one, on all of the sets measured: "
        "holds; on some: in part; on none: does not hold. Without such rows it is not testable "
        "here.",
    )


def nearest(rows: Sequence[DistributionRow]) -> DistributionRow:
    """The smallest Fréchet distance."""
    return min(rows, key=lambda row: row.values["frechet"])


def competitive(
    claim: str,
    preset: str,
    own_rows: Iterable[DistributionRow],
    other_rows: Iterable[DistributionRow],
) -> Finding:
    """A model against the other generators on the same images, data set by data set.

    Distances are compared where reference, features and counts are the same.
    """
    groups: dict[tuple[object, ...], list[DistributionRow]] = {}
    for row in own_rows:
        if row.compared == "samples":
            groups.setdefault(measured_against(row), []).append(row)
    others = [row for row in other_rows if row.compared == "samples"]
    told, sets, wins, halves = [], [], 0, 0
    for reference, rows in groups.items():
        rivals = [row for row in others if measured_against(row) == reference]
        plain = [r for r in rivals if (r.source.model, r.source.prior) == ("vae", "normal")]
        if not plain:
            continue
        own, best, vae = nearest(rows), nearest(rivals), nearest(plain)
        distance = own.values["frechet"]
        wins += distance <= best.values["frechet"] * (1 + MARGIN)
        halves += distance <= vae.values["frechet"]
        told.append(
            f"{own.reference}: {distance:.2f} after {minutes_of(own)} (recall "
            f"{own.values['recall']:.2f}), `vae` {vae.values['frechet']:.2f} after "
            f"{minutes_of(vae)} (recall {vae.values['recall']:.2f}), best other "
            f"`{best.source.model}` {best.values['frechet']:.2f} after {minutes_of(best)}"
        )
        sets.append(f"{own.reference} (`{own.features}`)")
    verdict: Verdict = "not measured yet"
    if told:
        verdict = "holds in part" if wins or halves else "does not hold"
        verdict = "holds" if wins == len(told) else verdict
    return Finding(
        claim=claim,
        preset=preset,
        measured="Fréchet distance of samples: " + ("; ".join(told) or "no rows to compare"),
        data=", ".join(sets) or "none",
        verdict=verdict,
        rule=f"Fréchet distance at most {100 * MARGIN:.0f} % above that of the best other "
        "generator here, on every data set measured: holds; on some, or only not above that of "
        "`vae` sampled from N(0, I): in part; otherwise it does not hold. Of several runs the "
        "nearest counts; trainings may differ in length.",
    )


def measured_against(row: DistributionRow) -> tuple[object, ...]:
    """What two distances must share to be compared."""
    counts = (row.num_samples, row.num_reference)
    return (row.reference_hash, row.features, row.weights_hash, *counts)


def minutes_of(row: DistributionRow) -> str:
    """The length of its training."""
    minutes = row.source.core_minutes
    if minutes is None:
        return "unknown time"
    return f"{minutes:.0f} core-minutes" if minutes >= 1 else f"{60 * minutes:.0f} core-seconds"
