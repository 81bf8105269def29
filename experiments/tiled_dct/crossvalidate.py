"""How good is tiled-dct on pictures its context state and post-filter have not seen?

    python -m experiments.tiled_dct.crossvalidate path/to/kodak [--effort fast]

Splits the pictures in two halves, learns context_state.bin and post_filter.bin on each half with
the tools that made the shipped ones, and codes the other half with them, through files. Rows go to
experiments/tiled_dct/rows/crossvalidated.jsonl; the last line is JSON with the BD-rate against
experiments/kodak/rows/jpeg.jsonl over all pictures, each coded with what was learned on others.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from experiments.kodak.tables import ANCHOR, curve
from experiments.kodak.tables import CROSSVALIDATED as OUT
from experiments.tiled_dct.ablate import QUALITIES
from experiments.tiled_dct.other_data import other_data
from overtone.codecs.base import Effort
from overtone.codecs.registry import decode, encode
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.metrics.bd_rate import bd_rate_percent
from overtone.metrics.psnr import psnr_db

TOOLS = pathlib.Path(__file__).parents[2] / "tools"


def main() -> None:
    parser = argparse.ArgumentParser(description="Cross-validation of the codec tiled-dct.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--effort", default="fast", choices=["fast", "default", "best"])
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.glob("*.png"))
    rows = []
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with OUT.open("w", encoding="utf-8") as file:
        for half in (0, 1):
            for row in held_out(paths[1 - half :: 2], paths[half::2], arguments.effort):
                rows.append(row)
                file.write(json.dumps(row) + "\n")
                print(row["image"], row["quality"], row["size_bytes"], file=sys.stderr)
    names = {path.stem for path in paths}
    anchor = curve([json.loads(line) for line in ANCHOR.read_text().splitlines()], names)
    bd_rate = bd_rate_percent(reference=anchor, candidate=curve(rows, names))
    print(json.dumps({"pictures": len(names), "effort": arguments.effort, "bd_rate": bd_rate}))


def held_out(learn: list[pathlib.Path], test: list[pathlib.Path], effort: Effort) -> list[dict]:
    """Rows of `test`, coded with what was learned on `learn`."""
    with tempfile.TemporaryDirectory() as folder:
        learned = {}
        for name in ("context_state", "post_filter"):
            out = pathlib.Path(folder, f"{name}.bin")
            script = str(TOOLS / f"learn_tiled_dct_{name}.py")
            command = [sys.executable, script, *map(str, learn), "--out", str(out)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            learned[name] = out.read_bytes()
    rows = []
    with other_data(**learned):
        for path in test:
            image = read_picture(str(path)).pixels[:, :, :3]
            for quality in QUALITIES:
                data = encode(image, quality=quality, effort=effort)
                psnr = psnr_db(reference=image, reconstruction=decode(data))
                rows.append(
                    {
                        "image": path.stem,
                        "learned_on": [p.stem for p in learn],
                        "effort": effort,
                        "quality": quality,
                        "size_bytes": len(data),
                        "rate_bpp": round(8 * len(data) / image[:, :, 0].size, 6),
                        "psnr_db": round(psnr, 4),
                        **provenance(),
                    }
                )
    return rows


if __name__ == "__main__":
    main()
