"""How many bytes fewer than JPEG for the same pixels? Codec sparse-dct, through files.

    python -m experiments.jpeg_repack.measure path/to/kodak
    python -m experiments.jpeg_repack.measure --page

Every picture is saved by libjpeg (4:2:0; Huffman tables optimised, and once more progressive),
packed without loss, decoded, and compared with the pixels of the JPEG file. The shipped context
state has seen the development pictures, so the same is measured with one learned on one half of
them for the pictures of the other half. Rows go to experiments/jpeg_repack/rows/jpeg_repack.jsonl;
--page writes the table in docs/design/sparse-dct-codec.md; the last line is JSON.
"""

import argparse
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

import overtone
from experiments.harness.rebuild import rebuild
from experiments.harness.records import write_records
from experiments.kodak.tables import REPACK, jpeg_repack, saving_percent
from overtone.cli.progress import progress_bar
from overtone.entropy.context_state import unpack_context_state
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "learn_sparse_dct_context_state.py"
QUALITIES = (20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95)


def main() -> None:
    """Parses the command line, measures, writes."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, help="PNG pictures")
    parser.add_argument("--page", action="store_true", help="write the table from the rows")
    arguments = parser.parse_args()
    if arguments.folder:
        paths = sorted(arguments.folder.glob("*.png"))
        rows = measured(paths, "shipped")
        for half in (0, 1):
            state = learned_on(paths[1 - half :: 2])
            with mock.patch(
                "overtone.entropy.context_state.load_context_state", return_value=state
            ):
                rows += measured(paths[half::2], "other half")
        write_records(REPACK, rows)
    rows = [json.loads(line) for line in REPACK.read_text("utf-8").splitlines()]
    if arguments.page:
        rebuild(["tables"])
    print(jpeg_repack(pathlib.Path()))
    print(json.dumps({prior: saving_percent(rows, prior) for prior in ("shipped", "other half")}))


def learned_on(paths: list[pathlib.Path]) -> tuple[np.ndarray, np.ndarray]:
    """The context state of these pictures."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "context_state.bin")
        command = [sys.executable, str(TOOL), *map(str, paths), "--out", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return unpack_context_state(out.read_bytes())


def measured(paths: list[pathlib.Path], prior: str) -> list[dict[str, Any]]:
    """A row for each picture and quality."""
    rows = []
    jobs = [(path, quality) for path in paths for quality in QUALITIES]
    with progress_bar(f"prior {prior}") as progress:
        for number, (path, quality) in enumerate(jobs, 1):
            rows.append(row_of(path, quality) | {"prior": prior})
            if progress is not None:
                progress(number / len(jobs), f"{path.stem} at {quality}")
    return rows


def row_of(path: pathlib.Path, quality: int) -> dict[str, Any]:
    image = read_picture(str(path)).pixels
    jpeg, progressive = (saved(image, quality, optimize=True, progressive=p) for p in (False, True))
    started = time.perf_counter()
    packed = overtone.repack_jpeg(jpeg)
    packed_s = time.perf_counter()
    pixels = overtone.decode(packed)
    decoded_s = time.perf_counter()
    shown = np.asarray(Image.open(io.BytesIO(jpeg), formats=["JPEG"]))
    from_pixels = overtone.encode(image, codec="sparse-dct", quality=quality)
    return {
        "suite": "jpeg_repack",
        "image": path.stem,
        "quality": quality,
        "jpeg_bytes": len(jpeg),
        "progressive_jpeg_bytes": len(progressive),
        "size_bytes": len(packed),
        "encoded_bytes": len(from_pixels),
        "largest_difference": int(np.abs(pixels.astype(int) - shown).max()),
        "repack_s": round(packed_s - started, 4),
        "decode_s": round(decoded_s - packed_s, 4),
        **provenance(),
    }


def saved(image: np.ndarray, quality: int, **options: bool) -> bytes:
    """The JPEG file of a picture."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:2:0", **options)
    return file.getvalue()


if __name__ == "__main__":
    main()
