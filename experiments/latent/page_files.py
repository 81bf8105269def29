"""Files of `dfm-latent` against those of other codecs, effort by effort and picture by picture."""

import statistics
from collections.abc import Mapping, Sequence

from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import Record
from experiments.kodak.tables import percent
from experiments.latent.judge import EFFORTS, bits, count_pictures, mean, standard
from experiments.latent.rows import by_quality, points_of
from overtone.codecs.dfm_latent.sizes import PRESETS
from overtone.evaluate.rate_distortion.curves import PICTURE_RANGE_DB, Coded

Anchors = Mapping[str, Sequence[Coded]]


def efforts_part(
    files: Sequence[Record], published: Mapping[str, Sequence[Record]], against: Anchors, note: str
) -> str:
    """A line for each effort, and for published systems; a note below."""
    low, high = PICTURE_RANGE_DB
    heads = " | ".join(f"against {name}" for name in against)
    lines = [
        f"| files of | pictures | files | {heads} | encode, median | slowest | decode, median "
        "| slowest | commit |",
        "|:--|--:|--:|" + "--:|" * (len(against) + 4) + ":--|",
    ]
    for effort in EFFORTS:
        own = standard(files, effort)
        if own:
            commits = ", ".join(dict.fromkeys(row["commit"] for row in own))
            cells = [*bits_cells(own, against, ""), *seconds_cells(own), commits]
            lines.append(f"| effort `{effort}` | {' | '.join(cells)} |")
        else:
            lines.append(f"| effort `{effort}` |{' |' * (len(against) + 6)} not measured yet |")
    for system, rows in published.items():
        decode = [row["decode_s"] for row in rows if row["decode_s"] is not None]
        cells = bits_cells(rows, against, system)
        cells += ["–", "–", *(decode_cells(decode) if decode else "––"), "published"]
        lines.append(f"| {system} | {' | '.join(cells)} |")
    text = f"""Bits at equal PSNR from {low:g} to {high:g} dB ([how](../guide/measure.md)), picture
by picture, then the mean; negative is smaller. `tiled-dct` is at its default effort; as shipped it
has learned from these pictures, and cross-validated each is coded with what was learned on others.
A mean over fewer pictures than the line's has their number in brackets. Times here are of two
threads."""
    return "\n\n".join(["## Bits and seconds", text, "\n".join(lines), *filter(None, [note])])


def bits_cells(rows: Sequence[Record], against: Anchors, name: str) -> list[str]:
    """Numbers of pictures and of files, and bits against all but itself."""
    cells = [bits_cell(anchor, rows) if each != name else "0 %" for each, anchor in against.items()]
    return [str(count_pictures(rows)), str(len(rows)), *cells]


def seconds_cells(rows: Sequence[Record]) -> list[str]:
    """Median and longest times."""
    encode = [row["encode_s"] for row in rows]
    told = [f"{statistics.median(encode):.1f} s", f"{max(encode):.1f} s"]
    return told + decode_cells([row["decode_s"] for row in rows])


def decode_cells(seconds: Sequence[float]) -> list[str]:
    """Median and longest time."""
    return [f"{1000 * each:.0f} ms" for each in (statistics.median(seconds), max(seconds))]


def measured_note(files: Sequence[Record], has_drawing: bool) -> str:
    """Where it was measured, and the drawing."""
    machines = ", ".join(dict.fromkeys(row["machine"] for row in files))
    told = [f"Measured on {machines}."] if machines else []
    told += ["![Mean PSNR against mean rate](../images/latent/rates.svg)"] if has_drawing else []
    return "\n\n".join(told)


def bits_cell(anchor: Sequence[Coded], rows: Sequence[Record]) -> str:
    """The mean over pictures."""
    found = bits(anchor, points_of(rows))
    if not found:
        return "–"
    number = "" if len(found) == count_pictures(rows) else f" ({len(found)})"
    return percent(statistics.fmean(found.values())) + number


def pictures_part(effort: str, files: Sequence[Record], against: Anchors) -> str:
    """Each picture at one effort."""
    title = f"## Picture by picture, effort `{effort}`\n\n"
    own = standard(files, effort)
    if not own:
        return title + NOT_MEASURED
    found = {name: bits(anchor, points_of(own)) for name, anchor in against.items()}
    lines = [
        f"| picture | files | from, dB | to, dB | {' | '.join(found)} | encode | decode |",
        "|:--|--:|--:|--:|" + "--:|" * (len(found) + 2),
    ]
    for image in sorted({row["image"] for row in own}):
        some = [row for row in own if row["image"] == image]
        psnrs = [row["psnr_db"] for row in some]
        cells = [dash(values.get(image)) for values in found.values()]
        cells += times(some)
        ends = f"{min(psnrs):.2f} | {max(psnrs):.2f}"
        lines.append(f"| {image} | {len(some)} | {ends} | {' | '.join(cells)} |")
    means = [dash(mean(values.values())) for values in found.values()]
    lines.append(f"| mean | {len(own)} | | | {' | '.join([*means, *times(own)])} |")
    return title + "\n".join(lines)


def times(rows: Sequence[Record]) -> list[str]:
    """Mean times of encoding and decoding."""
    encode, decode = (
        statistics.fmean(row[key] for row in rows) for key in ("encode_s", "decode_s")
    )
    return [f"{encode:.1f} s", f"{1000 * decode:.0f} ms"]


def dash(value: float | None) -> str:
    """A dash where there is nothing."""
    return "–" if value is None else percent(value)


def choice_part(files: Sequence[Record]) -> str:
    """Which sizes the encoder chose."""
    title = "## Which sizes were chosen\n\n"
    measured = [effort for effort in EFFORTS if standard(files, effort)]
    if not measured:
        return title + NOT_MEASURED
    names = list(PRESETS)
    lines = [
        f"| effort | quality | λ | bpp | PSNR, dB | 1000 (D + λR) | {' | '.join(names)} | trunks |",
        "|:--|--:|--:|--:|--:|--:|" + "--:|" * len(names) + ":--|",
    ]
    for effort in measured:
        for quality, some in by_quality(standard(files, effort)).items():
            sizes = [size_of(row) for row in some]
            trunks = dict.fromkeys(str(row["described"].get("trunk", "–")) for row in some)
            means = [statistics.fmean(row[k] for row in some) for k in ("rate_bpp", "psnr_db")]
            cost = statistics.fmean(row["cost"] for row in some)
            lines.append(
                f"| `{effort}` | {quality:g} | {some[0]['rd_weight']:.2g} | {means[0]:.4f} "
                f"| {means[1]:.2f} | {cost:.4f} "
                f"| {' | '.join(str(sizes.count(name)) for name in names)} "
                f"| {'; '.join(trunks)} |"
            )
    text = "Files by the sizes of their contexts, and means over pictures.\n\n"
    return title + text + "\n".join(lines)


def size_of(row: Record) -> str:
    """The preset whose contexts a file has."""
    for name, sizes in PRESETS.items():
        context = f"{sizes.num_neighbours} neighbours, {sizes.num_features} features"
        if row["described"].get("context") == context:
            return name
    return "other"
