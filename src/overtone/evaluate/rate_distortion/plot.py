"""Rows to rate-distortion curves, as SVG."""

import importlib.util
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.curves import Averaging, average_curve, other_metrics
from overtone.evaluate.rate_distortion.rows import Row
from overtone.evaluate.rate_distortion.table import ANCHOR, groups

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# One colour for each codec in every figure; ours is drawn on top and thicker.
COLORS = {
    "tiled-dct": "#c2255c",
    "dfm": "#7048e8",
    "dfm-latent": "#f08c00",
    "coin": "#0c8599",
    "jpeg": "#495057",
    "webp": "#2b8a3e",
    "avif": "#1971c2",
    "jpeg2000": "#e8590c",
}
CLASSICAL = (ANCHOR, "webp", "avif", "jpeg2000")
PANELS: tuple[tuple[Averaging, str], ...] = (
    ("psnr", "PSNR, dB"),
    ("ms_ssim", "MS-SSIM, dB: −10 log10(1 − MS-SSIM)"),
)


def check_matplotlib() -> None:
    """Raises `ConfigError` if matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigError("drawing needs matplotlib; pip install 'overtone-image[plot]'")


def new_figure(width_inch: float, height_inch: float) -> "Figure":
    """An empty figure that needs no screen.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    check_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inch, height_inch), layout="constrained")


def curves_svg(rows: Sequence[Row], *, max_bpp: float = 1.3) -> str:
    """Curves of every codec among the rows, averaged over pictures; a panel for each measure.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    panels = [*PANELS, *other_metrics(rows).items()]
    figure = new_figure(5 * len(panels), 4.2)
    for axes, (averaging, label) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        for name, group in groups(rows).items():
            curve = average_curve(group, averaging)
            if curve is None:
                continue
            shown = sum(rate <= max_bpp for rate in curve.rate_bpp) + 1  # one to lead out
            ours = group[0].codec not in CLASSICAL
            axes.plot(
                curve.rate_bpp[:shown],
                curve.quality_db[:shown],
                label=name,
                color=COLORS.get(group[0].codec),
                linestyle="-" if group[0].preset is None else "--",
                linewidth=2.2 if ours else 1.2,
                marker="o" if ours else ".",
                markersize=5,
                zorder=3 if ours else 2,
            )
        axes.set_xlabel("rate, bits per pixel of the whole file")
        axes.set_ylabel(label)
        axes.set_xlim(0, min(max_bpp, 1.05 * max(row.rate_bpp for row in rows)))
        axes.grid(alpha=0.3)
    if figure.axes[0].lines:  # a curve needs two rates
        figure.axes[0].legend(loc="lower right")
    return svg_of(figure)


def svg_of(figure: "Figure") -> str:
    """A figure as text; the same figure gives the same bytes."""
    import matplotlib

    buffer = io.StringIO()
    # Text stays text, and ids come from a fixed salt.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "overtone"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]
