"""COIN's networks, fitted for as long as our encoder takes: rows in kodak/rows/coin.jsonl.

    python -m experiments.thesis_compression.coin photo1.png photo2.png photo3.png --seconds 60

The architecture is that of Dupont et al., arXiv:2103.03123: a SIREN from pixel position to colour
(sine layers with omega 30, linear output), one a picture, float16 weights, and 16 bits a weight as
the rate. The fit departs from theirs where that helps in so short a time: random batches instead
of whole pictures, and a higher learning rate with a cosine instead of a constant 2e-4.
Rows that are there are skipped. The last line is JSON.
"""

import argparse
import dataclasses
import itertools
import json
import math
import pathlib
import time

import numpy as np
import torch

from overtone.evaluate.provenance import provenance
from overtone.evaluate.rate_distortion.rows import Row, append_row, image_hash, read_rows
from overtone.imaging.image import read_picture
from overtone.metrics.psnr import psnr_db
from overtone.metrics.rate import rate_bpp
from overtone.metrics.ssim import ms_ssim

ARCHITECTURES = {"5x30": (5, 30), "10x28": (10, 28), "10x40": (10, 40), "13x49": (13, 49)}
OMEGA_0 = 30.0
BATCH_SIZE = 1 << 14
PEAK_RATE, WARMUP = 1e-3, 0.02
OUT = pathlib.Path("experiments/kodak/rows/coin.jsonl")


class Siren(torch.nn.Module):
    """Sine layers, then a linear one; initialised as in Sitzmann et al., arXiv:2006.09661."""

    def __init__(self, num_layers: int, width: int) -> None:
        super().__init__()
        sizes = [2] + [width] * num_layers + [3]
        self.layers = torch.nn.ModuleList()
        for fan_in, fan_out in itertools.pairwise(sizes):
            layer = torch.nn.Linear(fan_in, fan_out)
            bound = 1 / fan_in if not self.layers else math.sqrt(6 / fan_in) / OMEGA_0
            torch.nn.init.uniform_(layer.weight, -bound, bound)
            self.layers.append(layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers[:-1]:
            x = torch.sin(OMEGA_0 * layer(x))
        return self.layers[-1](x)


def main() -> None:
    parser = argparse.ArgumentParser(description="COIN's networks fitted for a fixed time.")
    parser.add_argument("pictures", nargs="+", type=pathlib.Path)
    parser.add_argument("--architectures", default="5x30,10x28,13x49", help="comma-separated")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of a fit, if it had the cores for itself"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    known = {(row.image, row.preset) for row in read_rows(arguments.out)}
    rows = []
    for name in arguments.architectures.split(","):
        for path in arguments.pictures:
            if (path.stem, name) in known:
                continue
            row = run(path, name, arguments.seconds, arguments.threads)
            append_row(arguments.out, row)
            rows.append(row)
            print(f"{row.image} {name}: {row.rate_bpp:.3f} bpp {row.psnr_db:.2f} dB")
    print(json.dumps([dataclasses.asdict(row) for row in rows]))


def run(path: pathlib.Path, name: str, seconds: float, threads: int) -> Row:
    """Fit one network, take it through its bytes, measure."""
    image = read_picture(str(path)).pixels
    height, width, _ = image.shape
    start = time.process_time()
    net = fit(image, ARCHITECTURES[name], seconds)
    data = to_bytes(net)
    encode_s = (time.process_time() - start) / threads
    reconstruction = from_bytes(data, ARCHITECTURES[name], height, width)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        from_bytes(data, ARCHITECTURES[name], height, width)
        times.append(time.perf_counter() - start)
    return Row(
        suite="kodak-dev",
        image=path.stem,
        image_hash=image_hash(image),
        height=height,
        width=width,
        codec="coin",
        preset=name,
        effort="default",
        quality=float(list(ARCHITECTURES).index(name)),
        target_bpp=None,
        size_bytes=len(data),
        rate_bpp=rate_bpp(size_bytes=len(data), width=width, height=height),
        psnr_db=psnr_db(reference=image, reconstruction=reconstruction),
        ms_ssim=ms_ssim(reference=image, reconstruction=reconstruction),
        encode_s=encode_s,
        decode_s=sorted(times)[1],
        num_threads=threads,
        seed=0,
        version=f"torch {torch.__version__}",
        **provenance(),
    )


def fit(image: np.ndarray, architecture: tuple[int, int], seconds: float) -> Siren:
    """Adam on random batches until the time is up; the rate falls with the time spent."""
    torch.manual_seed(0)
    net = Siren(*architecture)
    positions = grid(image.shape[0], image.shape[1])
    colours = torch.from_numpy(image.reshape(-1, 3).astype(np.float32) / 255)
    optimizer = torch.optim.Adam(net.parameters(), lr=PEAK_RATE)
    start = time.process_time()  # of all threads: other programs do not count
    budget = seconds * torch.get_num_threads()
    while (done := (time.process_time() - start) / budget) < 1:
        rate = PEAK_RATE * min(1.0, done / WARMUP) * 0.5 * (1 + math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = torch.randint(positions.shape[0], (BATCH_SIZE,))
        loss = (net(positions[chosen]) - colours[chosen]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def to_bytes(net: Siren) -> bytes:
    """Float16 weights, layer by layer."""
    return b"".join(p.detach().numpy().astype("<f2").tobytes() for p in net.parameters())


@torch.no_grad()
def from_bytes(data: bytes, architecture: tuple[int, int], height: int, width: int) -> np.ndarray:
    """8-bit pixels of the network in `data`."""
    net = Siren(*architecture)
    weights = torch.from_numpy(np.frombuffer(data, "<f2").astype(np.float32))
    torch.nn.utils.vector_to_parameters(weights, net.parameters())
    values = torch.cat([net(part) for part in grid(height, width).split(BATCH_SIZE)])
    pixels = np.rint(np.clip(values.numpy(), 0, 1) * 255).astype(np.uint8)
    return pixels.reshape(height, width, 3)


def grid(height: int, width: int) -> torch.Tensor:
    """Positions in [-1, 1] on both axes, row by row."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return torch.from_numpy(np.stack([y, x], axis=-1).reshape(-1, 2).astype(np.float32))


if __name__ == "__main__":
    main()
