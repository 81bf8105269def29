"""What lists of held-out images cost: in themselves, by the models of sparse-dct, by a network.

All code the same lists, blocks of 8 in the order of the paper, one image after the other. Costs are
bits an image; those of the context models are whole coded streams, so they include the end of a
range code (up to four bytes).
"""

import dataclasses
import json
import math
import pathlib
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import torch

from experiments.harness.records import write_records
from overtone.codecs.sparse_dct.stream import PACKAGE, coded_order
from overtone.data import ImageSet, load_images
from overtone.entropy.context_state import load_context_state, rounded_context_state
from overtone.evaluate.provenance import commit, machine, provenance
from overtone.kernels import sparse_dct
from overtone.models.base import from_pixels
from overtone.models.dct_transformer.model import FIELDS, DctTransformer
from overtone.models.store import load_model, read_summary
from overtone.shapes import Int32, UInt8
from overtone.transform.levels import JPEG_BLOCK, Sampling, to_levels
from overtone.transform.quant import q_table
from overtone.transform.triples import channel_order, dense_images, to_triples

QUALITY = 50
OTHER_QUALITIES = {"cifar10": 75}  # of data that were stored as JPEG, the quality they have
NUM_HELD_OUT = 1000
NUM_LEARNED = 4000  # training images that the context models adapt to
NUM_COUNTED = 20_000  # training images whose triples are counted
CONFIDENCE = 192  # of counters after learning, observations
NUM_SPANS = 40  # rows of a training


def baseline_rows(
    source: pathlib.Path, data: str, done: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Rows of the order-0 coder and the context models, with and without learning; not `done`."""
    held_out = some_of(load_images(str(source), split="test"), NUM_HELD_OUT).images
    training = load_images(str(source), split="train")
    shipped = load_context_state(PACKAGE)
    quality = OTHER_QUALITIES.get(data, QUALITY)
    counted, learned = (some_of(training, n).images for n in (NUM_COUNTED, NUM_LEARNED))
    coders = {
        "order-0": lambda: order_0_bits(counted, held_out, quality),
        "context models, shipped prior": lambda: context_bits(held_out, shipped, quality),
        f"context models, after {NUM_LEARNED} training images": lambda: context_bits(
            held_out, learned_from(learned, shipped, quality), quality
        ),
    }
    for coder, bits in coders.items():
        if coder not in done:
            print(f"{data}: {coder}", flush=True)
            yield row(data, coder, bits(), held_out[0, :, :, 0].size) | {"quality": quality}


def some_of(images: ImageSet, count: int) -> ImageSet:
    """The first so many; of a set that is sorted by class, as a folder is, evenly spread ones."""
    is_sorted = images.labels is not None and bool((np.diff(images.labels) >= 0).all())
    chosen = np.arange(min(count, len(images)))
    if is_sorted:
        chosen = chosen * len(images) // len(chosen)
    labels = None if images.labels is None else images.labels[chosen]
    return dataclasses.replace(images, images=images.images[chosen], labels=labels)


def order_0_bits(
    training: UInt8[np.ndarray, "n h w c"],
    held_out: UInt8[np.ndarray, "m h w c"],
    quality: int = QUALITY,
) -> float:
    """Bits an image with one table for channels (and the end), one for positions, one for values.

    The counts of the training images plus a half: what an adaptive coder has learned at their end.
    """
    known, new = triples_of(training, quality), triples_of(held_out, quality)
    bits = 0.0
    for field in range(3):
        before, after = (lists[0][:, field].astype(np.int64) for lists in (known, new))
        low = int(min(before.min(), after.min()))
        size = int(max(before.max(), after.max())) - low + 1
        is_channel = field == 0
        counts = np.bincount(before - low, minlength=size) + 0.5
        total = counts.sum() + (len(training) if is_channel else 0)
        bits -= float(np.log2(counts[after - low] / total).sum())
        if is_channel:
            bits -= len(held_out) * math.log2(len(training) / total)
    return bits / len(held_out)


def triples_of(
    images: UInt8[np.ndarray, "n h w c"], quality: int
) -> tuple[Int32[np.ndarray, "t 3"], int]:
    """Triples of all images, channels counted in the order of the list."""
    levels, tables = levels_of(images, quality)
    sampling = Sampling(*images.shape[1:])
    lists = to_triples(dense_images(levels, sampling), JPEG_BLOCK)
    rank = np.argsort(channel_order(JPEG_BLOCK, len(tables), "paper"))
    triples = lists.triples.copy()
    triples[:, 0] = rank[triples[:, 0]]
    return triples, len(images)


def levels_of(
    images: UInt8[np.ndarray, "n h w c"], quality: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Levels of each component, and its table."""
    tables = [q_table(JPEG_BLOCK, quality, is_chroma=c > 0) for c in range(images.shape[3])]
    return to_levels(images, tables), tables


def coded(image_levels: list[np.ndarray], tables: list[np.ndarray]) -> tuple[list, list]:
    """Components of one image as the kernel takes them."""
    order = coded_order(len(tables))
    return [image_levels[c] for c in order], [tables[c] for c in order]


def context_bits(
    images: UInt8[np.ndarray, "n h w c"], state: tuple, quality: int = QUALITY
) -> float:
    """Bits an image; the models start anew for each."""
    levels, tables = levels_of(images, quality)
    sizes = [
        len(sparse_dct.encode(*coded([own[n] for own in levels], tables), state))
        for n in range(len(images))
    ]
    return 8 * float(np.mean(sizes))


def learned_from(
    images: UInt8[np.ndarray, "n h w c"], state: tuple, quality: int = QUALITY
) -> tuple:
    """The context state after coding these images, each with what was learned from those before."""
    levels, tables = levels_of(images, quality)
    for n in range(len(images)):
        _, learned = sparse_dct.encode_and_learn(*coded([own[n] for own in levels], tables), state)
        state = rounded_context_state(learned, CONFIDENCE)
    return state


def likelihood_name(preset: str) -> str:
    """What a network is called among coders."""
    return f"dct-transformer, preset {preset}"


def nats_rows(folder: pathlib.Path) -> list[dict[str, Any]]:
    """Nats a triple of each field over a training: means over spans of the log, each a row."""
    lines = (folder / "log.jsonl").read_text("utf-8").splitlines()
    steps = [record for record in map(json.loads, lines) if record["kind"] == "train"]
    rows = []
    for some in np.array_split(np.arange(len(steps)), min(NUM_SPANS, len(steps))):
        span = [steps[number] for number in some]
        means = {
            name: round(float(np.mean([record[f"{name}_nats"] for record in span])), 5)
            for name in FIELDS
        }
        at = {"step": span[-1]["step"], "core_s": round(span[-1]["core_s"], 1)}
        rows.append({"run": folder.name, **at, **means, "commit": commit(), "machine": machine()})
    return rows


def model_row(folder: pathlib.Path, source: pathlib.Path, data: str) -> dict[str, Any]:
    """The row of a trained network, with its nats per field; lists of its own block size."""
    model = load_model(str(folder))
    assert isinstance(model, DctTransformer)
    held_out = some_of(load_images(str(source), split="test"), NUM_HELD_OUT)
    images = torch.from_numpy(held_out.images)
    labels = None if held_out.labels is None else torch.from_numpy(held_out.labels)
    fields = mean_nats(model, images, None)
    with_class = mean_nats(model, images, labels)
    summary = read_summary(str(folder))["summary"]
    config = model.config
    coder, pixels = likelihood_name(summary["preset"]), images[0, :, :, 0].numel()
    return row(data, coder, float(fields.sum()) / math.log(2), pixels) | {
        "block_size": config.block_size,
        "quality": config.quality,
        "nats": dict(zip(FIELDS, fields.tolist(), strict=True)),
        "bits_with_class": float(with_class.sum()) / math.log(2),
        "core_minutes": summary.get("core_minutes"),
        "steps": summary.get("steps"),
    }


def mean_nats(
    model: DctTransformer, images: torch.Tensor, labels: torch.Tensor | None
) -> torch.Tensor:
    """Of channel, position and value, an image."""
    parts = [
        model.image_nats(
            from_pixels(images[at : at + 100]), None if labels is None else labels[at : at + 100]
        )
        for at in range(0, len(images), 100)
    ]
    return torch.cat(parts).mean(0)


def row(data: str, coder: str, bits: float, num_pixels: int) -> dict[str, Any]:
    """One measurement."""
    return {
        "data": data,
        "coder": coder,
        "block_size": JPEG_BLOCK,
        "quality": QUALITY,
        "num_images": NUM_HELD_OUT,
        "bits_per_image": round(bits, 3),
        "bits_per_pixel": round(bits / num_pixels, 5),
        **provenance(),
    }


def read_rows(path: pathlib.Path) -> list[dict[str, Any]]:
    """Rows of a file; none if there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write_rows(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    """Adds rows, in place of older ones of the same coder."""
    coders = {row["coder"] for row in rows}
    replace_rows(path, [row for row in read_rows(path) if row["coder"] not in coders] + rows)


def replace_rows(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    """Writes rows in place of all that are there."""
    write_records(path, rows)
