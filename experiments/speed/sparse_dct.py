"""Pictures to lists of DCT triples and back, against Pillow's JPEG, in one interleaved run.

    python -m experiments.speed.sparse_dct [--photo PICTURE] --out rows.jsonl

Batches of 32x32 colour images in images a second, a photograph in megapixels a second; both with
quality 75 and blocks of 8, on one thread. Pillow is libjpeg-turbo, which also writes and reads the
bytes of a file; `sparse-dct` does so too, its row is from pixels to a file and back.
"""

import argparse
import io
import json
import pathlib
from typing import Any

import numpy as np
from PIL import Image

import overtone
from experiments.harness.records import write_records
from experiments.harness.timing import interleaved
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.transform.levels import Sampling, from_levels, to_levels
from overtone.transform.quant import q_table
from overtone.transform.triples import dense_images, from_triples, levels_of_dense, to_triples

QUALITY = 75
NUM_IMAGES = 256
SIDE_PX = 32
PHOTO = pathlib.Path(__file__).parents[2] / "examples" / "coffee.png"


def main() -> None:
    """Parses, measures, prints the table and one JSON line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--photo", type=pathlib.Path, default=PHOTO)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, help="write the JSON rows here")
    arguments = parser.parse_args()
    photo = read_picture(str(arguments.photo)).pixels[:, :, :3]
    rows = timed_rows("32x32 images", patches(photo), "images/s", 1, arguments.repeats)
    megapixels = photo[:, :, 0].size / 1e6
    rows += timed_rows("photograph", photo[None], "MP/s", megapixels, arguments.repeats)
    print(f"{'pictures':>14} {'implementation':>14} {'encode':>10} {'decode':>10}")
    for row in rows:
        print(
            f"{row['pictures']:>14} {row['implementation']:>14} {row['encode']:10.1f} "
            f"{row['decode']:10.1f} {row['unit']}"
        )
    if arguments.out:
        write_records(arguments.out, rows)
    print(json.dumps({f"{r['pictures']}, {r['implementation']}": r["encode"] for r in rows}))


def patches(photo: np.ndarray) -> np.ndarray:
    """Patches of the photograph, as many as a batch has."""
    rng = np.random.default_rng(0)
    height, width, _ = photo.shape
    tops = rng.integers(0, height - SIDE_PX + 1, NUM_IMAGES)
    lefts = rng.integers(0, width - SIDE_PX + 1, NUM_IMAGES)
    corners = zip(tops, lefts, strict=True)
    return np.stack([photo[y : y + SIDE_PX, x : x + SIDE_PX] for y, x in corners])


def pixels_of(jpeg: bytes) -> np.ndarray:
    """What Pillow shows of a JPEG file."""
    return np.asarray(Image.open(io.BytesIO(jpeg), formats=["JPEG"]))


def timed_rows(
    name: str, images: np.ndarray, unit: str, size: float, repeats: int
) -> list[dict[str, Any]]:
    """A row for each implementation, `size` units an image."""
    _, height, width, channels = images.shape
    sampling = Sampling(height, width, channels)
    tables = [q_table(8, QUALITY, is_chroma=c > 0) for c in range(channels)]

    def to_list() -> Any:
        return to_triples(dense_images(to_levels(images, tables), sampling), 8)

    def from_list() -> np.ndarray:
        dense = from_triples(lists, *sampling.grid(0), 64 * channels)
        return from_levels(levels_of_dense(dense, sampling), tables, sampling)

    def save(image: np.ndarray) -> bytes:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=QUALITY, subsampling="4:2:0")
        return file.getvalue()

    lists = to_list()
    jpegs = [save(image) for image in images]
    files = [
        overtone.encode(image, codec="sparse-dct", quality=QUALITY, verify=False)
        for image in images[:16]
    ]
    shown = np.stack([pixels_of(jpeg) for jpeg in jpegs])
    assert np.array_equal(from_list(), shown), "the pixels are not libjpeg's"
    steps = {
        "triples encode": to_list,
        "triples decode": from_list,
        "Pillow JPEG encode": lambda: [save(image) for image in images],
        "Pillow JPEG decode": lambda: [pixels_of(jpeg) for jpeg in jpegs],
        "sparse-dct encode": lambda: [
            overtone.encode(image, codec="sparse-dct", quality=QUALITY, verify=False)
            for image in images[:16]
        ],
        "sparse-dct decode": lambda: [overtone.decode(file) for file in files],
    }
    seconds, num_disturbed = interleaved(steps, repeats)
    counts = {"triples": len(images), "Pillow JPEG": len(images), "sparse-dct": len(files)}
    return [
        {
            "suite": "sparse_dct",
            "pictures": name,
            "implementation": implementation,
            "encode": round(count * size / seconds[f"{implementation} encode"], 2),
            "decode": round(count * size / seconds[f"{implementation} decode"], 2),
            "unit": unit,
            "num_disturbed": num_disturbed,
            **provenance(),
        }
        for implementation, count in counts.items()
    ]


if __name__ == "__main__":
    main()
