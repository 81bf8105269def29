"""The one place where a rate is computed."""


def rate_bpp(*, size_bytes: int, width: int, height: int) -> float:
    """Bits of the whole file per pixel: 8 · `size_bytes` / (`width` · `height`).

    Raises:
        ValueError: A size is not positive.
    """
    if size_bytes <= 0 or width <= 0 or height <= 0:
        raise ValueError(f"sizes must be positive, got {size_bytes} bytes, {width}x{height} pixels")
    return 8 * size_bytes / (width * height)
