"""`overtone.edit`: one picture in, one out, changed in the frequency domain."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from overtone.editing.bands import EDGE_OCTAVES, BandGains
from overtone.editing.basis import Domain, filtered
from overtone.editing.mix import Mix, mixed
from overtone.editing.notch import THRESHOLD_DB, Pattern, notch_at, remove_patterns
from overtone.editing.planes import join, luma, split
from overtone.editing.radial import matched, radial_profile
from overtone.editing.set_match import SetMatch
from overtone.errors import ConfigError
from overtone.shapes import Float64, UInt

if TYPE_CHECKING:
    from overtone.models.base import AbstractModel


def edit(
    image: UInt[np.ndarray, "h w c"],
    *,
    gain: Mapping[str, float] | None = None,
    keep_bands: Sequence[str] = (),
    notch: bool = False,
    notch_threshold_db: float = THRESHOLD_DB,
    notch_frequencies: Sequence[tuple[float, float]] = (),
    match: UInt[np.ndarray, "h2 w2 c2"] | SetMatch | None = None,
    mix: UInt[np.ndarray, "h3 w3 c3"] | None = None,
    cutoff: float | None = None,
    domain: Domain = "dct",
    edge_octaves: float = EDGE_OCTAVES,
    luma_only: bool = False,
    bits: int | None = None,
    model: "str | pathlib.Path | AbstractModel | None" = None,
    move: Mapping[int | str, float] | None = None,
    found: Callable[[Sequence[Pattern]], None] | None = None,
) -> UInt[np.ndarray, "h w c"]:
    """A picture with its frequencies changed.

    Several changes are made in this order: patterns are taken out, the high frequencies of another
    picture come in, the spectrum is matched, bands are kept, bands get gains. Nothing is rounded
    between them. Frequencies are in cycles per image, periods along the longer side; a band is
    "low", "mid" or "high" (equal shares of the octaves from 1 cycle per image to half the longer
    side) or a range such as "8-40" or "40-". The mean of the picture is always kept, and so is
    alpha. Without changes, or with gains of 1, the picture comes back bit for bit.

    Args:
        image: 8 or 16 bits a sample; gray, gray and alpha, RGB or RGBA.
        gain: Factors of bands; what is in no band stays.
        keep_bands: All other frequencies are removed, unless there are none here.
        notch: Find periodic patterns and take them out, see `overtone.editing.notch`.
        notch_threshold_db: How far the peak of a pattern must stand out, decibels.
        notch_frequencies: Patterns to take out without looking: cycles per image to the right and
            downwards.
        match: A picture of any size whose radial power spectrum this one gets; or a `SetMatch`,
            which gives it colours and spectrum of a set of pictures.
        mix: A picture that gives its frequencies above the cutoff; it is resized and cropped to
            the size of this one.
        cutoff: Cycles per image; half of the octaves by default.
        domain: Filter the DCT or the DFT of the picture. The DFT takes the picture for a tile of
            an endless wall, so that one border bleeds into the other.
        edge_octaves: Width of the soft edges of bands; 0 is a hard edge, which rings.
        luma_only: Change the brightness and leave the colours, instead of each channel alike.
        bits: Bits of a sample of the result, 8 or 16; those of the image by default.
        model: Edit through a model instead, or through the one of this name or path: `gain`,
            `keep_bands` and `mix` change the weights of a spectral dictionary's atoms. The image
            has 8 bits and the model's height, width and channels.
        move: With a model, how far to go along directions of its latents, by their number (in
            standard deviations) or by the name of a class, see `overtone.editing.through_model`.
        found: Called with the patterns that were taken out.

    Raises:
        ConfigError: A band, gain, frequency or width makes no sense, or a model cannot do this.
        ModelError: There is no such model, or its file is damaged.
        ImageError: The image is none of these kinds.
    """
    bands = BandGains(keep_bands, gain, edge_octaves)
    if cutoff is not None and mix is None:
        raise ConfigError("a cutoff is for mixing; give the picture to mix with too")
    mixture = None if mix is None else Mix(mix, cutoff, edge_octaves)
    if model is not None:
        if notch or notch_frequencies or match is not None or luma_only or bits or domain == "dft":
            raise ConfigError("through a model only gain, keep_bands, mix and move are possible")
        from overtone.editing.through_model import edit_through

        return edit_through(model, image, bands, mix=mixture, move=move)
    if move is not None:
        raise ConfigError("a move is along directions of a model; give the model too")
    if bits not in (None, 8, 16):
        raise ConfigError(f"bits must be 8 or 16, got {bits}")
    colours, alpha = split(image)
    before = luma(colours) if luma_only else colours
    threshold_db = notch_threshold_db if notch else None
    planes, patterns = _without_patterns(before, notch_frequencies, threshold_db)
    if mixture is not None:
        planes = mixed(planes, mixture, domain)
    if isinstance(match, SetMatch):
        planes = match.applied(planes, domain)
    elif match is not None:
        planes = matched(planes, radial_profile(split(match)[0], domain), domain)
    if not bands.change_nothing:
        length_px = max(image.shape[:2])
        planes = filtered(planes, lambda cycles: bands.at(cycles, length_px), domain)
    if found is not None:
        found(patterns)
    result = colours + (planes - before) if luma_only else planes
    return join(result, alpha, bits or 8 * image.dtype.itemsize)


def _without_patterns(
    planes: Float64[np.ndarray, "c h w"],
    frequencies: Sequence[tuple[float, float]],
    threshold_db: float | None,
) -> tuple[Float64[np.ndarray, "c h w"], list[Pattern]]:
    """The planes less the patterns of these frequencies, and less what is found at a threshold."""
    given: list[Pattern] = []
    found: list[Pattern] = []
    if frequencies:
        planes, given = notch_at(planes, frequencies)
    if threshold_db is not None:
        planes, found = remove_patterns(planes, threshold_db=threshold_db)
    return planes, given + found
