"""Latent machines that tests share: all trunks and sizes, with networks that mean something.

    python tests/toy_latents.py FILE

writes a file of 768x512 pixels with drawn symbols, as many of them 0 as at a middle quality.
"""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
import sys

import numpy as np

from overtone.bitstream.container import Container, Layout
from overtone.codecs.dfm_latent.codec import read_section
from overtone.kernels import latent_file_twin as twin
from overtone.kernels.latent_file import MAX_EXPONENTS, Machine, bases, pack, weight_code
from overtone.kernels.latent_shape import Shapes, Spec
from overtone.kernels.latent_starts import Start, is_shared

CODEC_ID = 6
SPECS = [
    Spec(height=23, width=41, num_mixed=8),
    Spec(height=40, width=17, channels=1, trunk="linear", num_mixed=0, num_residual_layers=0),
    Spec(height=9, width=33, channels=4, trunk="fourier", num_mixed=3, num_neighbours=9),
    Spec(height=31, width=12, channels=2, trunk="products", num_mixed=4, parent_side=3),
    Spec(
        height=1,
        width=7,
        num_grids=2,
        first_hyper_grid=2,
        num_context_layers=1,
        num_neighbours=1,
        num_features=0,
        num_feature_grids=0,
    ),
    Spec(height=19, width=3, num_neighbours=20, num_features=5, num_residual_layers=1),
    Spec(height=14, width=29, num_neighbours=10, num_context_layers=3, first_hyper_grid=1),
]


def machine_of(shapes: Shapes, seed: int, *, spread: float = 1.5) -> Machine:
    """A machine with networks near the identity and symbols that get finer with their grids."""
    rng = np.random.default_rng(seed)
    exponents = tuple(min(8, most) for most in MAX_EXPONENTS)
    parts: list[np.ndarray] = []
    for tensor in shapes.tensors:
        scale = 0.5 / np.sqrt(max(1, tensor.size / tensor.shape[0]))
        values = rng.normal(0, 0.1 if tensor.name.startswith("context") else scale, tensor.size)
        if tensor.name.endswith(".double"):
            values = np.array([0.0352, 0.1055, -0.2617, -0.8789]) + 0.02 * values
        if tensor.name.endswith(".smooth"):
            values = np.array([1.0, 0, 0, 0]) + 0.02 * values
        if tensor.name == "synthesis.output.bias":
            values = np.full(tensor.size, 0.5)
        if tensor.name == "synthesis.stabiliser.weight":
            values *= 0.1
        if tensor.name == "context.output.bias":
            values = np.array([0.0, 4.0])
        parts.append(np.rint(values * 2.0 ** exponents[tensor.kind]))
    integers = np.concatenate(parts).astype(np.int32)
    spreads = [np.full(g.height * g.width, spread * (1 + g.level)) for g in shapes.grids]
    symbols = np.rint(rng.laplace(0, np.concatenate(spreads))).clip(-127, 127).astype(np.int8)
    return Machine(exponents, weight_code(shapes, exponents, integers).scales, integers, symbols)


def started_machine(shapes: Shapes, start: Start) -> Machine:
    """The same with networks near those that it starts from."""
    machine = machine_of(shapes, start.number)
    own = bases(shapes, machine.exponents, start)
    near = np.random.default_rng(start.number).integers(-2, 3, own.size, np.int32)
    are_shared = np.repeat(
        [is_shared(each) for each in shapes.tensors], [each.size for each in shapes.tensors]
    )
    integers = np.where(are_shared, own + near, machine.integers).astype(np.int32)
    scales = weight_code(shapes, machine.exponents, integers, start).scales
    return Machine(machine.exponents, scales, integers, machine.symbols, start)


def machine_of_picture(shapes: Shapes, image: np.ndarray) -> Machine:
    """A machine that draws a picture roughly: a grid of halves, quarters ... for each channel."""
    machine = machine_of(shapes, 0)
    integers, symbols = machine.integers.copy(), machine.symbols.copy()
    tensors = {tensor.name: tensor for tensor in shapes.tensors}

    def own(name: str) -> np.ndarray:
        tensor = tensors[name]
        part = integers[tensor.part]
        return part.reshape(tensor.shape)

    for name in tensors:
        if name.endswith(".smooth") or name.startswith("synthesis.residual"):
            own(name)[:] = 0
    own("synthesis.residual0.weight")[:, :, 1, 0] = 1
    own("synthesis.output.weight")[:] = np.sign(own("synthesis.output.weight"))
    weights = own("synthesis.stabiliser.weight")
    step = 8  # levels a symbol, at steps of 2 ** -8
    weights[:] = 0
    weights[:, 0] = 1
    for channel in range(image.shape[2]):
        weights[channel, channel + 1] = step
        grid = next(g for g in shapes.grids if g.level == channel + 1 and not g.is_hyper)
        size = 2**grid.level
        for y, x in itertools.product(range(grid.height), range(grid.width)):
            part = image[y * size : (y + 1) * size, x * size : (x + 1) * size, channel]
            symbols[grid.offset + y * grid.width + x] = round((part.mean() - 127.5) / step)
    scales = weight_code(shapes, machine.exponents, integers).scales
    return Machine(machine.exponents, scales, integers, symbols)


def file_of(spec: Spec, section: bytes) -> bytes:
    """A whole file of that section."""
    layout = list(Layout)[spec.channels - 1]
    return Container(CODEC_ID, spec.width, spec.height, layout, (section,)).to_bytes()


def toy_files() -> list[tuple[Shapes, Machine, bytes]]:
    """A machine of each of the specs, and its section."""
    found = []
    for seed, spec in zip(itertools.count(), SPECS):
        shapes = Shapes(spec)
        machine = machine_of(shapes, seed)
        found.append((shapes, machine, pack(shapes, machine)))
    return found


def size_of(shapes: Shapes) -> tuple[int, int, int]:
    return shapes.spec.height, shapes.spec.width, shapes.spec.channels


def assert_same(found: Machine, expected: Machine) -> None:
    np.testing.assert_array_equal(found.integers, expected.integers)
    np.testing.assert_array_equal(found.symbols, expected.symbols)


def read(data: bytes) -> Machine:
    """The twin's reading of a file."""
    file = Container.from_bytes(data)
    header, stream = read_section(file)
    return twin.decode(stream, Shapes(header.spec), start=header.start, is_prefix=header.is_prefix)


def large_file() -> bytes:
    """A file of the size of a photograph; its networks do not help to predict its symbols."""
    spec = Spec(height=512, width=768)
    shapes = Shapes(spec)
    machine = machine_of(shapes, 0)
    spreads = [
        np.full(g.height * g.width, (0.31, 1, 2, 3, 4)[min(g.level, 4)]) for g in shapes.grids
    ]
    symbols = np.rint(np.random.default_rng(0).laplace(0, np.concatenate(spreads)))
    machine = dataclasses.replace(machine, symbols=symbols.clip(-127, 127).astype(np.int8))
    return file_of(spec, pack(shapes, machine))


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_bytes(large_file())
