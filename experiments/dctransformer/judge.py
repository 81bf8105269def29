"""What the rows of the DCTransformer say about the paper's claims."""

import pathlib
from collections.abc import Sequence

from experiments.dctransformer.page import SAMPLES
from experiments.harness.item import Finding
from experiments.harness.published import against_published, competitive
from experiments.harness.rows import read_distances
from experiments.thesis_generation.judge import found_files

PRESET = "ours (`dct-transformer`, small)"
# A part of the reference's name -> the name of the published figure.
FIGURES = {
    "bedroom": "lsun_bedrooms",
    "church": "lsun_churches",
    "imagenet": "imagenet",
    "ffhq": "ffhq",
}


def judge(root: pathlib.Path) -> Sequence[Finding]:
    """Published distances; against the other generators here."""
    own = [row for path in sorted((root / SAMPLES).glob("*.jsonl")) for row in read_distances(path)]
    others = [row for path in found_files(root) for row in read_distances(path)]
    return (
        against_published("dct-fid", PRESET, own, FIGURES),
        competitive("dct-competitive", PRESET, own, others),
    )
