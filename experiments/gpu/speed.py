"""Stage `speed`: images a second of training of each model with its preset, one row a setting."""

import pathlib
import time
from typing import Any

import torch

from experiments.gpu.stage import TINY_BATCH, Stage, parsed, preset_of
from overtone.data import BatchOrder, ImageSet
from overtone.evaluate.provenance import provenance
from overtone.models.base import AbstractModel, ImageSpec
from overtone.models.compute import card_name, matrix_products, torch_device
from overtone.models.registry import MODELS, get_model_class
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.feed import ImageFeed
from overtone.training.loop import Loop
from overtone.training.plan import TrainPlan, resolve_plan
from overtone.training.state import TrainState, compile_networks

ROWS = "speed.jsonl"
WARM_STEPS, MAX_STEPS = 10, 300
SECONDS_EACH = 2.0  # of measured steps, at most


def main() -> None:
    """Every model that has a preset for these images, in the precisions that a card has."""
    stage, _ = parsed("Measures training.")
    images, device = stage.images("train"), torch_device(stage.device)
    ends = time.monotonic() + stage.seconds - SECONDS_EACH
    names = [name for name in stage.models or sorted(MODELS) if name != "pca"]
    for name, preset, changes in variants({name: preset_of(name) for name in names}, device):
        if time.monotonic() > ends:
            raise SystemExit(f"gpu: no time is left for the speed of {name}, {changes}")
        plan = resolve_plan(name, preset, [*changes, *small(stage)])
        try:
            row = measured(plan, images, device, WARM_STEPS if not stage.tiny else 1)
        except RuntimeError as error:  # of a card: too little memory, an operation it lacks
            row = {"error": " ".join(str(error).split())[:300]}
        stage.add_row(ROWS, described(plan) | row | provenance(card_name(device)))


def variants(
    presets: dict[str, str | None], device: torch.device
) -> list[tuple[str, str, list[str]]]:
    """Models, their presets and changes of these that are compared; at the end those compiled.

    Compiling takes longest, so it is what is left out when time is over.
    """
    found = [
        (name, preset, [f"train.precision={precision}"])
        for name, preset in presets.items()
        if preset is not None
        for precision in ("float32", "tf32", "bfloat16")
    ]
    if device.type == "cuda":
        compiled = ["train.precision=bfloat16", "train.compile=true"]
        found += [
            (name, preset, compiled)
            for name, preset in presets.items()
            if preset is not None and get_model_class(name).networks
        ]
    return found


def small(stage: Stage) -> list[str]:
    """Changes that make steps short, for trying the program."""
    return [f"train.batch_size={TINY_BATCH}", "train.num_threads=1"] if stage.tiny else []


def described(plan: TrainPlan) -> dict[str, Any]:
    """What was measured."""
    train = plan.train
    return {
        "suite": "gpu",
        "model": plan.model,
        "preset": plan.preset,
        "precision": train.precision,
        "is_compiled": train.compile,
        "batch_size": train.batch_size,
    }


def measured(
    plan: TrainPlan, images: ImageSet, device: torch.device, warm_steps: int
) -> dict[str, Any]:
    """The time of a step after some that are not counted; these compile what is compiled."""
    model = started_model(plan, images, device)
    state = TrainState.start(model, plan.train, device)
    order = BatchOrder(len(images), plan.train.batch_size, seed=0)
    feed = ImageFeed(images, device)
    with matrix_products(plan.train.precision):
        folder = CheckpointFolder(pathlib.Path("none"), keep=1)  # nothing is written
        loop = Loop(device, plan.train, images, None, folder, None, None)
        seconds = []
        for number in range(warm_steps + MAX_STEPS):
            if number == warm_steps:
                waited(device)
                if device.type == "cuda":
                    torch.cuda.reset_peak_memory_stats(device)
            started = time.monotonic()
            loop.step(state, feed.batch(order.indices(number)))
            if number >= warm_steps:
                seconds.append(time.monotonic() - started)
            if sum(seconds) > (SECONDS_EACH if warm_steps > 1 else 0):
                break
        started = time.monotonic()
        waited(device)
        total = sum(seconds) + time.monotonic() - started
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return {
        "num_parameters": sum(p.numel() for p in model.parameters()),
        "steps": len(seconds),
        "step_ms": round(1e3 * total / len(seconds), 3),
        "images_per_s": round(plan.train.batch_size * len(seconds) / total, 1),
        "peak_bytes": peak,
    }


def started_model(plan: TrainPlan, images: ImageSet, device: torch.device) -> AbstractModel:
    """The model as training starts with it."""
    kind = get_model_class(plan.model)
    generator = torch.Generator().manual_seed(0)
    model = kind(plan.network, ImageSpec.of(images), generator=generator)
    model.begin(images, generator=generator)
    if plan.train.compile:
        compile_networks(model)
    return model.to(device).train()


def waited(device: torch.device) -> None:
    """Returns when the card has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
