"""Decoding by libovt against its twin in Python, which is how files were decoded before it.

    python -m experiments.speed.libovt [--photo PICTURE] [--repeats N] [--out rows.jsonl]

One thread, every codec of the library's table, a photograph at its own size, at half and at twice
of it; the two take turns. A row has the seconds of both and how their pixels differ.
"""

import argparse
import pathlib
from typing import Any

import numpy as np

import overtone
from experiments.harness.records import write_records
from experiments.harness.timing import interleaved
from overtone.bitstream.container import Container
from overtone.codecs.library_twin import TWINS
from overtone.codecs.view import assemble, resolve_view
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture

PHOTO = pathlib.Path(__file__).parents[2] / "examples" / "coffee.png"
SCALES = (1.0, 0.5, 2.0)
QUALITY = {"tiled-dct": 60, "sparse-dct": 75, "dfm": 50}
# Decoding takes as long for weights that were fitted briefly.
SETTINGS: dict[str, dict[str, Any]] = {"dfm": {"steps": 300}}


def main() -> None:
    """Parses, measures, prints a table and writes the rows."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--photo", type=pathlib.Path, default=PHOTO)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, help="write the JSON rows here")
    arguments = parser.parse_args()
    photo = np.ascontiguousarray(read_picture(str(arguments.photo)).pixels[:, :, :3])
    rows = [row for codec in TWINS for row in rows_of(codec, photo, arguments.repeats)]
    print(f"{'codec':>10} {'scale':>5} {'libovt':>9} {'twin':>9} {'differ':>9} {'most':>4}")
    for row in rows:
        print(
            f"{row['codec']:>10} {row['scale']:5g} {row['libovt_s']:7.4f} s {row['twin_s']:7.4f} s "
            f"{row['differing_per_million']:9.2f} {row['max_difference']:4}"
        )
    if arguments.out:
        write_records(arguments.out, rows)


def rows_of(codec: str, photo: np.ndarray, repeats: int) -> list[dict[str, Any]]:
    """A row for each scale."""
    data = overtone.encode(
        photo,
        codec=codec,
        quality=QUALITY[codec],
        effort="fast",
        settings=SETTINGS.get(codec, {}),
        num_threads=1,
        verify=False,
    )
    file = Container.from_bytes(data)
    rows = []
    for scale in SCALES:
        view = resolve_view(file.width, file.height, scale=scale, max_pixels=1 << 28)
        steps = {
            "libovt": lambda scale=scale: overtone.decode(data, scale=scale, num_threads=1),
            "twin": lambda view=view: assemble(TWINS[codec](file, view), view),
        }
        difference = np.abs(steps["libovt"]().astype(int) - steps["twin"]())
        seconds, num_disturbed = interleaved(steps, repeats)
        rows.append(
            {
                "suite": "libovt",
                "codec": codec,
                "scale": scale,
                "size_bytes": len(data),
                "libovt_s": round(seconds["libovt"], 5),
                "twin_s": round(seconds["twin"], 5),
                "max_difference": int(difference.max()),
                "differing_per_million": round(1e6 * float((difference > 0).mean()), 3),
                "num_disturbed": num_disturbed,
                **provenance(),
            }
        )
    return rows


if __name__ == "__main__":
    main()
