"""The spectrum of a picture with its patterns, and the picture with its frequencies changed."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import overtone
from overtone.data.pixels import fit_to_size, to_array, to_image
from overtone.editing.bands import middle_cycles, named_edges
from overtone.editing.notch import Pattern, check_threshold
from overtone.editing.peaks import Peak
from overtone.editing.spectrum_picture import amplitude_picture
from overtone.errors import ConfigError
from overtone.shapes import UInt8
from overtone.studio.pictures import png
from overtone.studio.tasks import AnalyseRequest, EditRequest, Part, Pictures, Report

SPECTRUM_PX = 768  # longest side of the picture of a spectrum
QUICK_PIXELS = 600_000  # of a quick answer
ANALYSED_PIXELS = 2_000_000  # of what is looked at but not closely


def analyse(request: AnalyseRequest, pictures: Pictures, report: Report) -> Iterator[Part]:
    """The spectrum as a picture, the edges of bands, and the patterns that stand out.

    Unless it is looked at closely, a large picture is looked at smaller: its highest frequencies
    are then not in the spectrum.

    Raises:
        ConfigError: The threshold makes no sense.
    """
    pixels, longest = pictures["picture"], max(pictures["picture"].shape[:2])
    check_threshold(request.threshold_db)
    is_reduced = not request.closely and pixels.shape[0] * pixels.shape[1] > ANALYSED_PIXELS
    seen = _reduced(pixels, ANALYSED_PIXELS) if is_reduced else pixels
    report(0.1, "measuring the spectrum")
    spectrum = overtone.spectrum(seen)
    patterns = [_facts_of(each, longest, None) for each in spectrum.patterns]
    if request.closely:
        report(0.4, "looking for patterns")
        patterns = _closely(pixels, request.threshold_db)
    low, high = named_edges(longest)
    facts = {
        "extent_cycles": max(seen.shape[:2]),  # from one border of the spectrum to the other
        "longest_px": longest,
        "low_edge": low,
        "high_edge": high,
        "shares": None if is_reduced else spectrum.shares,
        "patterns": patterns,
        "closely": request.closely,
        "is_reduced": is_reduced,
    }
    yield Part(facts, {"spectrum": png(amplitude_picture(spectrum, SPECTRUM_PX))})


def _closely(pixels: UInt8[np.ndarray, "h w c"], threshold_db: float) -> list[dict[str, Any]]:
    found: list[Pattern] = []
    overtone.edit(pixels, notch=True, notch_threshold_db=threshold_db, found=found.extend)
    return [_facts_of(each, max(pixels.shape[:2]), each.amplitude) for each in found]


def _facts_of(wave: Pattern | Peak, longest_px: int, amplitude: float | None) -> dict[str, Any]:
    x, y = wave.cycles_x, wave.cycles_y
    return {
        "x": x,
        "y": y,
        "period_px": longest_px / math.hypot(x, y),
        "amplitude": amplitude,
        "prominence_db": wave.prominence_db,
    }


def edit(request: EditRequest, pictures: Pictures, report: Report) -> Iterator[Part]:
    """The picture with its frequencies changed, as by `overtone.edit`, as a PNG file.

    Raises:
        ConfigError: A band, gain or frequency makes no sense, or a second picture is missing.
    """
    if (request.match or request.mix) and "other" not in pictures:
        raise ConfigError("matching and mixing need a second picture; drop one there too")
    pixels, other = pictures["picture"], pictures.get("other")
    gains = {each.band: each.factor for each in request.gains}
    is_reduced = request.quick and not request.patterns and _shows_the_same(gains)
    if is_reduced and pixels.shape[0] * pixels.shape[1] > QUICK_PIXELS:
        gains = _in_cycles(gains, max(pixels.shape[:2]))
        cutoff = middle_cycles(max(pixels.shape[:2])) if request.cutoff is None else request.cutoff
        request = dataclasses.replace(request, cutoff=cutoff)
        pixels = _reduced(pixels, QUICK_PIXELS)
    else:
        is_reduced = False
    report(0.1, "changing frequencies")
    result = overtone.edit(
        pixels,
        gain=gains or None,
        notch_frequencies=[(each.x, each.y) for each in request.patterns],
        match=other if request.match else None,
        mix=other if request.mix else None,
        cutoff=request.cutoff if request.mix else None,
        edge_octaves=request.edge_octaves,
        luma_only=request.luma_only,
    )
    height, width = result.shape[:2]
    facts = {"width": width, "height": height, "is_reduced": is_reduced}
    yield Part(facts, {"result": png(result)})


def _shows_the_same(gains: dict[str, float]) -> bool:
    """Whether all bands are named: a range may lie above the frequencies of a smaller picture."""
    return gains.keys() <= {"low", "mid", "high"}


def _in_cycles(gains: dict[str, float], longest_px: int) -> dict[str, float]:
    """The same bands by their frequencies, which are those of the picture at every size."""
    low, high = named_edges(longest_px)
    ranges = {"low": f"0-{low:.9f}", "mid": f"{low:.9f}-{high:.9f}", "high": f"{high:.9f}-"}
    return {ranges[name]: factor for name, factor in gains.items()}


def _reduced(pixels: UInt8[np.ndarray, "h w c"], num_pixels: int) -> UInt8[np.ndarray, "h2 w2 c"]:
    """The picture at about so many pixels."""
    height, width = pixels.shape[:2]
    factor = math.sqrt(num_pixels / (height * width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    planes = [
        to_array(fit_to_size(to_image(pixels[..., c : c + 1]), size))
        for c in range(pixels.shape[2])
    ]
    return np.concatenate(planes, axis=2)
