"""What each part of the codec tiled-dct buys: BD-rate against JPEG with the part taken out.

    python -m experiments.tiled_dct.ablate path/to/kodak [--every 2]

Writes experiments/tiled_dct/rows/ablation.jsonl: one row a picture, variant and quality, each
through a file that is decoded again. Rows that are there are skipped. Rates of the anchor are those
of experiments/kodak/rows/jpeg.jsonl. Variants other than "search" are one encoding (effort fast).
The last line is JSON: BD-rates of all variants, percent.
"""

import argparse
import dataclasses
import json
import pathlib
import sys

import numpy as np

from experiments.harness.records import append_record
from experiments.kodak.tables import ABLATION as OUT
from experiments.kodak.tables import ANCHOR, SEARCH, curve
from experiments.tiled_dct.other_data import other_data
from overtone.bitstream.container import Container, Layout
from overtone.bitstream.writer import Writer
from overtone.codecs.registry import decode, encode
from overtone.codecs.tiled_dct.codec import TiledDctCodec
from overtone.codecs.tiled_dct.color import decorrelating_angles
from overtone.codecs.tiled_dct.header import PACKAGE, TiledDctHeader, step_index_of
from overtone.codecs.tiled_dct.planes import Planes
from overtone.codecs.tiled_dct.search import RD_WEIGHT
from overtone.entropy.context_state import load_context_state, pack_context_state
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.kernels import tiled_dct
from overtone.metrics.bd_rate import bd_rate_percent
from overtone.metrics.psnr import psnr_db

QUALITIES = (16.0, 24.0, 32.0, 40.0, 48.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """A part taken out, or exchanged."""

    changes: dict[str, object] = dataclasses.field(default_factory=dict)
    tile_log2: tuple[int, int] = (3, 6)
    rd_weight: float = RD_WEIGHT
    has_learned_state: bool = True


VARIANTS = {
    "one encoding": Variant(),
    "untrained models": Variant(has_learned_state=False),
    "no post-filter": Variant(changes={"uses_post_filter": (False, False)}),
    "no blending of smooth tiles": Variant(changes={"blend_eighths": 0}),
    "no overlap and no blending": Variant(changes={"overlap_tenths": 0, "blend_eighths": 0}),
    "no post-filter, overlap or blending": Variant(
        changes={"uses_post_filter": (False, False), "overlap_tenths": 0, "blend_eighths": 0}
    ),
    "tiles of 8 only": Variant(tile_log2=(3, 3)),
    "tiles of 16 only": Variant(tile_log2=(4, 4)),
    "tiles of 32 only": Variant(tile_log2=(5, 5)),
    "rounding, no rate in the choice": Variant(rd_weight=1e-4),
    "no rotation of colour": Variant(changes={"angles": (0, 0, 0)}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Ablation of the codec tiled-dct.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1, help="take every so many pictures")
    arguments = parser.parse_args()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    paths = sorted(arguments.folder.glob("*.png"))[:: arguments.every]
    rows = [json.loads(line) for line in OUT.read_text().splitlines()] if OUT.exists() else []
    known = {(row["variant"], row["image"], row["quality"]) for row in rows}
    jobs = [(v, p, q) for v in (*VARIANTS, SEARCH) for p in paths for q in QUALITIES]
    todo = [job for job in jobs if (job[0], job[1].stem, job[2]) not in known]
    for number, (variant, path, quality) in enumerate(todo, 1):
        row = run(variant, path, quality)
        rows.append(row)
        append_record(OUT, row)
        print(f"{number}/{len(todo)} {variant} {path.stem} {quality:g}", file=sys.stderr)
    names = {path.stem for path in paths}
    anchor = curve([json.loads(line) for line in ANCHOR.read_text().splitlines()], names)
    result = {}
    for variant in (*VARIANTS, SEARCH):
        measured = curve([row for row in rows if row["variant"] == variant], names)
        result[variant] = round(bd_rate_percent(reference=anchor, candidate=measured), 2)
        print(f"{result[variant]:8.2f} %  {variant}")
    print(json.dumps({"anchor": "jpeg", "pictures": len(names), "bd_rate_percent": result}))


def run(name: str, path: pathlib.Path, quality: float) -> dict[str, object]:
    """One file of one picture."""
    image = read_picture(str(path)).pixels[:, :, :3]
    if name == SEARCH:
        data = encode(image, quality=quality)
        decoded = decode(data)
    else:
        data, decoded = coded(image, VARIANTS[name], quality)
    return {
        "variant": name,
        "image": path.stem,
        "quality": quality,
        "size_bytes": len(data),
        "rate_bpp": round(8 * len(data) / image[:, :, 0].size, 6),
        "psnr_db": round(psnr_db(reference=image, reconstruction=decoded), 4),
        **provenance(),
    }


def coded(image: np.ndarray, variant: Variant, quality: float) -> tuple[bytes, np.ndarray]:
    """The file and its pixels."""
    start = TiledDctHeader(step_index=step_index_of(quality), angles=decorrelating_angles(image))
    header = dataclasses.replace(start, **variant.changes)
    writer = Writer()
    header.write(writer)
    state = load_context_state(PACKAGE) if variant.has_learned_state else untrained()
    with other_data(context_state=pack_context_state(*state)):
        stream = tiled_dct.encode(
            Planes(image, header.angles),
            state,
            header.reconstruction,
            rd_weight=variant.rd_weight,
            tile_log2=variant.tile_log2,
        )
        writer.put(stream)
        container = Container(
            codec_id=TiledDctCodec.codec_id,
            width=image.shape[1],
            height=image.shape[0],
            layout=Layout.RGB,
            sections=(writer.to_bytes(),),
        )
        data = container.to_bytes()
        return data, decode(data)


def untrained() -> tuple[np.ndarray, np.ndarray]:
    """An initial context state that knows nothing, in place of the stored one."""
    probabilities, _, weights = tiled_dct.untrained()
    return np.array(probabilities, np.uint16) & 0xFFF0, np.array(weights, np.int32)


if __name__ == "__main__":
    main()
