"""`overtone.edit`: one picture in, one out, changed in the frequency domain."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from overtone.data.pixels import fit_to_size
from overtone.editing.bands import (
    EDGE_OCTAVES,
    check_gains,
    gains_at,
    high_pass_at,
    kept_at,
    middle_cycles,
)
from overtone.editing.basis import Domain, filtered
from overtone.editing.notch import THRESHOLD_DB, Pattern, notch_at, remove_patterns
from overtone.editing.radial import matched, radial_profile
from overtone.errors import ConfigError, ImageError
from overtone.imaging.high_depth import to_depth, white_of
from overtone.shapes import Float64, UInt

if TYPE_CHECKING:
    from overtone.models.base import AbstractModel

# Of red, green and blue in luma (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114])


def edit(
    image: UInt[np.ndarray, "h w c"],
    *,
    gain: Mapping[str, float] | None = None,
    keep_bands: Sequence[str] = (),
    notch: bool = False,
    notch_threshold_db: float = THRESHOLD_DB,
    notch_frequencies: Sequence[tuple[float, float]] = (),
    match: UInt[np.ndarray, "h2 w2 c2"] | None = None,
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
        match: A picture of any size whose radial power spectrum this one gets.
        mix: A picture that gives its frequencies above the cutoff; it is resized and cropped to
            the size of this one.
        cutoff: Cycles per image; half of the octaves by default.
        domain: Filter the DCT or the DFT of the picture. The DFT takes the picture for a tile of
            an endless wall, so that one border bleeds into the other.
        edge_octaves: Width of the soft edges of bands; 0 is a hard edge, which rings.
        luma_only: Change the brightness and leave the colours, instead of each channel alike.
        bits: Of the result, 8 or 16; those of the image by default.
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
    if not 0 <= edge_octaves <= 4:
        raise ConfigError(f"edges must be 0..4 octaves wide, got {edge_octaves:g}")
    if cutoff is not None and mix is None:
        raise ConfigError("a cutoff is for mixing; give the picture to mix with too")
    if model is not None:
        if notch or notch_frequencies or match is not None or luma_only or bits or domain == "dft":
            raise ConfigError("through a model only gain, keep_bands, mix and move are possible")
        from overtone.editing.through_model import edit_through

        return edit_through(
            model, image, gain=gain, keep_bands=keep_bands, mix=mix, cutoff=cutoff,
            edge_octaves=edge_octaves, move=move,
        )  # fmt: skip
    if move is not None:
        raise ConfigError("a move is along directions of a model; give the model too")
    if bits not in (None, 8, 16):
        raise ConfigError(f"bits must be 8 or 16, got {bits}")
    planes, alpha = split(image)
    size = image.shape[0], image.shape[1]
    length_px = max(size)
    colours = planes
    if luma_only:
        planes = _luma(planes)
    before = planes
    patterns: list[Pattern] = []
    if notch_frequencies:
        planes, patterns = notch_at(planes, notch_frequencies)
    if notch:
        planes, more = remove_patterns(planes, threshold_db=notch_threshold_db)
        patterns = patterns + more
    if mix is not None:
        other = _fitted(mix, size)
        other = _with_channels(_luma(other) if luma_only else other, len(planes))
        edge = middle_cycles(length_px) if cutoff is None else cutoff
        if not 0 < edge < np.inf:
            raise ConfigError(f"the cutoff must be above 0 cycles per image, got {edge:g}")
        change = other - planes
        change -= change.mean((1, 2), keepdims=True)
        planes = planes + filtered(
            change, lambda cycles: high_pass_at(cycles, edge, edge_octaves), domain
        )
    if match is not None:
        reference, _ = split(match)
        planes = matched(planes, radial_profile(reference, domain), domain)
    if keep_bands:
        planes = filtered(
            planes, lambda cycles: kept_at(cycles, keep_bands, length_px, edge_octaves), domain
        )
    if gain is not None:
        check_gains(gain)
        planes = filtered(
            planes, lambda cycles: gains_at(cycles, gain, length_px, edge_octaves), domain
        )
    if found is not None:
        found(patterns)
    result = colours + (planes - before) if luma_only else planes
    return _joined(result, alpha, bits or 8 * image.dtype.itemsize)


def split(
    image: UInt[np.ndarray, "h w c"],
) -> tuple[Float64[np.ndarray, "planes h w"], UInt[np.ndarray, "h w"] | None]:
    """Gray or RGB planes, of white 255 whatever the depth, and alpha as it is.

    Raises:
        ImageError: The image is not of 8 or 16 bits, or not gray or RGB with or without alpha.
    """
    if image.dtype not in (np.uint8, np.uint16) or image.ndim != 3:
        raise ImageError(
            f"an image is an array (height, width, channels) of uint8 or uint16, "
            f"got {image.dtype} {image.shape}"
        )
    if not (1 <= image.shape[2] <= 4 and image.size):
        raise ImageError(f"an image has 1 to 4 channels and pixels, got {image.shape}")
    has_alpha = image.shape[2] in (2, 4)
    colours = image[..., :-1] if has_alpha else image
    planes = colours.transpose(2, 0, 1) * (255 / white_of(image.dtype))
    return planes, image[..., -1] if has_alpha else None


def _joined(
    planes: Float64[np.ndarray, "planes h w"], alpha: np.ndarray | None, bits: int
) -> UInt[np.ndarray, "h w c"]:
    image = to_depth(planes.transpose(1, 2, 0) * (1 if bits == 8 else 257), bits)
    if alpha is None:
        return image
    white = white_of(image.dtype) / white_of(alpha.dtype)
    kept = to_depth(alpha[..., None] * white, bits) if white != 1 else alpha[..., None]
    return np.concatenate([image, kept], axis=2)


def _luma(planes: np.ndarray) -> Float64[np.ndarray, "1 h w"]:
    return planes if len(planes) == 1 else np.tensordot(_LUMA, planes, 1)[None]


def _with_channels(planes: np.ndarray, num_planes: int) -> Float64[np.ndarray, "c h w"]:
    if len(planes) == num_planes:
        return planes
    return _luma(planes) if num_planes == 1 else np.repeat(planes, num_planes, axis=0)


def _fitted(
    image: UInt[np.ndarray, "h w c"], size: tuple[int, int]
) -> Float64[np.ndarray, "planes h2 w2"]:
    """The planes of an image at another size, height and width: the middle of it, resampled."""
    planes, _ = split(image)
    if planes.shape[1:] == size:
        return planes
    images = (Image.fromarray(plane.astype(np.float32)) for plane in planes)
    return np.stack([np.asarray(fit_to_size(each, size), np.float64) for each in images])
