"""Triples a second of the DCTransformer: training, and sampling with and without the cache.

    python -m experiments.speed.dct_transformer --out experiments/speed/rows/dct_transformer.jsonl

Training is whole steps on real lists: from 8-bit pixels to lists, losses, gradients, Adam. Sampling
draws lists of exactly 256 triples a picture: of an untrained network, whose choice of the next
channel and position is pushed to the nearest legal one, so that no list ends early; every triple
costs what it costs in a trained network. Engines are the native kernel, with its matrices in
float32 or bfloat16, PyTorch with kept keys and values, and PyTorch without, which is shown where it
does not take minutes. Implementations take turns in one run.

The one complete public re-implementation (59.6 M parameters, chunks of 112, batches of 32) trains
at 363 triples a second and samples at 12.7 on two cores of such a machine; the preset `cifar10` has
its layers.
"""

import argparse
import json
import pathlib
from typing import Any

import numpy as np
import torch

from experiments.harness.records import write_records
from experiments.harness.timing import interleaved
from overtone.config import from_mapping, read_preset
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.models.base import Batch, ImageSpec, from_pixels
from overtone.models.dct_transformer.chunks import chunk_at, random_starts
from overtone.models.dct_transformer.config import DctTransformerConfig
from overtone.models.dct_transformer.engines import EngineName, Precision
from overtone.models.dct_transformer.model import DctTransformer
from overtone.models.dct_transformer.sample import SamplingOptions

PHOTO = pathlib.Path(__file__).parents[2] / "examples" / "coffee.png"
NUM_TRIPLES = 256
BATCH_SIZE = 32  # of training
MAX_UNCACHED = {"fashion-mnist": 32, "photo32": 32}  # lists; elsewhere one
SIDES = {"fashion-mnist": (28, 1), "photo32": (32, 3), "cifar10": (32, 3)}


ENGINES: tuple[tuple[str, EngineName, Precision], ...] = (
    ("native", "native", "float32"),
    ("native bfloat16", "native", "bfloat16"),
    ("PyTorch", "torch", "float32"),
    ("uncached", "uncached", "float32"),
)


def main() -> None:
    """Parses, measures, prints the table and one JSON line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--presets", nargs="+", default=["fashion-mnist", "cifar10"])
    parser.add_argument("--num-threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--what", nargs="+", choices=["train", "sample"], default=["train", "sample"]
    )
    parser.add_argument("--sample-batches", nargs="+", type=int, default=[1, 32, 256])
    parser.add_argument("--out", type=pathlib.Path, help="write the JSON rows here")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.num_threads)
    rows = [row for preset in arguments.presets for row in timed_rows(preset, arguments)]
    print(f"{'preset':>14} {'parameters':>10} {'what':>28} {'triples/s':>10}")
    for row in rows:
        parameters = f"{row['num_parameters'] / 1e6:.1f} M"
        print(
            f"{row['preset']:>14} {parameters:>10} {row['what']:>28} {row['triples_per_s']:10.1f}"
        )
    if arguments.out:
        write_records(arguments.out, rows)
    print(json.dumps({f"{row['preset']}, {row['what']}": row["triples_per_s"] for row in rows}))


def timed_rows(preset: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each thing that is done with one preset."""
    settings = read_preset("dct-transformer", preset)["network"]
    config = from_mapping(DctTransformerConfig, settings, "network.")
    side, channels = SIDES[preset]
    spec = ImageSpec(height=side, width=side, channels=channels, num_images=BATCH_SIZE)
    model = DctTransformer(config, spec, generator=torch.Generator().manual_seed(0))
    batch = batch_of(side, channels)
    counts: dict[str, int] = {}
    steps: dict[str, Any] = {}
    for name in ("float32", "bfloat16") if "train" in arguments.what else ():
        counts[f"train, {name}"] = targets_in(model, batch)
        steps[f"train, {name}"] = train_step(model, batch, name == "bfloat16")
    sampler = pushed(DctTransformer(config, spec, generator=torch.Generator().manual_seed(0)))
    for size in arguments.sample_batches if "sample" in arguments.what else ():
        size = min(size, model.num_together)
        for name, engine, precision in ENGINES:
            if engine == "uncached" and size > MAX_UNCACHED.get(preset, 1):
                continue
            counts[f"sample {size}, {name}"] = size * NUM_TRIPLES
            steps[f"sample {size}, {name}"] = sample_step(sampler, size, engine, precision)
    seconds, num_disturbed = interleaved(steps, arguments.repeats)
    return [
        {
            "suite": "dctransformer",
            "preset": preset,
            "num_parameters": sum(p.numel() for p in model.parameters()),
            "what": name,
            "triples_per_s": round(counts[name] / seconds[name], 2),
            "num_threads": arguments.num_threads,
            "repeats": arguments.repeats,
            "num_disturbed": num_disturbed,
            **provenance(),
        }
        for name in steps
    ]


def batch_of(side: int, channels: int) -> Batch:
    """Patches of a photograph."""
    photo = read_picture(str(PHOTO)).pixels
    rng = np.random.default_rng(0)
    corners = zip(
        rng.integers(0, photo.shape[0] - side, BATCH_SIZE),
        rng.integers(0, photo.shape[1] - side, BATCH_SIZE),
        strict=True,
    )
    patches = np.stack([photo[y : y + side, x : x + side, :channels] for y, x in corners])
    indices = torch.arange(BATCH_SIZE)
    return Batch(from_pixels(torch.from_numpy(patches)), None, indices)


def targets_in(model: DctTransformer, batch: Batch) -> int:
    """Triples that a step learns from."""
    lists, config = model.lists_of(batch.images), model.config
    generator = torch.Generator().manual_seed(0)
    starts = random_starts(lists.lengths, config.chunk_size, config.early_floor, generator)
    return int(chunk_at(lists, starts, config.chunk_size, config.overlap).is_target.sum())


def train_step(model: DctTransformer, batch: Batch, is_16_bit: bool) -> Any:
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=is_16_bit):
            generator = torch.Generator().manual_seed(0)
            loss = model.loss(batch, progress=0.5, generator=generator)["loss"]
        loss.backward()
        optimizer.step()

    return step


def pushed(model: DctTransformer) -> DctTransformer:
    """The next channel and position are the nearest legal ones, whatever the network says."""
    with torch.no_grad():
        for head in model.net.heads[:2]:
            bias = head.get_parameter("bias")
            bias.copy_(-1e3 * torch.arange(len(bias)))
    return model


def sample_step(model: DctTransformer, size: int, engine: EngineName, precision: Precision) -> Any:
    options = SamplingOptions(max_triples=NUM_TRIPLES, engine=engine, precision=precision)

    def step() -> None:
        drawn = model.complete(
            None,
            torch.zeros(size, dtype=torch.int64),
            generator=torch.Generator().manual_seed(0),
            options=options,
        )
        assert drawn.counts.tolist() == [NUM_TRIPLES] * size

    return step


if __name__ == "__main__":
    main()
