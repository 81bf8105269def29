"""Learns the initial context state of codec sparse-dct from a folder of pictures.

    python tools/learn_sparse_dct_context_state.py PICTURE... [--out FILE]

Codes every picture at several qualities with one model that goes on
learning, and stores what it knows at the end with bounded confidence. The state is part of the file
format: a new one is a new codec id or format version.
"""

import argparse
import pathlib

import numpy as np

from overtone.codecs.sparse_dct.header import SparseDctHeader
from overtone.codecs.sparse_dct.stream import coded_order
from overtone.entropy.context_state import pack_context_state, rounded_context_state
from overtone.imaging.image import read_picture
from overtone.kernels import sparse_dct
from overtone.transform.levels import to_levels

QUALITIES = (15, 25, 35, 45, 55, 65, 75, 83, 90, 95)
LEARNING_CONFIDENCE = 192  # while learning
STORED_CONFIDENCE = 64  # in the file


def main() -> None:
    """Parses the command line and learns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("context_state.bin"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    state = sparse_dct.untrained()
    jobs = [(path, quality) for path in arguments.pictures for quality in QUALITIES]
    np.random.default_rng(arguments.seed).shuffle(jobs)
    for number, (path, quality) in enumerate(jobs, 1):
        image = read_picture(str(path)).pixels[:, :, :3]
        tables = SparseDctHeader(quality=int(quality)).steps(3)
        levels = to_levels(image, tables)
        order = coded_order(3)
        stream, state = sparse_dct.encode_and_learn(
            [levels[c] for c in order],
            [tables[c] for c in order],
            rounded_context_state(state, LEARNING_CONFIDENCE),
        )
        print(f"{number}/{len(jobs)} {path.name} at {quality}: {len(stream)} bytes", flush=True)
    arguments.out.write_bytes(pack_context_state(*rounded_context_state(state, STORED_CONFIDENCE)))


if __name__ == "__main__":
    main()
