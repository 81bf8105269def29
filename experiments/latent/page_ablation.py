"""What each part of `dfm-latent` buys: tables of files with a part changed."""

import statistics
from collections.abc import Mapping, Sequence

from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import Record
from experiments.kodak.tables import percent
from experiments.latent.judge import (
    EFFORTS,
    Change,
    changes,
    compared,
    mean,
    seed_spread_percent,
    standard_error,
)
from experiments.latent.variants import (
    CONTROL,
    PARTS,
    RIVALS,
    SIZES,
    TRUNKS,
    VARIANTS,
    multiplications,
)

KEPT_PERCENT = -1.0
HEAD = (
    "files | D + λR | standard error | worse on | bits at equal PSNR | bytes | time of encoding |",
    "--:|--:|--:|--:|--:|--:|--:|",
)
RULE = """Of the same pictures at the same qualities: the change of distortion + λ · bits, mean over
pictures with its standard error; bits at equal PSNR over all that both reach; and the time of
encoding. Every number is of whole files that were decoded."""
TRUNKS_TEXT = f"""Against `{CONTROL}`, all with the contexts of `hop` and equally many steps.
Multiplications are of the trunk for a pixel (12 for a sine and a cosine, 4 for a complex product),
weights those of all networks."""
CONTROL_TEXT = f"""Fourier trunks against rectified ones of equal arithmetic and of equally many
weights, in distortion + λ · bits with the standard error of the mean. The rule, stated before:
sinusoids are worth having where they are {-KEPT_PERCENT:g} % better than one of the two, and worse
where they are that much worse than both."""


def trunks_part(files: Sequence[Record]) -> str:
    """The control experiment: functions of a pixel."""
    title = "## Functions of a pixel: sinusoids, products, rectified units, none"
    part = group_part(files, TRUNKS, title, TRUNKS_TEXT)
    lines = [line for effort in EFFORTS for line in control_lines(files, effort)]
    if not lines:
        return part
    head = "| effort | trunk | against, of its arithmetic | | against, of its weights | | verdict |"
    return "\n\n".join(
        [part, CONTROL_TEXT, "\n".join([head, "|:--|:--|:--|--:|:--|--:|:--|", *lines])]
    )


def control_lines(files: Sequence[Record], effort: str) -> list[str]:
    """A line for each Fourier trunk that was measured beside one of its rivals."""
    lines = []
    for name, rivals in RIVALS.items():
        found = [compared(files, effort, name, rival) for rival in rivals]
        costs = [[*change.costs_percent.values()] if change else [] for change in found]
        means = [mean(some) for some in costs]
        known = [value for value in means if value is not None]
        if known:
            verdict = "worth having" if min(known) <= KEPT_PERCENT else "a draw"
            verdict = "worse" if min(known) >= -KEPT_PERCENT else verdict
            cells = [
                f"`{rival}` | {'–' if value is None else with_error(value, some)}"
                for rival, value, some in zip(rivals, means, costs, strict=True)
            ]
            lines.append(f"| `{effort}` | `{name}` | {' | '.join(cells)} | {verdict} |")
    return lines


def with_error(value: float, values: Sequence[float]) -> str:
    """A mean and its standard error."""
    error = standard_error(values)
    return percent(value) + ("" if error is None else f" ± {error:.1f}")


def sizes_part(files: Sequence[Record]) -> str:
    """One preset for all files, against the choice."""
    text = "Against the encoder's own choice of sizes for each file."
    return group_part(files, SIZES, "## One size for all", text)


def parts_part(files: Sequence[Record]) -> str:
    """A part taken out, or exchanged."""
    return group_part(files, PARTS, "## What the parts buy", "Against the codec as it is.")


def group_part(files: Sequence[Record], group: str, title: str, text: str) -> str:
    """A table for each effort at which some of a group was measured."""
    tables = []
    for effort in EFFORTS:
        found = changes(files, group, effort)
        if found:
            tables.append(f"Effort `{effort}`:\n\n{table_of(found, files, effort)}")
            spread = seed_spread_percent(files, effort)
            if spread is not None:
                tables.append(
                    f"Files that differ in their seed only lie {spread[0]:.2f} % apart in "
                    f"distortion + λ · bits (standard deviation, {spread[1]} files)."
                )
    if not tables:
        return f"{title}\n\n{NOT_MEASURED}"
    return "\n\n".join([title, f"{text}\n\n{RULE}", *tables])


def table_of(found: Sequence[Change], files: Sequence[Record], effort: str) -> str:
    """A line for each variant."""
    is_trunks = all(VARIANTS[change.variant].trunk for change in found)
    more, rule = (" multiplications | weights |", "--:|--:|") if is_trunks else ("", "")
    lines = [f"| variant | what |{more} {HEAD[0]}", f"|:--|:--|{rule}{HEAD[1]}"]
    for change in found:
        variant = VARIANTS[change.variant]
        cells = [f"`{change.variant}`", variant.text]
        if is_trunks and variant.trunk:
            own = [r for r in files if (r["effort"], r["variant"]) == (effort, change.variant)]
            weights = dict.fromkeys(str(row["described"].get("weights", "–")) for row in own)
            cells += [str(multiplications(*variant.trunk)), ", ".join(weights)]
        lines.append(f"| {' | '.join([*cells, *numbers(change)])} |")
    return "\n".join(lines)


def numbers(change: Change) -> list[str]:
    """The cells that all tables have."""
    if change.variant == VARIANTS[change.variant].against:
        return [str(change.num_files), "0 %", "–", "–", "0 %", f"{change.num_bytes:.0f}", "1.00 ×"]
    costs = [*change.costs_percent.values()]
    error, bits_mean = standard_error(costs), mean(change.bits_percent.values())
    return [
        str(change.num_files),
        percent(statistics.fmean(costs)),
        "–" if error is None else f"{error:.1f} %",
        f"{sum(cost > 0 for cost in costs)} of {change.num_pictures}",
        bits_text(bits_mean, change.bits_percent, change.num_pictures),
        f"{change.num_bytes:.0f}",
        f"{change.encode_ratio:.2f} ×",
    ]


def bits_text(value: float | None, found: Mapping[str, float], num_pictures: int) -> str:
    """With the number of pictures it is known of, where these are not all."""
    if value is None:
        return "–"
    return percent(value) + ("" if len(found) == num_pictures else f" ({len(found)})")
