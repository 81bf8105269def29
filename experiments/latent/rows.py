"""Rows of the codec `dfm-latent`, of published files to compare with, and the points they are."""

import dataclasses
import math
import pathlib
from collections.abc import Iterable, Sequence

from experiments.harness.rows import Record, newest_of, read_records

CODEC = "dfm-latent"
STANDARD = "standard"  # the variant that is the codec as it is
ROWS = pathlib.Path("experiments/latent/rows")
FILES = ROWS / "files.jsonl"
PUBLISHED = ROWS / "published.jsonl"

# Their λ are those of the published tables: 2e-2, 4e-3, 1e-3, 4e-4 and 1e-4.
QUALITIES = (18.2, 31.0, 42.0, 49.2, 60.2)

FILE_FIELDS = {
    "image": str,
    "image_hash": str,
    "codec": str,
    "variant": str,
    "preset": (str, None),
    "settings": dict,
    "effort": str,
    "quality": float,
    "seed": int,
    "size_bytes": int,
    "rate_bpp": float,
    "psnr_db": float,
    "rd_weight": float,
    "cost": float,
    "encode_s": float,
    "decode_s": float,
    "described": dict,
    "prefixes": list,
    "commit": str,
    "machine": str,
    "date": str,
}
PUBLISHED_FIELDS = {
    "system": str,
    "image": str,
    "rd_weight": float,
    "rate_bpp": float,
    "psnr_db": float,
    "decode_s": (float, None),
}
# What tells files apart that are not the same thing measured again.
IDENTITY = ("image", "codec", "variant", "effort", "quality", "seed")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A file of a picture, as curves take it.

    Attributes:
        image: Name of the picture.
        quality: The dial it was written with, or what stands for one.
        rate_bpp: Bits of the file per pixel.
        psnr_db: PSNR of the decoded 8-bit pixels, dB.
        target_bpp: None: the rate is not searched for.
    """

    image: str
    quality: float
    rate_bpp: float
    psnr_db: float
    target_bpp: None = None


def read_files(root: pathlib.Path, codec: str = CODEC) -> list[Record]:
    """Rows of files of a codec; of several of the same thing the last one."""
    rows = read_records(root / FILES, FILE_FIELDS)
    return newest_of([row for row in rows if row["codec"] == codec], IDENTITY)


def read_published(root: pathlib.Path) -> dict[str, list[Record]]:
    """Rows of published files, by the system that wrote them, the newest version first."""
    found: dict[str, list[Record]] = {}
    for row in read_records(root / PUBLISHED, PUBLISHED_FIELDS):
        found.setdefault(row["system"], []).append(row)
    return found


def points_of(rows: Iterable[Record]) -> list[Point]:
    """The points of rows of either kind."""
    return [
        Point(
            image=row["image"],
            quality=row["quality"] if "quality" in row else -math.log(row["rd_weight"]),
            rate_bpp=row["rate_bpp"],
            psnr_db=row["psnr_db"],
        )
        for row in rows
    ]


def of_variant(rows: Iterable[Record], effort: str, variant: str = STANDARD) -> list[Record]:
    """Files of one variant at one effort."""
    return [row for row in rows if (row["effort"], row["variant"]) == (effort, variant)]


def first_seed(rows: Sequence[Record]) -> list[Record]:
    """Those of the smallest seed."""
    smallest = min((row["seed"] for row in rows), default=0)
    return [row for row in rows if row["seed"] == smallest]


def by_quality(rows: Sequence[Record]) -> dict[float, list[Record]]:
    """Rows of each quality, ascending."""
    return {
        quality: [row for row in rows if row["quality"] == quality]
        for quality in sorted({row["quality"] for row in rows})
    }
