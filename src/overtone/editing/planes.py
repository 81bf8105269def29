"""Pictures as planes of floating-point samples, of white 255 whatever the depth, and back."""

import numpy as np
from PIL import Image

from overtone.data.pixels import fit_to_size
from overtone.errors import ImageError
from overtone.imaging.high_depth import to_depth, white_of
from overtone.shapes import Float64, UInt

# Weights of red, green and blue in luma (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])


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


def join(
    planes: Float64[np.ndarray, "planes h w"], alpha: np.ndarray | None, bits: int
) -> UInt[np.ndarray, "h w c"]:
    """The picture of 8 or 16 bits that `split` would take apart so; rounded and clipped."""
    image = to_depth(planes.transpose(1, 2, 0) * (1 if bits == 8 else 257), bits)
    if alpha is None:
        return image
    white = white_of(image.dtype) / white_of(alpha.dtype)
    kept = to_depth(alpha[..., None] * white, bits) if white != 1 else alpha[..., None]
    return np.concatenate([image, kept], axis=2)


def luma(planes: np.ndarray) -> Float64[np.ndarray, "1 h w"]:
    """The brightness of RGB planes; a gray plane is its own."""
    return planes if len(planes) == 1 else np.tensordot(LUMA, planes, 1)[None]


def with_channels(planes: np.ndarray, num_planes: int) -> Float64[np.ndarray, "c h w"]:
    """One plane from three is the luma; three from one are equal."""
    if len(planes) == num_planes:
        return planes
    return luma(planes) if num_planes == 1 else np.repeat(planes, num_planes, axis=0)


def fitted_planes(
    image: UInt[np.ndarray, "h w c"], size: tuple[int, int]
) -> Float64[np.ndarray, "planes h2 w2"]:
    """The planes of an image at another size, height and width: the middle of it, resampled."""
    planes, _ = split(image)
    if planes.shape[1:] == size:
        return planes
    images = (Image.fromarray(plane.astype(np.float32)) for plane in planes)
    return np.stack([np.asarray(fit_to_size(each, size), np.float64) for each in images])
