"""Draws the pictures of docs/guide/edit.md from examples/coffee.png and a model of the package.

    python tools/draw_edit_guide.py

Every part of them comes out of an `overtone` command, the one that the guide shows.
"""

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Sequence

import numpy as np
from PIL import Image

from overtone.cli.main import main as overtone
from overtone.imaging.formats import OPENED_FORMATS
from overtone.imaging.image import to_uint8

ROOT = pathlib.Path(__file__).parent.parent
OUT = ROOT / "docs" / "images" / "edit"
MARGIN_PX = 6
CROP = (180, 30, 480, 230)  # left, top, right, bottom of the details shown


def main() -> None:
    """Draws all of them."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.symlink(ROOT / "examples" / "coffee.png", "photo.png")
        run("edit photo.png -o crisp.png --gain high=2")
        run("edit photo.png -o soft.png --gain high=0.2")
        run("edit photo.png -o mid.png --keep-bands mid")
        save("bands.jpg", ["photo.png", "crisp.png", "soft.png", "mid.png"], CROP, num_columns=2)

        Image.fromarray(lined(pixels("photo.png"))).save("scan.png")
        run("edit scan.png -o clean.png --notch")
        save("notch.jpg", ["scan.png", "clean.png"], CROP, num_columns=2)
        run("spectrum scan.png -o spectrum.png")
        save("spectrum.png", ["spectrum.png"], None, num_columns=1, width_px=1100)

        Image.fromarray(pixels("photo.png")[:, ::-1]).save("other.png")
        run("edit photo.png -o mixed.png --mix other.png --cutoff 12")
        save("mix.jpg", ["photo.png", "other.png", "mixed.png"], (0, 0, 600, 400), 3, width_px=300)

        Image.fromarray(to_uint8(pixels("soft.png") * 0.5 + 64)).save("faded.png")
        run("edit faded.png -o matched.png --match photo.png")
        save("match.jpg", ["photo.png", "faded.png", "matched.png"], CROP, num_columns=3)

        run("sample fashion-mnist -n 4 --seed 7 -o drawn")
        run("edit drawn -o directions.png --model fashion-mnist --direction 1=-2:2:7 --size 64x64")
        run("edit drawn -o toward.png --model fashion-mnist --toward 9=0:1:7 --size 64x64")
        save("latents.png", ["directions.png", "toward.png"], None, num_columns=2)


def run(command: str) -> None:
    """An `overtone` command; one that fails ends the program."""
    if overtone(command.split()):
        raise SystemExit(f"failed: overtone {command}")


def lined(image: np.ndarray) -> np.ndarray:
    """Every third row darker, as on a screen that was photographed."""
    dark = np.where(np.arange(len(image)) % 3 == 0, 0.7, 1.0)
    return to_uint8(image * dark[:, None, None])


def pixels(name: str) -> np.ndarray:
    """The RGB pixels of a file."""
    with Image.open(name, formats=OPENED_FORMATS) as image:
        return np.asarray(image.convert("RGB"))


def save(
    name: str,
    files: Sequence[str],
    crop: tuple[int, int, int, int] | None,
    num_columns: int,
    width_px: int | None = None,
) -> None:
    """The same part of several pictures side by side, as one file of the guide."""
    parts = [Image.fromarray(pixels(file)) for file in files]
    parts = parts if crop is None else [part.crop(crop) for part in parts]
    if width_px is not None:
        parts = [part.resize((width_px, part.height * width_px // part.width)) for part in parts]
    width, height = parts[0].width + MARGIN_PX, parts[0].height + MARGIN_PX
    num_rows = -(-len(parts) // num_columns)
    size = num_columns * width - MARGIN_PX, num_rows * height - MARGIN_PX
    sheet = Image.new("RGB", size, "white")
    for number, part in enumerate(parts):
        row, column = divmod(number, num_columns)
        sheet.paste(part, (column * width, row * height))
    sheet.save(OUT / name, optimize=True, quality=90)


if __name__ == "__main__":
    main()
