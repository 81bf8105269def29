"""Learns the initial context state of codec tiled-dct from a folder of pictures.

    python tools/learn_tiled_dct_context_state.py PICTURE... [--out FILE]

Codes every picture at several qualities with one model that goes on learning, and stores what it
knows at the end with bounded confidence, so that it still adapts to a new picture. The state is
part of the file format: a new one is a new format version.
"""

import argparse
import pathlib

import numpy as np

from overtone.codecs.tiled_dct.color import decorrelating_angles
from overtone.codecs.tiled_dct.header import TiledDctHeader, step_index_of
from overtone.codecs.tiled_dct.planes import to_planes
from overtone.codecs.tiled_dct.search import RD_WEIGHT
from overtone.entropy.context_state import pack_context_state, rounded_context_state
from overtone.imaging.image import read_picture
from overtone.kernels import tiled_dct

QUALITIES = (16, 22, 28, 34, 40, 46, 54)
LEARNING_CONFIDENCE = 192  # while learning
STORED_CONFIDENCE = 32  # in the file


def main() -> None:
    """Parses the command line and learns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("context_state.bin"))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    state = tiled_dct.untrained()
    jobs = [(p, q) for p in arguments.pictures for q in QUALITIES] * arguments.rounds
    np.random.default_rng(arguments.seed).shuffle(jobs)
    for number, (path, quality) in enumerate(jobs, 1):
        image = read_picture(str(path)).pixels[:, :, :3]
        header = TiledDctHeader(
            step_index=step_index_of(float(quality)), angles=decorrelating_angles(image)
        )
        learned: list[tiled_dct.Learned] = []
        stream = tiled_dct.encode(
            to_planes(image, header.angles),
            rounded_context_state(state, LEARNING_CONFIDENCE),
            header.reconstruction,
            rd_weight=RD_WEIGHT,
            learned=learned.append,
        )
        state = learned[0]
        print(f"{number}/{len(jobs)} {path.name} at {quality}: {len(stream)} bytes", flush=True)
    arguments.out.write_bytes(pack_context_state(*rounded_context_state(state, STORED_CONFIDENCE)))


if __name__ == "__main__":
    main()
