"""Drawings for the page on `dfm-latent`."""

from collections.abc import Mapping, Sequence

from overtone.evaluate.rate_distortion.curves import Coded, average_curve
from overtone.evaluate.rate_distortion.plot import COLORS, new_figure, svg_of

MAX_BPP = 1.5
STYLES = {"fast": ":", "default": "-", "best": "--"}  # of efforts
OTHERS = {
    "`tiled-dct`": COLORS["tiled-dct"],
    "AVIF": COLORS["avif"],
    "Cool-Chic 5.0.1": "#2b8a3e",
    "Cool-Chic 4.2": "#8ce99a",
}


def rates_svg(own: Mapping[str, Sequence[Coded]], against: Mapping[str, Sequence[Coded]]) -> str:
    """Mean PSNR against mean rate, of pictures that are measured at every effort drawn."""
    figure = new_figure(7, 5)
    axes = figure.subplots()
    drawn = {effort: rows for effort, rows in own.items() if rows}
    images = set.intersection(*({row.image for row in rows} for rows in drawn.values()))
    for name, rows in against.items():
        curve = average_curve([row for row in rows if row.image in images], "psnr")
        if curve is not None:
            color = OTHERS.get(name)
            label = name.replace("`", "")
            axes.plot(curve.rate_bpp, curve.quality_db, ".-", label=label, color=color, lw=1.2)
    for effort, rows in drawn.items():
        curve = average_curve([row for row in rows if row.image in images], "psnr")
        if curve is not None:
            axes.plot(
                curve.rate_bpp,
                curve.quality_db,
                label=f"dfm-latent, {effort}",
                color=COLORS["dfm-latent"],
                linestyle=STYLES[effort],
                linewidth=2.2,
                marker="o",
                markersize=5,
                zorder=3,
            )
    axes.set_xlim(0, MAX_BPP)
    axes.set_xlabel("rate, bits per pixel of the whole file")
    axes.set_ylabel(f"PSNR, dB, mean of {len(images)} pictures")
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(loc="lower right")
    return svg_of(figure)


def prefixes_svg(curves: Mapping[str, Sequence[tuple[float, float | None]]]) -> str:
    """PSNR against the share of the file received; a curve for each weight of the rate."""
    figure = new_figure(7, 4.2)
    axes = figure.subplots()
    for number, (label, curve) in enumerate(curves.items()):
        known = [(100 * share, psnr) for share, psnr in curve if psnr is not None]
        if known:
            shade = 0.35 + 0.65 * (number + 1) / len(curves)  # the best file is the darkest
            axes.plot(*zip(*known, strict=True), "o-", label=label, ms=4, alpha=shade,
                      color=COLORS["dfm-latent"])  # fmt: skip
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the file received, %")
    axes.set_ylabel("mean PSNR, dB")
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(loc="upper left")
    return svg_of(figure)
