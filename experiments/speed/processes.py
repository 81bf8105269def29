"""Training by two processes of one thread each against one process of one thread.

    python -m experiments.speed.processes --out experiments/speed/rows/processes.jsonl

Two processes are started once. The first trains alone, while the other waits without computing;
then both train on the same batches; and so in turn, so that both see the same machine. Each turn is
whole steps of the training loop, with everything that they exchange, at the preset's batch and at a
larger one, since two processes are there for larger work. Images are noise: what they show changes
no time. Needs two idle cores; about eight minutes.
"""

import argparse
import contextlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from experiments.harness.records import write_records
from experiments.harness.rows import Record, read_records
from overtone.data import BatchOrder, ImageSet
from overtone.evaluate.provenance import provenance
from overtone.models.base import ImageSpec
from overtone.models.compute import matrix_products
from overtone.models.registry import get_model_class
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.feed import ImageFeed
from overtone.training.loop import Loop
from overtone.training.plan import TrainPlan, resolve_plan
from overtone.training.processes import ALONE, Processes, joined
from overtone.training.state import TrainState, derived_generator

CPU = torch.device("cpu")
# Presets where a step computes much for each weight, and one where it does not.
PRESETS = (
    ("vae", "cifar10"),
    ("local-series-autoencoder", "cifar10"),
    ("local-series-generator", "cifar10"),
    ("series-generator", "cifar10"),
)
BATCHES = (1, 4)  # times the preset's batch
NUM_CLASSES, NUM_IMAGES, SIDE = 10, 4096, 32
COUNT = 2


def main() -> None:
    """Starts the processes, or is one of them."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument(
        "--out", type=pathlib.Path, required=True, help="file of rows; the models' are replaced"
    )
    parser.add_argument("--models", default="", help="of the presets' models; all by default")
    parser.add_argument("--repeats", type=int, default=7, help="turns of each")
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn, about")
    arguments = parser.parse_args()
    if "WORLD_SIZE" not in os.environ:
        start_processes(sys.argv[1:])
        return
    chosen = arguments.models.split(",") if arguments.models else [name for name, _ in PRESETS]
    torch.set_num_threads(1)
    with joined(CPU) as (processes, _):
        rows = [
            measured(name, preset, times, arguments, processes)
            for name, preset in PRESETS
            for times in BATCHES
            if name in chosen
        ]
    if processes.is_first:
        write_rows(arguments.out, rows)
        for row in rows:
            print(
                f"{row['model']:>26} {row['batch_size']:5} {row['one_images_per_s']:9.1f} "
                f"{row['two_images_per_s']:9.1f} {row['ratio']:5.2f}"
            )
        ratios = {f"{row['model']}, {row['batch_size']}": row["ratio"] for row in rows}
        print(json.dumps({"suite": "processes", "ratios": ratios}))


def write_rows(path: pathlib.Path, rows: Sequence[Record]) -> None:
    """Puts rows in place of those of the same models; others' stay, in the order of the presets."""
    measured_now = {row["model"] for row in rows}
    kept = [r for r in read_records(path, {"model": str}) if r["model"] not in measured_now]
    places = [name for name, _ in PRESETS]
    found = sorted([*kept, *rows], key=lambda row: places.index(row["model"]))
    write_records(path, found)


def start_processes(words: list[str]) -> None:
    """This program as each of the processes; ends with an error if one of them does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(COUNT)}
    common |= {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "experiments.speed.processes", *words]
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(command, env=os.environ | common | {"RANK": str(number)})
            )
            for number in range(COUNT)
        ]
        codes = [process.wait() for process in started]
    if any(codes):
        raise SystemExit(f"the processes ended with {codes}")


class Training:
    """A model in training, whose steps are counted on from turn to turn."""

    def __init__(self, plan: TrainPlan, images: ImageSet, processes: Processes) -> None:
        generator = derived_generator(plan.train.seed, "weights")
        kind = get_model_class(plan.model)
        model = kind(plan.network, ImageSpec.of(images), generator=generator)
        model.begin(images, generator=derived_generator(plan.train.seed, "begin"))
        self.plan, self.processes = plan, processes
        self.state = TrainState.start(model.train(), plan.train)
        folder = CheckpointFolder(pathlib.Path("none"), keep=1)
        self.loop = Loop(CPU, plan.train, images, None, folder, None, None, processes)
        self.order = BatchOrder(len(images), plan.train.batch_size, seed=plan.train.seed)
        self.feed = ImageFeed(images, CPU)
        self.share = processes.share_of(plan.train.batch_size)

    def turn(self, num_steps: int) -> float:
        """Seconds of so many steps."""
        started = time.perf_counter()
        with matrix_products(self.plan.train.precision):
            for _ in range(num_steps):
                indices = self.order.indices(self.state.step)
                self.loop.step(self.state, self.feed.batch(indices, self.share))
                self.processes.totals(0.0, 0.0)  # the time spent and whether to stop, as the loop
        return time.perf_counter() - started


def measured(
    name: str, preset: str, times: int, arguments: argparse.Namespace, processes: Processes
) -> dict[str, Any]:
    """The row of a preset, with a batch so many times its own."""
    size = times * resolve_plan(name, preset, ()).train.batch_size
    plan, images = resolve_plan(name, preset, (f"train.batch_size={size}",)), noise()
    alone = Training(plan, images, ALONE) if processes.is_first else None
    together = Training(plan, images, processes)
    warm_s = alone.turn(2) / 2 if alone is not None else 0.0
    num_steps = processes.of_first(max(1, round(arguments.seconds / max(warm_s, 1e-6))))
    together.turn(2)
    seconds: dict[str, list[float]] = {"one": [], "two": []}
    for _ in range(arguments.repeats):
        if alone is not None:
            seconds["one"].append(alone.turn(num_steps) / num_steps)
        processes.totals(0.0)
        seconds["two"].append(together.turn(num_steps) / num_steps)
    if not processes.is_first:
        return {}
    batch_size = plan.train.batch_size
    one, two = (statistics.median(times) for times in seconds.values())
    row = {
        "suite": "processes",
        "model": name,
        "preset": preset,
        "batch_size": batch_size,
        "precision": plan.train.precision,
        "num_parameters": sum(p.numel() for p in together.state.model.parameters()),
        "one_images_per_s": round(batch_size / one, 2),
        "two_images_per_s": round(batch_size / two, 2),
        "ratio": round(one / two, 3),
        "worst_ratio": round(min(seconds["one"]) / max(seconds["two"]), 3),
        "repeats": arguments.repeats,
        "steps": num_steps,
        **provenance(),
    }
    print(json.dumps(row), flush=True)
    return row


def noise() -> ImageSet:
    """Pictures of the size of CIFAR-10's."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (NUM_IMAGES, SIDE, SIDE, 3), np.uint8)
    labels = rng.integers(0, NUM_CLASSES, NUM_IMAGES)
    return ImageSet("noise", pixels, labels, tuple(map(str, range(NUM_CLASSES))))


if __name__ == "__main__":
    main()
