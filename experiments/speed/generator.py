"""Training of the generator: our kernels against autodiff of the formula, in one interleaved run.

    python -m experiments.speed.generator --out experiments/speed/rows/generator.jsonl

A step is everything: encoder, two decoders, one Fourier network an image, eq. 4.8, backward, Adam.
All implementations start from the same weights, see the same images, have the same perceptrons and
the same fused Adam; they differ in these points only:

    ours            float32; Fourier networks, errors and their gradient from the native kernel
    ours bfloat16   the same, matrix products of the perceptrons in bfloat16 (torch.autocast)
    autodiff        float32; cos and sin of 2 pi K x for all 2^m vectors k, differentiated by
                    PyTorch; coefficients times pixels
    autodiff rows   the same with pixels as rows, as vmap lays the released program out

Ratios are to the faster of the last two. Medians of runs that take turns; runs that other work on
the machine disturbed are repeated. Autodiff's temporaries are large, and by default the C library
gives large blocks back to the system, which zeroes them anew; --keep-memory tells glibc to keep
what was freed, for everybody.
"""

import argparse
import ctypes
import json
import math
import pathlib
from typing import Any

import torch
from torch import Tensor

from experiments.harness.records import write_records
from experiments.harness.timing import TimedStep, interleaved
from overtone.config import from_mapping, read_preset
from overtone.evaluate.provenance import provenance
from overtone.models.base import Batch, ImageSpec
from overtone.models.fourier_generator.config import FourierGeneratorConfig
from overtone.models.fourier_generator.model import FourierGenerator

PRESET = "thesis-cifar10"
NUM_IMAGES = 50_000
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
TOLERANCE = 1e-3  # of a gradient's norm; rounding of two float32 evaluations


def main() -> None:
    """Parse, measure every batch size, print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--num-threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keep-memory", action="store_true", help="freed blocks stay ours")
    parser.add_argument("--out", type=pathlib.Path, help="write one JSON row a batch size here")
    args = parser.parse_args()

    torch.set_num_threads(args.num_threads)
    if args.keep_memory:
        keep_memory()
    rows = []
    for batch_size in args.batch_sizes:
        measured = timed_rows(batch_size, args.num_threads, args.repeats)
        rows += [row | {"keeps_memory": args.keep_memory} for row in measured]
    print(f"{'batch':>5} {'implementation':>15} {'ms a step':>10} {'images/s':>9} {'ratio':>6}")
    for row in rows:
        print(
            f"{row['batch_size']:5} {row['implementation']:>15} {row['step_ms']:10.1f} "
            f"{row['images_per_s']:9.1f} {row['ratio']:6.2f}"
        )
    if args.out:
        write_records(args.out, rows)
    print(json.dumps(summary(rows)))


def keep_memory() -> None:
    """From now on glibc returns no freed block to the system."""
    library = ctypes.CDLL(None)
    for parameter, value in ((M_MMAP_THRESHOLD, 2**30), (M_TRIM_THRESHOLD, 2**31 - 1)):
        if library.mallopt(parameter, value) != 1:
            raise SystemExit("this C library knows no mallopt; leave out --keep-memory")


class AutodiffGenerator(FourierGenerator):
    """The same model with the formula as the program has it, left to PyTorch's autodiff."""

    has_pixel_rows = False

    def squared_error(self, latents: Tensor, images: Tensor) -> Tensor:
        cosines, sines = self.cosine_decoder(latents), self.sine_decoder(latents)
        sizes = [layer.size // 2 for layer in self.net.layers]
        parts = zip(self.net.layers, cosines.split(sizes, 1), sines.split(sizes, 1), strict=True)
        x = (self.positions * self.config.period_px)[None]
        if self.has_pixel_rows:
            x = x.mT
        for layer, *pair in parts:
            a, b = (part.unflatten(1, (-1, layer.num_outputs)) for part in pair)
            turns = 2 * math.pi * frequencies(layer.num_inputs) / self.config.period_px
            if self.has_pixel_rows:
                angles = x @ turns.T
                y = torch.cos(angles) @ a + torch.sin(angles) @ b
            else:
                angles = turns @ x
                y = a.mT @ torch.cos(angles) + b.mT @ torch.sin(angles)
            x = y + x if layer.has_residual else y
        targets = images.flatten(2)
        values = 2 * torch.sigmoid(x) - 1
        return (values - (targets.mT if self.has_pixel_rows else targets)).square().sum()


class RowsGenerator(AutodiffGenerator):
    """Pixels as rows."""

    has_pixel_rows = True


def frequencies(num_inputs: int) -> Tensor:
    """All vectors of {0, 1}^m; bit j of the row number is component j."""
    return ((torch.arange(2**num_inputs)[:, None] >> torch.arange(num_inputs)) & 1).float()


def timed_rows(batch_size: int, num_threads: int, repeats: int) -> list[dict[str, Any]]:
    """A row for each implementation; ratios are to the faster autodiff."""
    check_agreement(min(batch_size, 16))
    steps = {
        "ours": training_step(FourierGenerator, batch_size),
        "ours bfloat16": training_step(FourierGenerator, batch_size, torch.bfloat16),
        "autodiff": training_step(AutodiffGenerator, batch_size),
        "autodiff rows": training_step(RowsGenerator, batch_size),
    }
    seconds, num_disturbed = interleaved(steps, repeats)
    autodiff = min(seconds["autodiff"], seconds["autodiff rows"])
    return [
        {
            "suite": "generator",
            "preset": PRESET,
            "batch_size": batch_size,
            "implementation": name,
            "step_ms": round(seconds[name] * 1e3, 2),
            "images_per_s": round(batch_size / seconds[name], 1),
            "ratio": round(autodiff / seconds[name], 2),
            "num_threads": num_threads,
            "repeats": repeats,
            "num_disturbed": num_disturbed,
            **provenance(),
        }
        for name in steps
    ]


def make_model(kind: type[FourierGenerator]) -> FourierGenerator:
    """The preset's model on random weights, the same for every kind."""
    config = from_mapping(
        FourierGeneratorConfig, read_preset(FourierGenerator.name, PRESET)["network"]
    )
    spec = ImageSpec(height=32, width=32, channels=3, num_images=NUM_IMAGES)
    return kind(config, spec, generator=torch.Generator().manual_seed(0))


def make_batch(batch_size: int) -> Batch:
    """Noise: the time of a step does not depend on what the images show."""
    images = torch.rand(batch_size, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return Batch(images * 2 - 1, None, torch.arange(batch_size))


def training_step(
    kind: type[FourierGenerator], batch_size: int, precision: torch.dtype | None = None
) -> TimedStep:
    """A whole step; learning rates do not change the time, so they stay at their start."""
    model, batch = make_model(kind), make_batch(batch_size)
    groups = [
        {"params": list(group.parameters), "lr": 2e-3 * group.rate_start}
        for group in model.parameter_groups()
    ]
    optimizer = torch.optim.Adam(groups, fused=True)
    generator = torch.Generator().manual_seed(2)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", precision, enabled=precision is not None):
            loss = model.loss(batch, progress=0.0, generator=generator)["loss"]
        loss.backward()
        optimizer.step()

    return step


def check_agreement(batch_size: int) -> None:
    """All implementations in float32 have the same gradients."""
    batch = make_batch(batch_size)
    gradients = []
    for kind in (FourierGenerator, AutodiffGenerator, RowsGenerator):
        model = make_model(kind)
        generator = torch.Generator().manual_seed(2)
        model.loss(batch, progress=0.0, generator=generator)["loss"].backward()
        parts = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        gradients.append(torch.cat(parts))
    for other in gradients[1:]:
        error = float((other - gradients[0]).norm() / gradients[0].norm())
        if not error < TOLERANCE:
            raise SystemExit(f"autodiff's gradient differs from ours by {error:.1e} (relative)")


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Ratios of ours to autodiff for every batch size."""
    ours = [row for row in rows if row["implementation"].startswith("ours")]
    return {
        "suite": "generator",
        "preset": PRESET,
        "ratios": {f"{r['implementation']} {r['batch_size']}": r["ratio"] for r in ours},
        "images_per_s": {
            f"{r['implementation']} {r['batch_size']}": r["images_per_s"] for r in ours
        },
    } | provenance()


if __name__ == "__main__":
    main()
