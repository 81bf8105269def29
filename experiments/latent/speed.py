"""Steps of a latent machine: the native engine against PyTorch, in one interleaved run.

    python -m experiments.latent.speed --out experiments/latent/rows/speed.jsonl

A step is the loss of one picture, its gradients by all latents and parameters, and an update. Both
have the same machine, picture and noise of the same kind in float32; PyTorch differentiates the
formula as written (`experiments/latent/torch_machine.py`). It updates latents and networks by its
fused Adam, which is less work than the SOAP that the engine has for networks. Operations are those
of the products in the formula (two a coefficient and symbol or pixel forward, four backward); the
practical peak is that of a square matrix product of PyTorch in the same run. Runs that other work
on the machine disturbed are repeated; medians of the rest count.
"""

import argparse
import json
import pathlib
from typing import Any

import numpy as np
import torch

from experiments.harness.timing import TimedStep, interleaved
from experiments.latent import torch_machine
from overtone.codecs.dfm_latent.sizes import PRESETS, machine_spec
from overtone.codecs.dfm_latent.start import initial_parameters
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.kernels.latent import Conditions, Machine, Rates

PHOTO = pathlib.Path(__file__).parents[2] / "examples" / "coffee.png"
MATMUL_SIZE = 1536
CONDITIONS = Conditions(gain=16, rd_weight=1e-3, temperature=0.3, noise=0.2)
RATES = Rates(latent_rate=1e-2, network_rate=1e-2)
LATENT_STD = 0.1  # of the latents to begin with: some symbols are not zero


def main() -> None:
    """Parses, measures each preset, prints the table, writes the rows."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    parser.add_argument("--height", type=int, default=512)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--num-threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, help="write one JSON row a preset here")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.num_threads)
    columns = ("native_ms", "torch_ms", "ratio", "gflop", "gflops", "of_peak")
    print(f"{'preset':>8} " + " ".join(f"{column:>10}" for column in columns))
    rows = []
    for preset in arguments.presets:
        row = measured(preset, arguments)
        print(f"{preset:>8} " + " ".join(f"{row[column]:10.3f}" for column in columns), flush=True)
        rows.append(row)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text("".join(json.dumps(row) + "\n" for row in rows))


def measured(preset: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The row of one preset."""
    picture = photograph(arguments.height, arguments.width)
    spec = machine_spec(picture.shape, PRESETS[preset])
    machine = Machine(spec, picture, num_threads=arguments.num_threads)
    machine.parameters = initial_parameters(
        spec, machine.tensors, picture.mean(axis=(0, 1), dtype=np.float64), seed=0
    )
    rng = np.random.default_rng(0)
    machine.latents = rng.normal(0, LATENT_STD, len(machine.latents)).astype(np.float32)
    steps: dict[str, TimedStep] = {
        "torch": torch_step(machine, picture),
        "native": lambda: machine.step(CONDITIONS, RATES),
        "matmul": matmul_step(),
    }
    seconds, num_disturbed = interleaved(steps, arguments.repeats)
    gflop = 6e-9 * multiplications(machine)
    gflops = gflop / seconds["native"]
    peak = 2e-9 * MATMUL_SIZE**3 / seconds["matmul"]
    return {
        "suite": "latent",
        "preset": preset,
        "height": spec.height,
        "width": spec.width,
        "num_threads": arguments.num_threads,
        "native_ms": round(1e3 * seconds["native"], 3),
        "torch_ms": round(1e3 * seconds["torch"], 3),
        "ratio": round(seconds["torch"] / seconds["native"], 3),
        "gflop": round(gflop, 4),
        "gflops": round(gflops, 3),
        "peak_gflops": round(peak, 3),
        "of_peak": round(gflops / peak, 4),
        "num_disturbed": num_disturbed,
        **provenance(),
    }


def photograph(height: int, width: int) -> np.ndarray:
    """A photograph of that size, mirrored where it does not reach."""
    pixels = np.asarray(read_picture(str(PHOTO)).pixels)
    wanted = ((0, max(0, height - len(pixels))), (0, max(0, width - pixels.shape[1])), (0, 0))
    filled = np.pad(pixels, wanted, mode="symmetric")[:height, :width]
    return np.ascontiguousarray(filled, np.float32) / 255


def multiplications(machine: Machine) -> float:
    """Multiplications of the formula's products, forward, for one picture."""
    spec = machine.spec
    areas = {grid.name: grid.height * grid.width for grid in machine.grids}
    levels = [areas[f"L{level}"] for level in range(spec.num_grids)]
    contexts = spec.num_neighbours + spec.num_features
    total = sum(areas.values()) * (spec.num_context_layers * contexts**2 + 4.0 * contexts)
    per_pixel = 0
    for tensor in machine.tensors:
        if tensor.name.startswith("features") and tensor.name.endswith("weight"):
            fine = int(tensor.name.removeprefix("features").split(".")[0])
            total += levels[fine + 1] * tensor.shape[0] * tensor.shape[1]
        elif tensor.name.startswith("synthesis") and tensor.name.endswith("weight"):
            per_pixel += int(np.prod(tensor.shape))
    for level in range(spec.num_grids - 1):
        # Eight taps, of which each of the two axes uses four a number; seven taps, four different.
        doublings = spec.num_grids - level - 1
        total += levels[level] * doublings * (4 / 2 + 4) + levels[level] * 8
    return total + levels[0] * per_pixel


def torch_step(machine: Machine, picture: np.ndarray) -> TimedStep:
    """The same step in PyTorch, from the same values."""
    parameters = torch.tensor(machine.parameters, requires_grad=True)
    latents = torch.tensor(machine.latents, requires_grad=True)
    target = torch.tensor(picture).permute(2, 0, 1).contiguous()
    optimiser = torch.optim.Adam([latents, parameters], lr=RATES.network_rate, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        symbols = torch_machine.quantised(latents, torch.randn_like(latents), CONDITIONS)
        loss = torch_machine.loss_of(
            machine.spec,
            torch_machine.by_name(machine.tensors, parameters),
            torch_machine.by_name(machine.grids, symbols),
            target,
            CONDITIONS.rd_weight,
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_([parameters], RATES.clip_norm)
        optimiser.step()

    return step


def matmul_step() -> TimedStep:
    """A square single-precision matrix product: the practical peak of the machine."""
    a, b = torch.rand(2, MATMUL_SIZE, MATMUL_SIZE)
    out = torch.empty(MATMUL_SIZE, MATMUL_SIZE)
    return lambda: torch.mm(a, b, out=out)


if __name__ == "__main__":
    main()
