"""The deep codec on whole photographs against JPEG and WebP, for the page on composition."""

import pathlib
import statistics

from experiments.harness.item import NOT_MEASURED
from overtone.codecs.base import Effort
from overtone.evaluate.rate_distortion.curves import average_curve
from overtone.evaluate.rate_distortion.rows import current_rows, read_rows
from overtone.metrics.bd_rate import Curve, bd_rate_percent

KODAK = pathlib.Path("experiments/kodak/rows")
TITLES = {"jpeg": "JPEG", "webp": "WebP"}
ANCHORS = tuple(TITLES)
EFFORTS: tuple[Effort, ...] = ("fast", "default")
Curves = dict[str, dict[str, Curve]]  # codec, picture
Efforts = dict[Effort, dict[str, Curve]]
EFFORT_TEXT: dict[Effort, str] = {
    "fast": "Preset `deep` of `dfm`, every file decoded; `fast` is a tenth of the steps of "
    "`default` and no\ntrials of sizes. The change of bytes at equal PSNR is the BD-rate of each "
    "picture over the\nqualities that both codecs reach; negative is smaller. JPEG is 4:2:0, "
    "optimised, progressive. None\nof these codecs has learned anything from the pictures.",
    "default": "The same with all steps and trials of sizes, on the pictures measured so.",
}


def photographs_sentence(own: Efforts, curves: Curves) -> str:
    """The deep codec on whole photographs against the classical ones."""
    told = []
    for effort in EFFORTS:
        rates = {anchor: bd_rates(own[effort], curves[anchor]) for anchor in ANCHORS}
        against = [
            f"{statistics.mean(found.values()):+.0f} % against {TITLES[anchor]} (smaller on "
            f"{sum(rate < 0 for rate in found.values())} of {len(found)})"
            for anchor, found in rates.items()
            if found
        ]
        if against:
            told.append(f"{' and '.join(against)} at effort `{effort}`")
    if not told:
        return f"Photographs: {NOT_MEASURED}"
    return (
        "**As a codec of photographs** the deep network with coded weights (`dfm`, preset `deep`) "
        f"takes, picture by picture at equal PSNR, in bytes: {'; '.join(told)}."
    )


def photographs_part(effort: Effort, own: dict[str, Curve], curves: Curves) -> str:
    """The deep codec on the development pictures."""
    title = f"## Whole photographs at effort `{effort}`: the deep codec against JPEG and WebP\n\n"
    if not own:
        return title + NOT_MEASURED
    rates = {anchor: bd_rates(own, curves[anchor]) for anchor in ANCHORS}
    heads = " | ".join(f"bytes against {TITLES[anchor]}" for anchor in ANCHORS)
    lines = [
        f"| picture | qualities | from, dB | to, dB | {heads} |",
        "|:--|--:|--:|--:|" + "--:|" * len(ANCHORS),
    ]
    for name, curve in sorted(own.items()):
        cells = [percent(rates[anchor].get(name)) for anchor in ANCHORS]
        low, high = curve.quality_db[0], curve.quality_db[-1]
        count = len(curve.quality_db)
        lines.append(f"| {name} | {count} | {low:.2f} | {high:.2f} | {' | '.join(cells)} |")
    found = [[*rates[anchor].values()] for anchor in ANCHORS]
    means = [percent(statistics.mean(values) if values else None) for values in found]
    lines.append(f"| mean | | | | {' | '.join(means)} |")
    return title + EFFORT_TEXT[effort] + "\n\n" + "\n".join(lines)


def percent(value: float | None) -> str:
    """Signed; a dash where the two codecs reach no common quality."""
    return "–" if value is None else f"{value:+.1f} %"


def curves_of(root: pathlib.Path, codec: str, effort: Effort) -> dict[str, Curve]:
    """Rate and quality of each picture with the codec's own preset, of the newest code."""
    rows = current_rows(read_rows(root / KODAK / f"{codec}.jsonl"))
    rows = [row for row in rows if row.effort == effort and row.preset is None]
    found: dict[str, Curve] = {}
    for name in sorted({row.image for row in rows}):
        curve = average_curve([row for row in rows if row.image == name], "psnr")
        if curve is not None:
            found[name] = curve
    return found


def bd_rates(own: dict[str, Curve], anchor: dict[str, Curve]) -> dict[str, float]:
    """Percent of bytes at equal PSNR, of each picture whose curves share some quality."""
    found = {}
    for name in own.keys() & anchor.keys():
        try:
            found[name] = bd_rate_percent(reference=anchor[name], candidate=own[name])
        except ValueError:
            continue
    return found
