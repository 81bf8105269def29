"""Encodes a photograph, decodes it, compares it with the classical codecs at equal bytes; draws
new pictures from a model that comes with the package.

python examples/demo.py [PHOTO] [-o FOLDER]      (`make demo`)

writes FOLDER/report.html, the compressed and the decoded photograph, and FOLDER/cifar10.png.
"""

import argparse
import pathlib
import sys
import time

from rich.progress import track

import overtone
from overtone.cli.progress import run_with_bar
from overtone.evaluate.rate_distortion.own_sections import own_sections
from overtone.evaluate.rate_distortion.report import report_html
from overtone.evaluate.rate_distortion.rows import current_rows, read_rows
from overtone.evaluate.rate_distortion.run import (
    Measured,
    Sample,
    Setting,
    load_sample,
    measure_picture,
    plan,
)
from overtone.evaluate.rate_distortion.side_by_side import SideBySide, equal_bytes
from overtone.evaluate.rate_distortion.table import markdown_table, summaries
from overtone.imaging.image import Picture, picture_to_bytes, to_grid

QUALITIES = {
    "tiled-dct": (10, 15, 20, 25, 30, 35, 40, 45, 50, 55),
    "jpeg": (1, 5, 10, 15, 20, 30, 40, 55, 70, 80, 87),
    "webp": (1, 5, 10, 20, 30, 45, 60, 75, 84, 90),
    "avif": (5, 12, 20, 28, 36, 45, 55, 65, 75),
    "jpeg2000": (10, 18, 25, 31, 38, 44, 50, 57, 62, 66),
}
SHOWN_BPP = (0.15, 0.4)
MODEL = "cifar10"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    photo = pathlib.Path(__file__).parent / "coffee.png"
    parser.add_argument("photo", type=pathlib.Path, nargs="?", default=photo)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("demo"))
    arguments = parser.parse_args()
    start = time.perf_counter()

    sample = load_sample(arguments.photo)
    folder: pathlib.Path = arguments.output
    settings = [
        Setting(codec=codec, quality=float(quality))
        for codec, qualities in QUALITIES.items()
        for quality in qualities
    ]
    for _ in run_with_bar(plan([sample], settings, folder, force=True), suite="demo"):
        pass
    side_by_sides = [side_by_side(sample, rate) for rate in track(SHOWN_BPP, "matching bytes")]
    first = side_by_sides[0].files[0]
    rows = [row for row in current_rows(read_rows(folder)) if row.image == sample.name]
    page = report_html(
        title=f"{sample.name}: our default codec against the classical ones",
        rows=rows,
        side_by_sides=side_by_sides,
        sections=own_sections(side_by_sides[0]),
    )
    (folder / "report.html").write_text(page, "utf-8")
    (folder / f"{sample.name}.ovt").write_bytes(first.data)
    decoded = Picture(overtone.decode(first.data), overtone.Metadata())
    (folder / f"{sample.name}-decoded.png").write_bytes(picture_to_bytes(decoded, ".png"))
    sys.stdout.write(f"{markdown_table(summaries(rows))}\n\n")
    drawn = Picture(to_grid(overtone.sample(MODEL, 64, seed=1), margin_px=2), overtone.Metadata())
    (folder / f"{MODEL}.png").write_bytes(picture_to_bytes(drawn, ".png"))
    names = ("report.html", f"{sample.name}.ovt", f"{sample.name}-decoded.png", f"{MODEL}.png")
    for name in names:
        sys.stdout.write(f"{folder / name}\n")
    sys.stdout.write(f"{time.perf_counter() - start:.0f} s\n")


def side_by_side(sample: Sample, rate: float) -> SideBySide:
    first: Measured = measure_picture(
        sample, Setting(codec="tiled-dct", target_bpp=rate), suite="demo"
    )
    others = [Setting(codec=codec, target_bpp=rate) for codec in QUALITIES if codec != "tiled-dct"]
    return SideBySide(sample, (first, *equal_bytes(sample, first, others, suite="demo")))


if __name__ == "__main__":
    main()
