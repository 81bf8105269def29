"""What the entropy coder of tiled-dct buys over simpler ones, on the same bits.

    python -m experiments.tiled_dct.entropy path/to/kodak

Encodes every picture once (effort fast) at two qualities, takes the bits of the stream with all
their contexts, and counts what two simpler coders need for them, for each table of contexts:

- static: each context of one table has one probability, the share of ones that this picture has
  there, told to nobody. A bound: the tables would have to be sent.
- adaptive: each bit is predicted by the counter of its context in one table, which starts from the
  shipped prior and learns as in the codec; nothing is mixed.

The levels are those that the encoder chose for the full coder. Rows go to
experiments/tiled_dct/rows/entropy.jsonl; those that are there are skipped. The last line is JSON.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Iterator

import numpy as np

from experiments.harness.records import append_record
from experiments.kodak.tables import ENTROPY as OUT
from experiments.kodak.tables import entropy_percent, read_entropy
from experiments.tiled_dct.ablate import Variant, coded
from experiments.tiled_dct.symbols import TABLE_SIZES, Collector, Ints, Symbols
from overtone.bitstream.container import Container
from overtone.codecs.tiled_dct.header import PACKAGE, TiledDctHeader
from overtone.entropy.context_state import load_context_state
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.metrics.psnr import psnr_db

QUALITIES = (24.0, 40.0)
CONFIDENCE = np.array([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192])
MAX_COUNT = 400
ONE = (1 << 22) - 1  # of a counter's probability
LEAST = 16  # of 65536: no bit is surer than that


def main() -> None:
    parser = argparse.ArgumentParser(description="The entropy coder of tiled-dct.")
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    known = {(row["image"], row["quality"]) for row in read_entropy(OUT)}
    for path in sorted(arguments.folder.glob("*.png")):
        for quality in QUALITIES:
            if (path.stem, quality) not in known:
                row = run(path, quality)
                append_record(OUT, row)
                print(path.stem, quality, row["stream_bits"], file=sys.stderr)
    print(json.dumps(entropy_percent(read_entropy(OUT))))


def run(path: pathlib.Path, quality: float) -> dict[str, object]:
    """One picture: bits of the stream, and of each element with each of its tables."""
    image = np.ascontiguousarray(read_picture(str(path)).pixels[:, :, :3])
    data, decoded = coded(image, Variant(), quality)
    stream = stream_of(data)
    collector = Collector(image.shape[1], image.shape[0])
    symbols = collector.collect(stream)
    starts = dict(prior_counters())
    return {
        "image": path.stem,
        "quality": quality,
        "psnr_db": round(psnr_db(reference=image, reconstruction=decoded), 4),
        "stream_bits": 8 * len(stream),
        "even_bits": collector.num_even_bits,
        "num_bits": {name: len(each.bits) for name, each in symbols.items()},
        "static_bits": {name: static_bits(each) for name, each in symbols.items()},
        "adaptive_bits": {
            name: adaptive_bits(each, starts[name]) for name, each in symbols.items()
        },
        **provenance(),
    }


def stream_of(data: bytes) -> bytes:
    """The coefficients in a file of an RGB picture."""
    reader = Container.from_bytes(data).reader(0)
    TiledDctHeader.read(reader, has_color=True)
    return reader.take(reader.remaining, "coefficients")


def static_bits(symbols: Symbols) -> list[float]:
    """With each table: the bits' empirical entropy, given their contexts in it."""
    found = []
    for contexts in symbols.contexts.T:
        counts = np.bincount(contexts)
        shares = np.bincount(contexts, symbols.bits) / np.maximum(counts, 1)
        costs = [-share * np.log2(np.where(share > 0, share, 1)) for share in (shares, 1 - shares)]
        found.append(round(float((counts * (costs[0] + costs[1])).sum()), 1))
    return found


def adaptive_bits(symbols: Symbols, start: list[Ints]) -> list[float]:
    """With each table: the bits' cost where a counter of each context learns from those before."""
    return [
        round(learned_bits(symbols.bits, contexts, counters), 1)
        for contexts, counters in zip(symbols.contexts.T, start, strict=True)
    ]


def learned_bits(bits: Ints, contexts: Ints, start: Ints) -> float:
    """Cost of bits that are predicted by one counter of the codec each.

    Args:
        bits: 0 or 1, (n).
        contexts: The counter of each, (n).
        start: Of each counter the probability of 22 bits and the count, (counters, 2).
    """
    counters = start.tolist()
    costs = np.empty(len(bits), np.int64)
    for i, (bit, context) in enumerate(zip(bits.tolist(), contexts.tolist(), strict=True)):
        counter = counters[context]
        probability, count = counter
        costs[i] = probability >> 6 if bit else (ONE - probability) >> 6
        rate = 131072 // (2 * count + 3)
        step = (ONE - probability) * rate >> 16 if bit else -(probability * rate >> 16)
        counter[0] = probability + step
        counter[1] = min(count + 1, MAX_COUNT)
    return float(-np.log2(np.clip(costs, LEAST, 65536 - LEAST) / 65536).sum())


def prior_counters() -> Iterator[tuple[str, list[Ints]]]:
    """Where the counters of each element's tables start: probability of 22 bits, and count."""
    packed = load_context_state(PACKAGE)[0].astype(np.int64)
    for name, sizes in TABLE_SIZES.items():
        own, packed = np.split(packed, [sum(sizes)])
        pairs = np.stack([((own >> 4) << 10) + (1 << 9), CONFIDENCE[own & 15]], 1)
        yield name, np.split(pairs, np.cumsum(sizes)[:-1])


if __name__ == "__main__":
    main()
