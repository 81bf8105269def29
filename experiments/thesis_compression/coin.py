"""COIN's networks by our codec `coin`: rows in kodak/rows/coin.jsonl.

    python -m experiments.thesis_compression.coin photo1.png photo2.png photo3.png --steps 5000

The stored rows are of before there was the codec: the same networks, fitted with PyTorch for two
core-minutes each. Rows that are there are skipped. The last line is JSON.
"""

import argparse
import dataclasses
import json
import pathlib

import numpy as np

from overtone.codecs.base import EncodeOptions
from overtone.codecs.registry import get_codec
from overtone.evaluate.rate_distortion.match import encode_once
from overtone.evaluate.rate_distortion.rows import Row, append_row, read_rows
from overtone.evaluate.rate_distortion.run import Sample, Setting, load_sample, score

ARCHITECTURES = {"5x30": (5, 30), "10x28": (10, 28), "10x40": (10, 40), "13x49": (13, 49)}
OUT = pathlib.Path("experiments/kodak/rows/coin.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(description="COIN's networks by the codec coin.")
    parser.add_argument("pictures", nargs="+", type=pathlib.Path)
    parser.add_argument("--architectures", default="5x30,10x28,13x49", help="comma-separated")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    arguments = parser.parse_args()
    known = {(row.image, row.preset) for row in read_rows(arguments.out)}
    rows = []
    for name in arguments.architectures.split(","):
        for path in arguments.pictures:
            if (path.stem, name) in known:
                continue
            row = run(load_sample(path), name, arguments.steps, arguments.threads)
            append_row(arguments.out, row)
            rows.append(row)
            print(f"{row.image} {name}: {row.rate_bpp:.3f} bpp {row.psnr_db:.2f} dB")
    print(json.dumps([dataclasses.asdict(row) for row in rows]))


def run(sample: Sample, name: str, steps: int, threads: int) -> Row:
    """Fit one network, take it through its bytes, measure."""
    layers, width = ARCHITECTURES[name]
    options = EncodeOptions(
        settings={"layers": layers, "width": width, "steps": steps}, num_threads=threads
    )
    codec = get_codec("coin")
    codec.check(options)
    attempt = encode_once(codec, np.ascontiguousarray(sample.image), options)
    quality = float(list(ARCHITECTURES).index(name))
    setting = Setting(codec="coin", quality=quality, preset=name, num_threads=threads)
    attempt = dataclasses.replace(attempt, quality=quality)
    return score(sample, setting, attempt, suite="kodak-dev").row


if __name__ == "__main__":
    main()
