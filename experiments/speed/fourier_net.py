"""Deep Fourier networks: our kernels against PyTorch and JAX, in one interleaved run.

    python -m experiments.speed.fourier_net --out experiments/speed/rows/fourier_net.jsonl

Every implementation computes the same values, and the gradient of the same sum of squared errors
by all weights. PyTorch differentiates the formula as written, JAX compiles it. Depth counts
layers. Operations are those of the products in the formula (two a coefficient and pixel forward,
four backward, without those the first layer does not need), not those of our kernels. Runs that
other work on the machine disturbed are repeated; medians of the rest count.
"""

import argparse
import dataclasses
import json
import pathlib
import statistics
from typing import Any

import jax  # pyright: ignore[reportMissingImports]
import jax.numpy as jnp  # pyright: ignore[reportMissingImports]
import numpy as np
import torch

from experiments.harness.records import write_records
from experiments.harness.timing import TimedStep, interleaved
from overtone.evaluate.provenance import provenance
from overtone.kernels.fourier import NetSpec, Runner
from overtone.kernels.fourier_twin import frequencies

MATMUL_SIZE = 1536
INITIAL_SCALE = 0.05


def main() -> None:
    """Parse, measure every cell, print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[4, 5, 6, 7, 8])
    parser.add_argument("--depths", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--num-pixels", type=int, default=16384)
    parser.add_argument("--num-threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=pathlib.Path, help="write one JSON row a cell here")
    args = parser.parse_args()

    torch.set_num_threads(args.num_threads)
    columns = ("ours_ms", "torch_ms", "jax_ms", "torch_ratio", "jax_ratio", "gflops", "of_peak")
    print(f"{'width':>5} {'depth':>5} {'direction':>16} " + " ".join(f"{c:>11}" for c in columns))
    rows = []
    for width in args.widths:
        for depth in args.depths:
            problem = make_problem(width, depth, args.num_pixels)
            for row in measure_cell(problem, args.num_threads, args.repeats):
                rows.append({"suite": "fourier_net", "width": width, "depth": depth} | row)
                values = " ".join(f"{row[c]:11.3f}" for c in columns)
                print(f"{width:5} {depth:5} {row['direction']:>16} {values}", flush=True)
    if args.out:
        write_records(args.out, rows)
    print(json.dumps(summary(rows)))


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One network, where it is evaluated, and what it should be there."""

    spec: NetSpec
    weights: np.ndarray
    positions: np.ndarray
    targets: np.ndarray

    def flops(self, direction: str) -> float:
        """Operations of the formula's products over all pixels."""
        products = [4.0 * 2**layer.num_inputs * layer.num_outputs for layer in self.spec.layers]
        total = sum(products)
        if direction == "forward_backward":
            total += sum(products) + sum(products[1:])
        return total * self.positions.shape[1]


def make_problem(width: int, depth: int, num_pixels: int) -> Problem:
    """A network of `depth` layers, as trained ones start, on random positions."""
    spec = NetSpec(hidden=(width,) * (depth - 1))
    rng = np.random.default_rng(0)
    scale = [np.full(layer.size, 0.5 ** ((layer.num_inputs + 1) / 2)) for layer in spec.layers]
    weights = INITIAL_SCALE * np.concatenate(scale) * rng.normal(size=spec.num_weights)
    positions = rng.uniform(0, 1, (spec.num_axes, num_pixels))
    targets = rng.uniform(-1, 1, (spec.num_outputs, num_pixels))
    return Problem(spec, weights.astype("f4"), positions.astype("f4"), targets.astype("f4"))


def measure_cell(problem: Problem, num_threads: int, repeats: int) -> list[dict[str, Any]]:
    """One row forward and one forward + backward; medians of interleaved runs."""
    runner = Runner(problem.spec, num_threads=num_threads)
    weights, positions, targets = problem.weights, problem.positions, problem.targets
    torch_forward, torch_both = torch_steps(problem)
    jax_forward, jax_both = jax_steps(problem)
    matmul = matmul_step()
    rows = []
    for direction, steps in {
        "forward": {
            "ours": lambda: runner.forward(weights, positions),
            "torch": torch_forward,
            "jax": jax_forward,
        },
        "forward_backward": {
            "ours": lambda: runner.loss_gradient(weights, positions, targets)[1],
            "torch": torch_both,
            "jax": jax_both,
        },
    }.items():
        check_agreement({name: step() for name, step in steps.items()})
        seconds, num_disturbed = interleaved(steps | {"matmul": matmul}, repeats)
        gflops = problem.flops(direction) / seconds["ours"] / 1e9
        matmul_gflops = 2 * MATMUL_SIZE**3 / seconds["matmul"] / 1e9
        row = {"direction": direction, "num_weights": problem.spec.num_weights}
        row |= {"num_pixels": positions.shape[1], "num_threads": num_threads, "isa": runner.isa}
        row |= {f"{name}_ms": round(seconds[name] * 1e3, 3) for name in steps}
        row |= {f"{n}_ratio": round(seconds[n] / seconds["ours"], 2) for n in ("torch", "jax")}
        row |= {"gflops": round(gflops, 1), "matmul_gflops": round(matmul_gflops, 1)}
        row |= {
            "of_peak": round(gflops / matmul_gflops, 3),
            "repeats": repeats,
            "num_disturbed": num_disturbed,
        }
        rows.append(row | provenance())
    return rows


def check_agreement(results: dict[str, Any]) -> None:
    """All implementations computed the same thing."""
    ours = np.asarray(results["ours"])
    for name, result in results.items():
        error = np.linalg.norm(np.asarray(result) - ours) / np.linalg.norm(ours)
        if not error < 1e-4:
            raise SystemExit(f"{name} differs from ours by {error:.1e} (relative)")


def torch_steps(problem: Problem) -> tuple[TimedStep, TimedStep]:
    """Forward, and the gradient, of the formula as written under eager autodiff."""
    x0 = torch.from_numpy(problem.positions.T.copy())
    targets = torch.from_numpy(problem.targets.T.copy())
    flat = torch.from_numpy(problem.weights)
    matrices = [part.clone().requires_grad_() for part in matrices_of(problem.spec, flat)]
    turns = [2 * torch.pi * torch.from_numpy(k) for k in frequencies_of(problem.spec)]

    def values() -> torch.Tensor:
        x = x0
        for i, layer in enumerate(problem.spec.layers):
            angles = x @ turns[i].T
            y = torch.cos(angles) @ matrices[2 * i] + torch.sin(angles) @ matrices[2 * i + 1]
            x = y + x if layer.has_residual else y
        return x

    def forward() -> np.ndarray:
        with torch.no_grad():
            return values().numpy().T

    def both() -> np.ndarray:
        loss = torch.sum((values() - targets) ** 2)
        gradients = torch.autograd.grad(loss, matrices)
        return torch.cat([gradient.ravel() for gradient in gradients]).numpy()

    return forward, both


def jax_steps(problem: Problem) -> tuple[TimedStep, TimedStep]:
    """The same, compiled by JAX."""
    x0, targets = jnp.asarray(problem.positions.T), jnp.asarray(problem.targets.T)
    flat = jnp.asarray(problem.weights)
    turns = [2 * jnp.pi * jnp.asarray(k) for k in frequencies_of(problem.spec)]

    def values(flat: jax.Array, x: jax.Array) -> jax.Array:
        matrices = matrices_of(problem.spec, flat)
        for i, layer in enumerate(problem.spec.layers):
            angles = x @ turns[i].T
            y = jnp.cos(angles) @ matrices[2 * i] + jnp.sin(angles) @ matrices[2 * i + 1]
            x = y + x if layer.has_residual else y
        return x

    def loss(flat: jax.Array, x: jax.Array, targets: jax.Array) -> jax.Array:
        return jnp.sum((values(flat, x) - targets) ** 2)

    run_values, run_gradient = jax.jit(values), jax.jit(jax.grad(loss))
    return (
        lambda: run_values(flat, x0).T.block_until_ready(),
        lambda: run_gradient(flat, x0, targets).block_until_ready(),
    )


def matrices_of(spec: NetSpec, flat: Any) -> list[Any]:
    """A and B of every layer, as views of the flat weights."""
    matrices = []
    at = 0
    for layer in spec.layers:
        for _ in range(2):
            end = at + layer.size // 2
            matrices.append(flat[at:end].reshape(2**layer.num_inputs, layer.num_outputs))
            at = end
    return matrices


def frequencies_of(spec: NetSpec) -> list[np.ndarray]:
    """The frequency vectors of every layer, float32."""
    return [frequencies(layer.num_inputs).astype(np.float32) for layer in spec.layers]


def matmul_step() -> TimedStep:
    """A square single-precision matrix product: the practical peak of the machine."""
    a = torch.rand(MATMUL_SIZE, MATMUL_SIZE)
    b = torch.rand(MATMUL_SIZE, MATMUL_SIZE)
    out = torch.empty(MATMUL_SIZE, MATMUL_SIZE)
    return lambda: torch.mm(a, b, out=out)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The headline cell (width 6, depth 8, forward + backward) and the range over the grid."""
    both = [row for row in rows if row["direction"] == "forward_backward"]
    headline = [row for row in both if (row["width"], row["depth"]) == (6, 8)]
    ratios = [row["torch_ratio"] for row in both]
    return {
        "suite": "fourier_net",
        "headline": headline[0] if headline else None,
        "torch_ratio_min": min(ratios),
        "torch_ratio_median": statistics.median(ratios),
        "torch_ratio_max": max(ratios),
        "jax_ratio_median": statistics.median(row["jax_ratio"] for row in both),
        "of_peak_median": statistics.median(row["of_peak"] for row in both),
    } | provenance()


if __name__ == "__main__":
    main()
