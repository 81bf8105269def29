"""Many small pictures, cut from a few photographs at places that a seed chooses."""

import pathlib

import numpy as np
from PIL import Image

SMALL = (192, 128)


def write_crops(
    photos: pathlib.Path,
    folder: pathlib.Path,
    count: int,
    *,
    seed: int,
    size: tuple[int, int] = SMALL,
) -> None:
    """So many PNG files; the same arguments give the same pictures.

    Args:
        photos: Folder of photographs.
        folder: Is made, and takes the crops.
        count: How many.
        seed: Chooses the places.
        size: Width and height of each.

    Raises:
        SystemExit: There is no photograph that is large enough.
    """
    width, height = size
    images = []
    for path in sorted(photos.iterdir()):
        if path.suffix.lower() in (".jpeg", ".jpg", ".png"):
            image = Image.open(path, formats=("JPEG", "PNG")).convert("RGB")
            if image.width >= width and image.height >= height:
                images.append(image)
    if not images:
        raise SystemExit(f"{photos} holds no PNG or JPEG picture of at least {width}x{height}")
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        image = images[number % len(images)]
        left = int(rng.integers(image.width - width + 1))
        top = int(rng.integers(image.height - height + 1))
        crop = image.crop((left, top, left + width, top + height))
        if rng.integers(2):  # fewer of a few photographs are alike
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        crop.save(folder / f"{number:04}.png")
