"""The files that are mutated: small ones of every codec, kept in `tests/corpus`, and the damage.

    python tests/fuzz_files.py

writes the corpus anew; the inputs of a seed are then others.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import pathlib
import random
from typing import Any

from helpers import SHAPES, mutate_section, scene
from toy_latents import file_of, started_machine, toy_files

from overtone.bitstream.container import Container, Layout, Metadata, read_header
from overtone.codecs.dct_list import FINGERPRINT_BYTES
from overtone.codecs.dfm_latent.shared import shipped_starts
from overtone.codecs.registry import CODEC_IDS, CODECS, encode, shorten
from overtone.codecs.sparse_dct.codec import SparseDctCodec
from overtone.codecs.sparse_dct.header import SparseDctHeader
from overtone.codecs.sparse_dct.stream import pack_levels, write_section
from overtone.errors import FitError
from overtone.kernels.latent_file import pack
from overtone.kernels.latent_shape import Shapes, Spec
from overtone.transform.levels import Sampling

CORPUS = pathlib.Path(__file__).parent / "corpus"
MAX_PIXELS = 1 << 14
METADATA = Metadata(icc=b"profile", exif=b"II*\0", dpi=(300.0, 72.5))
QUICK = {"effort": "fast", "num_threads": 1}
_SIDES = (1, 2, 7, 8, 9, 64, 65, 128, 500, 1000, MAX_PIXELS)


def corpus(codecs: list[str]) -> list[bytes]:
    """The kept files of these codecs."""
    files = [path.read_bytes() for path in sorted(CORPUS.glob("*.ovt"))]
    return [file for file in files if CODEC_IDS[read_header(file).codec_id] in codecs]


def mutate(files: list[bytes], rng: random.Random) -> bytes:
    """A file with damaged bytes, or with damage in sections or header under right checksums."""
    data = rng.choice(files)
    kind = rng.randrange(6)
    if kind < 2:
        return mutate_section(data, rng)
    container = Container.from_bytes(data)
    if kind == 5:
        container = dataclasses.replace(
            container,
            codec_id=rng.choice(list(CODEC_IDS)),
            width=rng.choice((container.width, *_SIDES)),
            height=rng.choice((container.height, *_SIDES)),
            layout=rng.choice(list(Layout)),
        )
    sections = list(container.sections)
    if rng.random() < 0.05:
        sections.insert(rng.randrange(len(sections) + 1), rng.randbytes(rng.randrange(20)))
    if rng.random() < 0.05 and len(sections) > 1:
        del sections[rng.randrange(len(sections))]
    if rng.random() < 0.9:
        index = rng.randrange(len(sections))
        sections[index] = mutate_section(sections[index], rng)
    return dataclasses.replace(container, sections=tuple(sections)).to_bytes()


@dataclasses.dataclass(frozen=True)
class ListFile:
    """A toy model, and a file that it coded."""

    model: Any
    data: bytes

    @classmethod
    def made(cls) -> ListFile:
        """A model of 12x10 gray pixels; the file is for this machine, so it is not kept."""
        import torch
        import toy_lists

        torch.set_num_threads(1)
        model = toy_lists.build(12, 10, 1)
        return cls(model, encode(toy_lists.images_of(12, 10, 1)[0], model=model, num_threads=1))

    def mutate(self, rng: random.Random) -> bytes:
        """The file with damage in its symbols, under the model's fingerprint."""
        container = Container.from_bytes(self.data)
        (section,) = container.sections
        damaged = section[:FINGERPRINT_BYTES] + mutate_section(section[FINGERPRINT_BYTES:], rng)
        return dataclasses.replace(container, sections=(damaged,)).to_bytes()


def made() -> dict[str, bytes]:
    """The corpus: several shapes, layouts and qualities, and what encoders write rarely."""
    files: dict[str, bytes] = {}
    # Machines of dfm-latent are drawn below, in every size that its files may have.
    codecs = [name for name in CODEC_IDS.values() if name in CODECS and name != "dfm-latent"]
    for codec, (number, shape), quality in itertools.product(codecs, enumerate(SHAPES), (20, 80)):
        image = scene(*shape, channels=1 + (number + 2) % 4)
        metadata = METADATA if number == 2 else Metadata()
        with contextlib.suppress(FitError):  # a picture that one codec cannot fit is not the point
            name = f"{codec}-{shape[0]}x{shape[1]}-{quality}"
            files[name] = encode(image, codec=codec, quality=quality, metadata=metadata, **QUICK)
    image = scene(24, 40)
    few = {"width": 3, "depth": 2, "steps": 60}
    files["dfm-tiles"] = encode(image, codec="dfm", settings={**few, "tile_px": 12}, **QUICK)
    files["dfm-raw"] = encode(image, codec="dfm", preset="thesis", settings=few, **QUICK)
    tables = tuple(tuple(range(1 + c, 65 + c)) for c in range(2))
    for down, across in ((1, 1), (1, 2), (2, 1)):
        files[f"sparse-dct-{down}{across}"] = _sparse(down, across, tables)
    for number, (shapes, _, section) in enumerate(toy_files()):
        if 2 <= number <= 4:
            files[f"dfm-latent-{number}"] = file_of(shapes.spec, section)
    shapes = Shapes(Spec(height=7, width=10, num_mixed=4, num_neighbours=14, num_features=6))
    machine = started_machine(shapes, shipped_starts().starts[0])
    files["dfm-latent-start"] = file_of(shapes.spec, pack(shapes, machine))
    files["dfm-latent-prefix"] = shorten(files["dfm-latent-2"], 900)
    files["sparse-dct-prefix"] = SparseDctCodec().shorten(files["sparse-dct-41x23-80"], 300)
    return files


def _sparse(down: int, across: int, tables: tuple[tuple[int, ...], ...]) -> bytes:
    """Levels of another sampling and with tables of their own."""
    import numpy as np

    sampling = Sampling(24, 40, 3, down, across)
    header = SparseDctHeader(quality=0, down=down, across=across, tables=tables, table_of=(0, 1, 1))
    rng = np.random.default_rng(0)
    levels = [
        (rng.integers(-9, 10, shape) * (rng.random(shape) < 0.1)).astype(np.int16)
        for shape in ((64, *sampling.grid(c)) for c in range(3))
    ]
    section = write_section(header, pack_levels(levels, header.steps(3)))
    return Container(3, 40, 24, Layout.RGB, (section,)).to_bytes()


if __name__ == "__main__":
    CORPUS.mkdir(exist_ok=True)
    for old in CORPUS.glob("*.ovt"):
        if not old.stem.startswith("dct-list"):
            old.unlink()
    for name, data in made().items():
        (CORPUS / f"{name}.ovt").write_bytes(data)
