"""Spectra of pictures as a figure."""

import io
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from overtone.editing.spectrum import Spectrum
from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.plot import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
_MOST_NAMED = 10  # curves; more have no colours that can be told apart
_MAX_NAME = 40  # characters
_NO_POWER = 1e-9  # squared levels; what is below is the rounding of zero


def spectra_to_bytes(spectra: Mapping[str, Spectrum], suffix: str) -> bytes:
    """A figure: of one picture all there is, of several their radial profiles together.

    Args:
        spectra: Name of the picture to its spectrum.
        suffix: Ending of the file's name: ".png", ".svg" or ".pdf".

    Raises:
        ConfigError: matplotlib is not installed, or the format is none of these.
    """
    file_format = suffix.lower().removeprefix(".")
    if file_format not in FORMATS:
        raise ConfigError(f"a spectrum is drawn as .png, .svg or .pdf, not as {suffix!r}")
    several = len(spectra) > 1
    figure = new_figure(10 if several else 15, 4.8)
    if several:
        _draw_profiles(figure.subplots(), spectra)
        if len(spectra) <= _MOST_NAMED and figure.axes[0].lines:
            figure.legend(loc="outside right upper", fontsize="small")
    else:
        ((name, spectrum),) = spectra.items()
        first, second, third = figure.subplots(1, 3)
        _draw_amplitude(first, spectrum)
        _draw_profiles(second, spectra)
        _draw_blocks(third, spectrum)
        shares = zip(("low", "mid", "high"), spectrum.shares, strict=True)
        words = ", ".join(f"{100 * share:.1f} % in {band}" for band, share in shares)
        size = f"{spectrum.width}x{spectrum.height} pixels"
        if second.lines[:-2]:  # beside the edges of the bands
            second.legend(fontsize="small")
        figure.suptitle(f"{_shown(name)}, {size}; of its variance {words}")
    return _saved(figure, file_format)


def _saved(figure: "Figure", file_format: str) -> bytes:
    import matplotlib

    buffer = io.BytesIO()
    undated = {"Date": None} if file_format == "svg" else {}
    with (
        # Text stays text, so that a viewer with the right font shows names in every script.
        matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "overtone"}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure.savefig(buffer, format=file_format, dpi=110, metadata=undated)
    return buffer.getvalue()


def _slope_of(spectrum: Spectrum) -> str:
    """How the power goes with the frequency, for a legend."""
    if spectrum.slope is None:
        return ""
    sign, verb = ("−", "falls") if spectrum.slope >= 0 else ("", "rises")
    return f", {verb} as f^{sign}{abs(spectrum.slope):.2f}"


def _shown(name: str) -> str:
    """The name for matplotlib, which reads $ as a formula and hides labels that begin with _."""
    if len(name) > _MAX_NAME:
        name = f"{name[: _MAX_NAME // 2]}…{name[-_MAX_NAME // 2 + 1 :]}"
    name = name.replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def _draw_amplitude(axes: "Axes", spectrum: Spectrum) -> None:
    longest = max(spectrum.height, spectrum.width)
    decibels = 20 * np.log10(np.maximum(spectrum.amplitude, 1e-4))
    low, high = np.percentile(decibels, [1, 99.9])
    half = longest / 2
    image = axes.imshow(
        decibels, cmap="magma", vmin=low, vmax=high, extent=(-half, half, half, -half)
    )
    for peak in spectrum.patterns:
        for sign in (-1, 1):
            place = sign * peak.cycles_x, sign * peak.cycles_y
            axes.plot(*place, "o", markersize=11, markerfacecolor="none", color="#4dabf7")
    axes.set_title("amplitude" + (", periodic patterns circled" if spectrum.patterns else ""))
    axes.set_xlabel("to the right, cycles per image")
    axes.set_ylabel("downwards, cycles per image")
    axes.figure.colorbar(image, ax=axes, label="dB, 0 is one level", shrink=0.8)


def _draw_profiles(axes: "Axes", spectra: Mapping[str, Spectrum]) -> None:
    is_crowd = len(spectra) > _MOST_NAMED
    style = {"color": "#1971c2", "alpha": 0.4, "linewidth": 0.8} if is_crowd else {}
    for name, spectrum in spectra.items():
        profile = spectrum.profile
        used = profile.density > _NO_POWER
        if used.any():
            label = _shown(name) + _slope_of(spectrum)
            axes.loglog(profile.cycles[used], profile.density[used], label=label, **style)
    axes.set_title(f"radial profiles of {len(spectra)} pictures" if is_crowd else "radial profile")
    axes.set_xlabel("cycles per image")
    axes.set_ylabel("squared levels per squared cycle per image")
    axes.grid(alpha=0.3, which="both")
    if len(spectra) == 1:
        (spectrum,) = spectra.values()
        for edge in (spectrum.low_edge, spectrum.high_edge):
            axes.axvline(edge, color="#868e96", linestyle=":")


def _draw_blocks(axes: "Axes", spectrum: Spectrum) -> None:
    decibels = 10 * np.log10(np.maximum(spectrum.block_energy, 1e-4))
    image = axes.imshow(decibels, cmap="viridis")
    middle = (decibels.max() + decibels.min()) / 2
    for (v, u), value in np.ndenumerate(decibels):
        colour = "black" if value > middle else "white"
        axes.text(u, v, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_title("energy of 8x8 DCT blocks, dB")
    axes.set_xlabel("u, half periods across")
    axes.set_ylabel("v, half periods down")
    axes.figure.colorbar(image, ax=axes, shrink=0.8)
